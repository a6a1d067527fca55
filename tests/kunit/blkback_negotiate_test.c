// SPDX-License-Identifier: GPL-2.0
/* What the frontend wrote -> a connection; the two states -> the next step. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../blkback/negotiate.c"

/* A frontend's keys: text of "key=value" pairs, one behind the other. */
struct test_keys {
	struct blkback_keys keys;
	const char *text;
	const char *unreadable;
};

static char *read_test_key(const struct blkback_keys *keys, const char *key)
{
	const struct test_keys *from =
		container_of(keys, struct test_keys, keys);
	const char *at = from->text;
	size_t len = strlen(key);

	if (from->unreadable && !strcmp(key, from->unreadable))
		return ERR_PTR(-ENOMEM);
	while (*at) {
		const char *end = strchrnul(at, '\n');

		if (!strncmp(at, key, len) && at[len] == '=')
			return kstrndup(at + len + 1, end - at - len - 1,
					GFP_KERNEL);
		at = *end ? end + 1 : end;
	}
	return NULL;
}

static const struct blkback_offer big_offer = {
	.max_queues = 8,
	.max_ring_page_order = 4,
	.persistent = true,
};

static const struct blkback_offer small_offer = {
	.max_queues = 1,
};

/* What the rings are negotiated to. */
struct result {
	struct blkback_config config;
	struct blkback_ring_config ring[8];
};

static int negotiate(const char *text, const struct blkback_offer *offer,
		     unsigned int sector_size, struct result *result,
		     struct blkback_refusal *refusal)
{
	struct test_keys keys = { { read_test_key }, text };
	struct blkback_config *config = &result->config;
	unsigned int i;
	int err;

	memset(result, 0xa5, sizeof(*result));
	memset(refusal, 0xa5, sizeof(*refusal));
	config->ring = result->ring;
	err = blkback_negotiate(&keys.keys, offer, sector_size, config,
				refusal);
	for (i = 0; !err && i < config->nr_queues; i++)
		err = blkback_negotiate_ring(&keys.keys, config, i,
					     &config->ring[i], refusal);
	return err;
}

struct good_case {
	const char *name;
	const char *keys;
	const struct blkback_offer *offer;
	unsigned int sector_size;
	struct result want;
};

#define GOOD		"ring-ref=8\nevent-channel=17\n"
#define ONE_RING(_abi)							\
	{								\
		.config = { .abi = _abi, .nr_queues = 1,		\
			    .nr_ring_pages = 1 },			\
		.ring[0] = { .ring_ref[0] = 8, .event_channel = 17 },	\
	}

