// SPDX-License-Identifier: GPL-2.0
/* What the frontend wrote -> a connection; the two states -> the next step. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../blkback/negotiate.c"

struct key_case {
	const char *name;
	struct blkback_keys keys;
	unsigned int sector_size;
	int err;
	const char *key;		/* that is told to be wrong */
	struct blkback_config config;
};

#define GOOD		.ring_ref = "8", .event_channel = "17"
#define CONFIG(_abi)	{ .abi = _abi, .ring_ref = 8, .event_channel = 17 }

static const struct key_case key_cases[] = {
	{ "x86_64", { GOOD, .protocol = "x86_64-abi" }, 512,
	  .config = CONFIG(BLKBACK_ABI_X86_64) },
	{ "x86_32", { GOOD, .protocol = "x86_32-abi" }, 512,
	  .config = CONFIG(BLKBACK_ABI_X86_32) },
	{ "arm", { GOOD, .protocol = "arm-abi" }, 512,
	  .config = CONFIG(BLKBACK_ABI_X86_64) },
	{ "no protocol is native", { GOOD }, 512,
	  .config = CONFIG(BLKBACK_ABI_X86_64) },
	{ "unknown protocol", { GOOD, .protocol = "ia64-abi" }, 512,
	  -EINVAL, "protocol" },
	{ "empty protocol", { GOOD, .protocol = "" }, 512,
	  -EINVAL, "protocol" },

	{ "no ring-ref", { .event_channel = "17" }, 512, -ENOENT, "ring-ref" },
	{ "bad ring-ref", { .ring_ref = "x", .event_channel = "17" }, 512,
	  -EINVAL, "ring-ref" },
	{ "negative ring-ref", { .ring_ref = "-1", .event_channel = "17" }, 512,
	  -EINVAL, "ring-ref" },
	{ "huge ring-ref", { .ring_ref = "4294967296", .event_channel = "17" },
	  512, -EINVAL, "ring-ref" },
	{ "largest ring-ref", { .ring_ref = "4294967295",
	  .event_channel = "4294967295" }, 512,
	  .config = { BLKBACK_ABI_X86_64, U32_MAX, U32_MAX } },
	{ "empty ring-ref", { .ring_ref = "", .event_channel = "17" }, 512,
	  -EINVAL, "ring-ref" },

	{ "no event-channel", { .ring_ref = "8" }, 512,
	  -ENOENT, "event-channel" },
	{ "bad event-channel", { .ring_ref = "8", .event_channel = "1 2" }, 512,
	  -EINVAL, "event-channel" },
	{ "event-channel 0", { .ring_ref = "8", .event_channel = "0" }, 512,
	  -EINVAL, "event-channel" },

	{ "order 0 with ring-ref", { GOOD, .ring_page_order = "0" }, 512,
	  .config = CONFIG(BLKBACK_ABI_X86_64) },
	{ "order 0 with ring-ref0", { .ring_ref0 = "8", .event_channel = "17",
	  .ring_page_order = "0" }, 512,
	  .config = CONFIG(BLKBACK_ABI_X86_64) },
	{ "ring-ref0 without order", { .ring_ref0 = "8",
	  .event_channel = "17" }, 512, -ENOENT, "ring-ref" },
	{ "order 1", { GOOD, .ring_page_order = "1" }, 512,
	  -EINVAL, "ring-page-order" },
	{ "order 4294967295", { GOOD, .ring_page_order = "4294967295" }, 512,
	  -EINVAL, "ring-page-order" },
	{ "bad order", { GOOD, .ring_page_order = "" }, 512,
	  -EINVAL, "ring-page-order" },
	{ "one page", { GOOD, .num_ring_pages = "1" }, 512,
	  .config = CONFIG(BLKBACK_ABI_X86_64) },
	{ "no page", { GOOD, .num_ring_pages = "0" }, 512,
	  -EINVAL, "num-ring-pages" },
	{ "two pages", { GOOD, .num_ring_pages = "2" }, 512,
	  -EINVAL, "num-ring-pages" },
	{ "one queue", { GOOD, .num_queues = "1" }, 512,
	  .config = CONFIG(BLKBACK_ABI_X86_64) },
	{ "D21 no queue", { GOOD, .num_queues = "0" }, 512,
	  -EINVAL, "multi-queue-num-queues" },
	{ "two queues", { GOOD, .num_queues = "2" }, 512,
	  -EINVAL, "multi-queue-num-queues" },

	{ "U3 large sectors, 512", { GOOD, .large_sector_size = "1" }, 512,
	  .config = CONFIG(BLKBACK_ABI_X86_64) },
	{ "U3 large sectors, 4096", { GOOD, .large_sector_size = "1" }, 4096,
	  -EINVAL, "feature-large-sector-size" },
	{ "U3 no large sectors, 4096", { GOOD, .large_sector_size = "0" }, 4096,
	  .config = CONFIG(BLKBACK_ABI_X86_64) },
	{ "U3 not asked, 4096", { GOOD }, 4096,
	  .config = CONFIG(BLKBACK_ABI_X86_64) },
};

KUNIT_ARRAY_PARAM_DESC(key, key_cases, name);

