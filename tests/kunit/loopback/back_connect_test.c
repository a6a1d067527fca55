// SPDX-License-Identifier: GPL-2.0
/* What can go wrong with a connection. */
#include "back.h"

static void D23_connect_fails_at_every_step(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int n, step;

	back_attach_disk();
	for (n = 0; n < 22; n++) {
		/* The text that is the guest's first: not all are told (H2). */
		step = (n + 9) % 22;
		peer_publish(bench->peer);
		switch (step) {
		case 0:
			xen.fail_map_ring = 1;
			break;
		case 1:
			xen.fail_bind = 1;
			break;
		case 2:
			xen.pages_budget = 10;
			break;
		case 3:
			store_remove(FRONT_NODE "/ring-ref");
			break;
		case 4:
			store_remove(FRONT_NODE "/event-channel");
			break;
		case 5:
			store_write(FRONT_NODE "/ring-ref", "%u", 4000);
			break;
		case 6:
			store_write(FRONT_NODE "/ring-ref", "%u", U32_MAX);
			break;
		case 7:
			store_write(FRONT_NODE "/event-channel", "63");
			break;
		case 8:
			store_write(FRONT_NODE "/event-channel", "%u", U32_MAX);
			break;
		case 9:
			store_write(FRONT_NODE "/protocol", "%s",
				    "\x1b[2J%s%n a protocol of the guest's own");
			break;
		case 10:
			/* RN8: indices that cannot be true. */
			bench->peer->sring->req_prod = 100;
			break;
		case 11:
			bench->peer->sring->rsp_prod = 1;
			break;
		case 12:
			store.fail_transaction = 1;
			break;
		default:
			store.fail_printf = step - 12;
			break;
		}
		peer_state(XenbusStateInitialised);
		if (!store_wait_int(BACK_STATE, XenbusStateClosing,
				    PATIENCE_MS)) {
			KUNIT_FAIL(test, "step %u was not refused", step);
			return;
		}
		KUNIT_EXPECT_GT(test, store.nr_fatal, 0);
		KUNIT_EXPECT_NE(test, '\0', store.said[0]);
		KUNIT_EXPECT_NULL(test, strchr(store.said, '\x1b'));
		xen.pages_budget = -1;
		store_remove(FRONT_NODE "/protocol");

		back_recovers(test, bench);
		KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
		KUNIT_EXPECT_EQ(test, 0, xen.nr_bound);
		back_begin_again(test);
	}
}

/* D23: each allocation fails once; what cannot be read is not taken for missing. */
static void short_of_memory(struct kunit *test, struct bench *bench)
{
	unsigned int nth, nr_refused = 0;
	bool failed = true;

	bench->peer->abi32 = true;
	xen.shared = true;
	store_write(FRONT_NODE "/feature-persistent", "1");
	for (nth = 1; failed && nth < 1000; nth++) {
		faults_arm(test, "protocol", nth);
		back_attach_disk();
		peer_publish(bench->peer);
		peer_state(XenbusStateInitialised);
		KUNIT_ASSERT_TRUE(test, loopback_wait(store_read_int(BACK_STATE, -1) >=
						      XenbusStateConnected));
		failed = faults_disarm();
		if (store_read_int(BACK_STATE, -1) == XenbusStateClosing) {
			nr_refused++;
			back_recovers(test, bench);
		}
		back_works(test, bench->peer, 0);
		KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
		back_begin_again(test);
	}
	kunit_info(test, "%u allocations, %u refusals\n", nth - 2, nr_refused);
	KUNIT_EXPECT_GT(test, nr_refused, 3);
	KUNIT_EXPECT_FALSE(test, failed);
}

static void D23_connect_short_of_memory(struct kunit *test)
{
	short_of_memory(test, test->priv);
}

/* Of a disk that is emulated, what there is for that, too. */
static void D23_E1_connect_short_of_memory(struct kunit *test)
{
	disk_blocks(PAGE_SIZE, PAGE_SIZE - 1);
	store_write(BACK_NODE "/emulate-512", "1");
	short_of_memory(test, test->priv);
}

/* What cannot be read is not guessed. */
static void D23_keys_that_cannot_be_read(struct kunit *test)
{
	static const char *const keys[] = {
		"physical-device", "mode", "device-type", "discard-enable",
		"emulate-512", "protocol", "feature-persistent", "ring-ref", "event-channel",
	};
	struct bench *bench = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		store_forbid(keys[i]);
		back_attach_disk();
		peer_publish(bench->peer);
		peer_state(XenbusStateInitialised);
		KUNIT_ASSERT_TRUE_MSG(test,
				      store_wait_int(BACK_STATE,
						     XenbusStateClosing,
						     PATIENCE_MS),
				      "%s", keys[i]);
		KUNIT_EXPECT_TRUE(test, strstarts(store.said, "reading "));
		KUNIT_EXPECT_TRUE_MSG(test, strends(store.said, keys[i]), "%s",
				      store.said);
		store_forbid(NULL);
		back_recovers(test, bench);
		KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));

		/* What the toolstack says of a disk is read when it is opened. */
		back_remove(bench);
		loopback_settle();
		store_reset();
		back_add(bench);
	}
}

static void transaction_is_tried_again(struct kunit *test)
{
	struct bench *bench = test->priv;

	store.nr_eagain = 5;
	back_connect(test, bench);
	back_works(test, bench->peer, 0);
	KUNIT_EXPECT_EQ(test, 0, store.nr_eagain);
}

static struct kunit_case back_connect_cases[] = {
	KUNIT_CASE(D23_connect_fails_at_every_step),
	KUNIT_CASE(D23_connect_short_of_memory),
	KUNIT_CASE(D23_E1_connect_short_of_memory),
	KUNIT_CASE(D23_keys_that_cannot_be_read),
	KUNIT_CASE(transaction_is_tried_again),
	{}
};

struct kunit_suite back_connect_suite = {
	.name = "loopback_back_connect",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_connect_cases,
};