static const struct good_case good_cases[] = {
	{ "x86_64", GOOD "protocol=x86_64-abi\n", &small_offer, 512,
	  ONE_RING(BLKBACK_ABI_X86_64) },
	{ "x86_32", GOOD "protocol=x86_32-abi\n", &small_offer, 512,
	  ONE_RING(BLKBACK_ABI_X86_32) },
	{ "arm", GOOD "protocol=arm-abi\n", &small_offer, 512,
	  ONE_RING(BLKBACK_ABI_X86_64) },
	{ "no protocol is told later", GOOD, &small_offer, 512,
	  ONE_RING(BLKBACK_ABI_UNKNOWN) },
	{ "a large offer is no duty", GOOD, &big_offer, 512,
	  ONE_RING(BLKBACK_ABI_UNKNOWN) },
	{ "largest numbers", "ring-ref=4294967295\nevent-channel=4294967295\n",
	  &small_offer, 512,
	  { { BLKBACK_ABI_UNKNOWN, 1, 1 }, { { { U32_MAX }, U32_MAX } } } },

	{ "order 0 with ring-ref", GOOD "ring-page-order=0\n", &small_offer,
	  512, ONE_RING(BLKBACK_ABI_UNKNOWN) },
	{ "order 0 with ring-ref0",
	  "ring-ref0=8\nevent-channel=17\nring-page-order=0\n", &small_offer,
	  512, ONE_RING(BLKBACK_ABI_UNKNOWN) },
	{ "order 0 with both", GOOD "ring-ref0=9\nring-page-order=0\n",
	  &small_offer, 512, ONE_RING(BLKBACK_ABI_UNKNOWN) },
	{ "one page", GOOD "num-ring-pages=1\n", &small_offer, 512,
	  ONE_RING(BLKBACK_ABI_UNKNOWN) },
	{ "one page with ring-ref0",
	  "ring-ref0=8\nevent-channel=17\nnum-ring-pages=1\n", &small_offer,
	  512, ONE_RING(BLKBACK_ABI_UNKNOWN) },
	{ "order 1", "ring-ref0=5\nring-ref1=6\nevent-channel=7\n"
	  "ring-page-order=1\n", &big_offer, 512,
	  { { BLKBACK_ABI_UNKNOWN, 1, 2 }, { { { 5, 6 }, 7 } } } },
	{ "four pages, both ways",
	  "ring-ref0=5\nring-ref1=6\nring-ref2=9\nring-ref3=1\n"
	  "event-channel=7\nring-page-order=2\nnum-ring-pages=4\n",
	  &big_offer, 512,
	  { { BLKBACK_ABI_UNKNOWN, 1, 4 }, { { { 5, 6, 9, 1 }, 7 } } } },
	{ "two pages by number", "ring-ref0=5\nring-ref1=6\nevent-channel=7\n"
	  "num-ring-pages=2\n", &big_offer, 512,
	  { { BLKBACK_ABI_UNKNOWN, 1, 2 }, { { { 5, 6 }, 7 } } } },
	{ "sixteen pages",
	  "ring-ref0=20\nring-ref1=21\nring-ref2=22\nring-ref3=23\n"
	  "ring-ref4=24\nring-ref5=25\nring-ref6=26\nring-ref7=27\n"
	  "ring-ref8=28\nring-ref9=29\nring-ref10=30\nring-ref11=31\n"
	  "ring-ref12=32\nring-ref13=33\nring-ref14=34\nring-ref15=35\n"
	  "event-channel=7\nring-page-order=4\n", &big_offer, 512,
	  { { BLKBACK_ABI_UNKNOWN, 1, 16 },
	    { { { 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,
		  35 }, 7 } } } },

	{ "one queue", GOOD "multi-queue-num-queues=1\n", &small_offer, 512,
	  ONE_RING(BLKBACK_ABI_UNKNOWN) },
	{ "two queues", "multi-queue-num-queues=2\n"
	  "queue-0/ring-ref=1\nqueue-0/event-channel=2\n"
	  "queue-1/ring-ref=3\nqueue-1/event-channel=4\n", &big_offer, 512,
	  { { BLKBACK_ABI_UNKNOWN, 2, 1 }, { { { 1 }, 2 }, { { 3 }, 4 } } } },
	{ "top-level keys beside those of queues", GOOD
	  "multi-queue-num-queues=2\n"
	  "queue-0/ring-ref=1\nqueue-0/event-channel=2\n"
	  "queue-1/ring-ref=3\nqueue-1/event-channel=4\n", &big_offer, 512,
	  { { BLKBACK_ABI_UNKNOWN, 2, 1 }, { { { 1 }, 2 }, { { 3 }, 4 } } } },
	{ "two queues of two pages", "multi-queue-num-queues=2\n"
	  "ring-page-order=1\n"
	  "queue-0/ring-ref0=1\nqueue-0/ring-ref1=2\nqueue-0/event-channel=3\n"
	  "queue-1/ring-ref0=4\nqueue-1/ring-ref1=5\nqueue-1/event-channel=6\n",
	  &big_offer, 512,
	  { { BLKBACK_ABI_UNKNOWN, 2, 2 },
	    { { { 1, 2 }, 3 }, { { 4, 5 }, 6 } } } },
	{ "two queues, order 0, either key", "multi-queue-num-queues=2\n"
	  "ring-page-order=0\n"
	  "queue-0/ring-ref=1\nqueue-0/event-channel=2\n"
	  "queue-1/ring-ref0=3\nqueue-1/event-channel=4\n", &big_offer, 512,
	  { { BLKBACK_ABI_UNKNOWN, 2, 1 }, { { { 1 }, 2 }, { { 3 }, 4 } } } },

	{ "PG1 both want it", GOOD "feature-persistent=1\n", &big_offer, 512,
	  { { BLKBACK_ABI_UNKNOWN, 1, 1, false, true }, { { { 8 }, 17 } } } },
	{ "PG1 the frontend does not", GOOD "feature-persistent=0\n",
	  &big_offer, 512, ONE_RING(BLKBACK_ABI_UNKNOWN) },
	{ "PG1 it was not offered", GOOD "feature-persistent=1\n",
	  &small_offer, 512, ONE_RING(BLKBACK_ABI_UNKNOWN) },

	{ "U3 large sectors, 512", GOOD "feature-large-sector-size=1\n",
	  &small_offer, 512, ONE_RING(BLKBACK_ABI_UNKNOWN) },
	{ "U3 no large sectors, 4096", GOOD "feature-large-sector-size=0\n",
	  &small_offer, 4096, ONE_RING(BLKBACK_ABI_UNKNOWN) },
	{ "U3 not asked, 4096", GOOD, &small_offer, 4096,
	  ONE_RING(BLKBACK_ABI_UNKNOWN) },
};