static void D21_keys(struct kunit *test)
{
	const struct key_case *c = test->param_value;
	struct blkback_refusal refusal = {};
	struct blkback_config config;
	int err;

	err = blkback_negotiate(&c->keys, c->sector_size, &config, &refusal);
	KUNIT_ASSERT_EQ(test, err, c->err);
	if (!err) {
		KUNIT_EXPECT_TRUE(test,
				  blkback_config_equal(&config, &c->config));
		return;
	}
	/* A message is to name the key, the value and what was expected. */
	KUNIT_EXPECT_STREQ(test, refusal.key, c->key);
	KUNIT_EXPECT_NOT_NULL(test, refusal.expected);
	KUNIT_EXPECT_EQ(test, !refusal.value, err == -ENOENT);
}

static void config_equal(struct kunit *test)
{
	struct blkback_config a = CONFIG(BLKBACK_ABI_X86_64), b = a;

	KUNIT_EXPECT_TRUE(test, blkback_config_equal(&a, &b));
	b.abi = BLKBACK_ABI_X86_32;
	KUNIT_EXPECT_FALSE(test, blkback_config_equal(&a, &b));
	b = a;
	b.ring_ref++;
	KUNIT_EXPECT_FALSE(test, blkback_config_equal(&a, &b));
	b = a;
	b.event_channel++;
	KUNIT_EXPECT_FALSE(test, blkback_config_equal(&a, &b));
}

#define __	BLKBACK_STAY
#define OFFR	BLKBACK_OFFER
#define CONN	BLKBACK_CONNECT
#define COMP	BLKBACK_COMPARE
#define CLOS	BLKBACK_CLOSE
#define DISC	BLKBACK_DISCONNECT
#define REFU	BLKBACK_REFUSE

/*
 * Rows: the frontend's state, 0 to 8; columns: our own.  Written from the
 * protocol's A.6, not from the code:
 * 1: a frontend that begins is offered a connection, unless it was already and
 *    has none, or was refused (Closing) and has not closed yet;
 * 3, 4: connect, once there is a disk (ST1, ST2, ST3); a ring is compared;
 * 5: follow; 6: disconnect; any other state is refused (ST6), once.
 */
static const enum blkback_action actions[2][2][9][9] = {
	[0] = {			/* not connected */
		[0] = {		/* no disk */
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ OFFR, OFFR, __,   OFFR, OFFR, __,   OFFR, OFFR, OFFR },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ __,   __,   __,   __,   __,   __,   __,   __,   __   },
			{ __,   __,   __,   __,   __,   __,   __,   __,   __   },
			{ CLOS, CLOS, CLOS, CLOS, CLOS, __,   __,   CLOS, CLOS },
			{ DISC, DISC, DISC, DISC, DISC, DISC, __,   DISC, DISC },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
		},
		[1] = {
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ OFFR, OFFR, __,   OFFR, OFFR, __,   OFFR, OFFR, OFFR },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ CONN, CONN, CONN, CONN, CONN, __,   CONN, CONN, CONN },
			{ CONN, CONN, CONN, CONN, CONN, __,   CONN, CONN, CONN },
			{ CLOS, CLOS, CLOS, CLOS, CLOS, __,   __,   CLOS, CLOS },
			{ DISC, DISC, DISC, DISC, DISC, DISC, __,   DISC, DISC },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
		},
	},
	[1] = {			/* connected */
		[0] = {		/* no disk: cannot be, and does no harm */
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ OFFR, OFFR, OFFR, OFFR, OFFR, OFFR, OFFR, OFFR, OFFR },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ __,   __,   __,   __,   COMP, __,   __,   __,   __   },
			{ __,   __,   __,   __,   COMP, __,   __,   __,   __   },
			{ CLOS, CLOS, CLOS, CLOS, CLOS, __,   __,   CLOS, CLOS },
			{ DISC, DISC, DISC, DISC, DISC, DISC, DISC, DISC, DISC },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
		},
		[1] = {
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ OFFR, OFFR, OFFR, OFFR, OFFR, OFFR, OFFR, OFFR, OFFR },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ CONN, CONN, CONN, CONN, COMP, __,   CONN, CONN, CONN },
			{ CONN, CONN, CONN, CONN, COMP, __,   CONN, CONN, CONN },
			{ CLOS, CLOS, CLOS, CLOS, CLOS, __,   __,   CLOS, CLOS },
			{ DISC, DISC, DISC, DISC, DISC, DISC, DISC, DISC, DISC },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
			{ REFU, REFU, REFU, REFU, REFU, __,   REFU, REFU, REFU },
		},
	},
};

static void ST1_to_ST6_every_pair_of_states(struct kunit *test)
{
	unsigned int n, connected, open, front, own;

	for (n = 0; n < 2 * 2 * 9 * 9; n++) {
		own = n % 9;
		front = n / 9 % 9;
		open = n / 81 % 2;
		connected = n / 162;
		KUNIT_EXPECT_EQ_MSG(test,
				    blkback_next_action(front, own, connected, open),
				    actions[connected][open][front][own],
				    "front %u, own %u, connected %u, open %u",
				    front, own, connected, open);
	}
}

static struct kunit_case negotiate_cases[] = {
	KUNIT_CASE_PARAM(D21_keys, key_gen_params),
	KUNIT_CASE(config_equal),
	KUNIT_CASE(ST1_to_ST6_every_pair_of_states),
	{}
};

static struct kunit_suite negotiate_suite = {
	.name = "blkback_negotiate",
	.test_cases = negotiate_cases,
};

kunit_test_suite(negotiate_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkback/negotiate.c");
MODULE_LICENSE("GPL");
