// SPDX-License-Identifier: GPL-2.0
/* The frontend under a backend that is not a good one. */
#include <linux/prandom.h>

#include "pair.h"
#include "false_back.h"

static void D13_D15_answers_that_cannot_be(struct kunit *test)
{
	struct false_back *back = kunit_kzalloc(test, sizeof(*back), GFP_KERNEL);
	struct pair *pair = test->priv;
	enum evil evil;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, back);
	for (evil = GOOD; evil < NR_EVIL; evil++) {
		back->nr_evil = 0;
		false_begin(test, pair, back);
		pair_open(test, pair);
		KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_READ, 0, 3));

		back->evil = evil;
		flight_start(pair, 0, REQ_OP_WRITE);
		if (evil == GOOD) {
			KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, 0));
		} else if (evil == BAD_STATUS) {
			KUNIT_EXPECT_EQ(test, -EIO, flight_wait(pair, 0));
		} else if (evil == KEEP_PAGE) {
			/* Its page may not be used while the backend has it. */
			KUNIT_EXPECT_EQ(test, 0,
					wait_for_completion_timeout(&pair->flight[0].done,
								    HZ / 2));
			xen_keep_mapped(false);
			false_end(pair, back);
			flight_wait(pair, 0);
		} else {
			/* The connection ends; all that was asked is ended. */
			KUNIT_EXPECT_TRUE(test, store_wait_int(FRONT_STATE, 6,
							       PATIENCE_MS) ||
					  store_read_int(FRONT_STATE, -1) == 5);
			false_end(pair, back);
			err = flight_wait(pair, 0);
			KUNIT_EXPECT_TRUE_MSG(test, err == -EIO ||
					      (evil == TWICE && !err),
					      "case %d: %d", evil, err);
			KUNIT_EXPECT_EQ(test, -EIO,
					pair_io(pair, REQ_OP_READ, 0, 1));
		}
		KUNIT_EXPECT_EQ(test, evil != GOOD, back->nr_evil);
		pair_close(pair);
		if (evil == GOOD || evil == BAD_STATUS)
			false_end(pair, back);
		pair_remove(&pair->front);
		loopback_settle();
		KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
		store_reset();
	}
	pair_start(test, pair);
	pair_works(test, pair, 0);
}

static void D13_keys_that_cannot_be(struct kunit *test)
{
	static const struct {
		const char *key;
		const char *value;
	} cases[] = {
		{ BACK_NODE "/sector-size", "0" },
		{ BACK_NODE "/sector-size", "513" },
		{ BACK_NODE "/sector-size", "8192" },
		{ BACK_NODE "/sector-size", "-512" },
		{ BACK_NODE "/sectors", "18446744073709551615" },
		{ BACK_NODE "/sectors", "many\x1b[2J%s%n" },
		{ BACK_NODE "/info", "" },
		{ BACK_NODE "/physical-sector-size", "1000" },
		{ BACK_NODE "/feature-flush-cache", "yes" },
	};
	struct pair *pair = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pair_nodes();
		store_write(BACK_STATE, "%d", XenbusStateInitWait);
		pair->front = store_add_device(false, FRONT_NODE);
		KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
						       XenbusStateInitialised,
						       PATIENCE_MS));
		false_keys();
		store_write(cases[i].key, "%s", cases[i].value);
		store_write(BACK_STATE, "%d", XenbusStateConnected);
		KUNIT_EXPECT_TRUE_MSG(test, store_wait_int(FRONT_STATE,
							   XenbusStateClosing,
							   PATIENCE_MS),
				      "%s = \"%s\"", cases[i].key,
				      cases[i].value);
		KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, "expected"));
		KUNIT_EXPECT_NULL(test, strchr(store.said, '\x1b'));
		store_write(BACK_STATE, "%d", XenbusStateClosed);
		loopback_settle();
		pair_remove(&pair->front);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
		store_reset();
	}
	pair_start(test, pair);
	pair_works(test, pair, 0);
}

/* A backend that says anything at all, and serves nothing. */
static void D9_backend_states_at_random(struct kunit *test)
{
	unsigned long until = jiffies + 8 * HZ;
	struct pair *pair = test->priv;
	struct rnd_state rnd;
	unsigned int step;

	prandom_seed_state(&rnd, 90);
	pair_nodes();
	false_keys();
	pair->front = store_add_device(false, FRONT_NODE);
	for (step = 0; step < RANDOM_ROUNDS(20000) && time_before(jiffies, until);
	     step++) {
		u32 r = prandom_u32_state(&rnd);

		/* Not Connected: nobody would answer the scan for partitions. */
		if (r % 10 != XenbusStateConnected)
			store_write(BACK_STATE, "%u", r % 10);
		store_write(BACK_NODE "/online", "%u", r >> 8 & 15 ? 1 : 0);
		if (r >> 16 & 1)
			usleep_range(50, 300);
		if ((r >> 20) % 256 == 1) {
			store_suspend_device(pair->front);
			store_resume_device(pair->front);
		}
		if ((r >> 20) % 256 == 2) {
			pair_remove(&pair->front);
			store_write(FRONT_STATE, "%d", XenbusStateInitialising);
			pair->front = store_add_device(false, FRONT_NODE);
		}
	}
	kunit_info(test, "%u steps\n", step);
	KUNIT_EXPECT_GT(test, step, 200);
	store_write(BACK_STATE, "%d", XenbusStateClosed);
	pair_remove(&pair->front);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
	store_reset();
	pair_start(test, pair);
	pair_works(test, pair, 0);
}

static struct kunit_case pair_hostile_cases[] = {
	KUNIT_CASE_SLOW(D13_D15_answers_that_cannot_be),
	KUNIT_CASE(D13_keys_that_cannot_be),
	KUNIT_CASE_SLOW(D9_backend_states_at_random),
	{}
};

struct kunit_suite pair_hostile_suite = {
	.name = "loopback_pair_hostile",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = pair_hostile_cases,
};