KUNIT_ARRAY_PARAM_DESC(good, good_cases, name);

static void D21_good_keys(struct kunit *test)
{
	const struct good_case *c = test->param_value;
	struct blkback_config want = c->want.config;
	struct blkback_refusal refusal;
	struct result result;

	want.ring = (struct blkback_ring_config *)c->want.ring;
	KUNIT_ASSERT_EQ(test, 0, negotiate(c->keys, c->offer, c->sector_size,
					   &result, &refusal));
	KUNIT_EXPECT_TRUE(test, blkback_config_equal(&result.config, &want));
}

struct bad_case {
	const char *name;
	const char *keys;
	unsigned int sector_size;
	const char *key;		/* that is told to be wrong */
	const char *value;		/* NULL for a missing one */
	const char *expected;		/* NULL for whatever */
};

static const struct bad_case bad_cases[] = {
	{ "unknown protocol", GOOD "protocol=ia64-abi\n", 512,
	  "protocol", "ia64-abi" },
	{ "empty protocol", GOOD "protocol=\n", 512, "protocol", "" },

	{ "no ring-ref", "event-channel=17\n", 512, "ring-ref" },
	{ "bad ring-ref", "ring-ref=x\nevent-channel=17\n", 512,
	  "ring-ref", "x" },
	{ "negative ring-ref", "ring-ref=-1\nevent-channel=17\n", 512,
	  "ring-ref", "-1" },
	{ "huge ring-ref", "ring-ref=4294967296\nevent-channel=17\n", 512,
	  "ring-ref", "4294967296" },
	{ "empty ring-ref", "ring-ref=\nevent-channel=17\n", 512,
	  "ring-ref", "" },
	{ "a value of any length", "event-channel=17\n"
	  "ring-ref=8888888888888888888888888888888888888888888888888888\n", 512,
	  "ring-ref", "88888888888888888888888888888888888" },

	{ "no event-channel", "ring-ref=8\n", 512, "event-channel" },
	{ "bad event-channel", "ring-ref=8\nevent-channel=1 2\n", 512,
	  "event-channel", "1 2" },
	{ "event-channel 0", "ring-ref=8\nevent-channel=0\n", 512,
	  "event-channel", "0" },

	{ "ring-ref0 without order", "ring-ref0=8\nevent-channel=17\n", 512,
	  "ring-ref" },
	{ "order 0 and no page", "ring-page-order=0\nevent-channel=17\n", 512,
	  "ring-ref0" },
	{ "order 0 and a bad page", "ring-page-order=0\nring-ref=y\n"
	  "ring-ref0=8\nevent-channel=17\n", 512, "ring-ref", "y" },
	{ "order 5", GOOD "ring-page-order=5\n", 512,
	  "ring-page-order", "5", "0 to 4" },
	{ "order 4294967295", GOOD "ring-page-order=4294967295\n", 512,
	  "ring-page-order", "4294967295", "0 to 4" },
	{ "order -1", GOOD "ring-page-order=-1\n", 512,
	  "ring-page-order", "-1", "0 to 4" },
	{ "empty order", GOOD "ring-page-order=\n", 512,
	  "ring-page-order", "", "0 to 4" },
	{ "order 1, one page only",
	  "ring-ref0=8\nevent-channel=17\nring-page-order=1\n", 512,
	  "ring-ref1" },
	{ "order 1, ring-ref", GOOD "ring-page-order=1\n", 512, "ring-ref0" },
	{ "no page", GOOD "num-ring-pages=0\n", 512,
	  "num-ring-pages", "0", "1 to 16" },
	{ "three pages", GOOD "num-ring-pages=3\n", 512,
	  "num-ring-pages", "3", "a power of two, 1 to 16" },
	{ "32 pages", GOOD "num-ring-pages=32\n", 512,
	  "num-ring-pages", "32", "1 to 16" },
	{ "order and number differ",
	  GOOD "ring-page-order=2\nnum-ring-pages=2\n", 512,
	  "num-ring-pages", "2", "4, as ring-page-order is 2" },
	{ "number 1 and order 1",
	  GOOD "ring-page-order=1\nnum-ring-pages=1\n", 512,
	  "num-ring-pages", "1", "2, as ring-page-order is 1" },

	{ "PG1 neither yes nor no", GOOD "feature-persistent=2\n", 512,
	  "feature-persistent", "2", "0 to 1" },
	{ "PG1 empty", GOOD "feature-persistent=\n", 512,
	  "feature-persistent", "" },

	{ "D21 no queue", GOOD "multi-queue-num-queues=0\n", 512,
	  "multi-queue-num-queues", "0", "1 to 8" },
	{ "nine queues", GOOD "multi-queue-num-queues=9\n", 512,
	  "multi-queue-num-queues", "9", "1 to 8" },
	{ "4294967297 queues", GOOD "multi-queue-num-queues=4294967297\n", 512,
	  "multi-queue-num-queues", "4294967297", "1 to 8" },
	{ "two queues with the keys of one",
	  GOOD "multi-queue-num-queues=2\n", 512, "queue-0/ring-ref" },
	{ "a queue without a page", "multi-queue-num-queues=2\n"
	  "queue-0/ring-ref=1\nqueue-0/event-channel=2\n"
	  "queue-1/event-channel=4\n", 512, "queue-1/ring-ref" },
	{ "a queue with a bad page", "multi-queue-num-queues=2\n"
	  "queue-0/ring-ref=1\nqueue-0/event-channel=2\n"
	  "queue-1/ring-ref=z\nqueue-1/event-channel=4\n", 512,
	  "queue-1/ring-ref", "z" },
	{ "a queue with a bad page of two", "multi-queue-num-queues=2\n"
	  "ring-page-order=1\n"
	  "queue-0/ring-ref0=1\nqueue-0/ring-ref1=2\nqueue-0/event-channel=3\n"
	  "queue-1/ring-ref0=4\nqueue-1/ring-ref1=0x\nqueue-1/event-channel=6\n",
	  512, "queue-1/ring-ref1", "0x" },
	{ "a queue without an event", "multi-queue-num-queues=2\n"
	  "queue-0/ring-ref=1\nqueue-0/event-channel=2\n"
	  "queue-1/ring-ref=3\n", 512, "queue-1/event-channel" },
	{ "a queue with event 0", "multi-queue-num-queues=2\n"
	  "queue-0/ring-ref=1\nqueue-0/event-channel=0\n"
	  "queue-1/ring-ref=3\nqueue-1/event-channel=1\n", 512,
	  "queue-0/event-channel", "0" },

	{ "U3 large sectors, 4096", GOOD "feature-large-sector-size=1\n", 4096,
	  "feature-large-sector-size", "1" },
};

KUNIT_ARRAY_PARAM_DESC(bad, bad_cases, name);

/* A message is to name the key, the value and what was expected. */
static void D21_bad_keys(struct kunit *test)
{
	const struct bad_case *c = test->param_value;
	struct blkback_refusal refusal;
	struct result result;
	int err = negotiate(c->keys, &big_offer, c->sector_size, &result,
			    &refusal);

	KUNIT_ASSERT_EQ(test, err, c->value ? -EINVAL : -ENOENT);
	KUNIT_EXPECT_STREQ(test, refusal.key, c->key);
	KUNIT_EXPECT_STREQ(test, refusal.value, c->value ?: "");
	KUNIT_EXPECT_EQ(test, refusal.missing, !c->value);
	KUNIT_EXPECT_NE(test, '\0', refusal.expected[0]);
	if (c->expected)
		KUNIT_EXPECT_STREQ(test, refusal.expected, c->expected);
}

/* Who is offered one ring of one page, and nothing more. */
static void D21_what_was_not_offered(struct kunit *test)
{
	struct blkback_refusal refusal;
	struct result result;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			negotiate(GOOD "ring-page-order=1\n", &small_offer, 512,
				  &result, &refusal));
	KUNIT_EXPECT_STREQ(test, refusal.expected, "0");
	KUNIT_EXPECT_EQ(test, -EINVAL,
			negotiate(GOOD "num-ring-pages=2\n", &small_offer, 512,
				  &result, &refusal));
	KUNIT_EXPECT_STREQ(test, refusal.expected, "1");
	KUNIT_EXPECT_EQ(test, -EINVAL,
			negotiate(GOOD "multi-queue-num-queues=2\n",
				  &small_offer, 512, &result, &refusal));
	KUNIT_EXPECT_STREQ(test, refusal.expected, "1");
}

/* What cannot be read is not taken for missing. */
static void D23_keys_that_cannot_be_read(struct kunit *test)
{
	static const char * const unreadable[] = {
		"protocol", "multi-queue-num-queues", "ring-page-order",
		"num-ring-pages", "feature-large-sector-size",
		"feature-persistent",
	};
	struct test_keys keys = { { read_test_key }, GOOD };
	struct blkback_refusal refusal;
	struct blkback_config config;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unreadable); i++) {
		keys.unreadable = unreadable[i];
		KUNIT_EXPECT_EQ(test, -ENOMEM,
				blkback_negotiate(&keys.keys, &big_offer, 4096,
						  &config, &refusal));
		KUNIT_EXPECT_STREQ(test, refusal.key, unreadable[i]);
	}
}

static void D23_rings_that_cannot_be_read(struct kunit *test)
{
	static const char * const unreadable[] = {
		"ring-ref", "event-channel",
	};
	struct test_keys keys = { { read_test_key }, GOOD "ring-ref0=9\n" };
	struct blkback_config config = {
		.nr_queues = 1, .nr_ring_pages = 1, .counted = true,
	};
	struct blkback_ring_config ring;
	struct blkback_refusal refusal;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unreadable); i++) {
		keys.unreadable = unreadable[i];
		KUNIT_EXPECT_EQ(test, -ENOMEM,
				blkback_negotiate_ring(&keys.keys, &config, 0,
						       &ring, &refusal));
		KUNIT_EXPECT_STREQ(test, refusal.key, unreadable[i]);
	}
}

static void config_equal(struct kunit *test)
{
	struct blkback_ring_config ring[2] = {
		{ { 1, 2 }, 3 }, { { 4, 5 }, 6 },
	};
	struct blkback_ring_config other[2];
	struct blkback_config a = {
		.nr_queues = 2, .nr_ring_pages = 2, .ring = ring,
	};
	struct blkback_config b = a;

	memcpy(other, ring, sizeof(other));
	b.ring = other;
	KUNIT_EXPECT_TRUE(test, blkback_config_equal(&a, &b));
	b.abi = BLKBACK_ABI_X86_32;
	KUNIT_EXPECT_FALSE(test, blkback_config_equal(&a, &b));
	b.abi = a.abi;
	b.nr_queues = 1;
	KUNIT_EXPECT_FALSE(test, blkback_config_equal(&a, &b));
	b.nr_queues = 2;
	b.nr_ring_pages = 1;
	KUNIT_EXPECT_FALSE(test, blkback_config_equal(&a, &b));
	b.nr_ring_pages = 2;
	b.persistent = true;
	KUNIT_EXPECT_FALSE(test, blkback_config_equal(&a, &b));
	b.persistent = false;
	other[1].ring_ref[1]++;
	KUNIT_EXPECT_FALSE(test, blkback_config_equal(&a, &b));
	other[1].ring_ref[1]--;
	other[1].event_channel++;
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
	KUNIT_CASE_PARAM(D21_good_keys, good_gen_params),
	KUNIT_CASE_PARAM(D21_bad_keys, bad_gen_params),
	KUNIT_CASE(D21_what_was_not_offered),
	KUNIT_CASE(D23_keys_that_cannot_be_read),
	KUNIT_CASE(D23_rings_that_cannot_be_read),
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
