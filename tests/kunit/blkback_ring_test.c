// SPDX-License-Identifier: GPL-2.0
/* The shared page as the backend sees it: indices, slots, answers, events. */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/module.h>

#include "../../blkback/ring.c"

#define SLOTS	32U

static const enum blkback_abi abis[] = {
	BLKBACK_ABI_X86_64, BLKBACK_ABI_X86_32,
};

static void page_free(void *page)
{
	free_page((unsigned long)page);
}

static struct blkback_wire_sring *page_get(struct kunit *test)
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, page_free,
							   page));
	return page;
}

/* Where the frontend sees slot or answer @idx: worked out from the protocol. */
static u8 *wire_slot(struct blkback_wire_sring *sring, enum blkback_abi abi,
		     RING_IDX idx)
{
	return (u8 *)sring + 64 +
	       (idx % SLOTS) * (abi == BLKBACK_ABI_X86_32 ? 108 : 112);
}

/* Pages that lie one behind the other. */
static int attach(struct blkback_ring *ring, enum blkback_abi abi, void *shared,
		  unsigned int nr_pages)
{
	void *page[BLKBACK_MAX_RING_PAGES];
	unsigned int i;

	for (i = 0; i < nr_pages; i++)
		page[i] = shared + i * PAGE_SIZE;
	return blkback_ring_attach(ring, abi, page, nr_pages);
}

static void A2_slots_per_page(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, blkback_ring_slots(1), 32);
	KUNIT_EXPECT_EQ(test, blkback_ring_slots(2), 64);
	KUNIT_EXPECT_EQ(test, blkback_ring_slots(4), 128);
	KUNIT_EXPECT_EQ(test, blkback_ring_slots(8), 256);
	KUNIT_EXPECT_EQ(test, blkback_ring_slots(16), 512);
}

static void RN8_attach_takes_what_was_not_answered(struct kunit *test)
{
	struct blkback_wire_sring *sring = page_get(test);
	struct blkback_ring ring;

	sring->rsp_prod = 10;
	sring->req_prod = 15;
	KUNIT_ASSERT_EQ(test, 0, attach(&ring, BLKBACK_ABI_X86_64, sring, 1));
	KUNIT_EXPECT_EQ(test, 5, blkback_ring_pending(&ring));

	/* All of them, and one more than there can be. */
	sring->req_prod = 10 + SLOTS;
	KUNIT_ASSERT_EQ(test, 0, attach(&ring, BLKBACK_ABI_X86_64, sring, 1));
	KUNIT_EXPECT_EQ(test, SLOTS, blkback_ring_pending(&ring));
	sring->req_prod++;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			attach(&ring, BLKBACK_ABI_X86_64, sring, 1));
	/* More answers than requests. */
	sring->req_prod = 9;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			attach(&ring, BLKBACK_ABI_X86_64, sring, 1));
}

static void RN1_producer_overflow(struct kunit *test)
{
	static const RING_IDX bases[] = { 0, 5, U32_MAX - 3, 1U << 31 };
	struct blkback_wire_sring *sring = page_get(test);
	struct blkback_ring ring;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		sring->rsp_prod = bases[i];
		sring->req_prod = bases[i];
		KUNIT_ASSERT_EQ(test, 0,
				attach(&ring, BLKBACK_ABI_X86_64, sring, 1));
		for (n = 0; n <= SLOTS; n++) {
			sring->req_prod = bases[i] + n;
			KUNIT_EXPECT_EQ(test, n, blkback_ring_pending(&ring));
		}
		sring->req_prod = bases[i] + SLOTS + 1;
		KUNIT_EXPECT_EQ(test, -EPROTO, blkback_ring_pending(&ring));
		sring->req_prod = bases[i] - 1;
		KUNIT_EXPECT_EQ(test, -EPROTO, blkback_ring_pending(&ring));
		sring->req_prod = bases[i] + (1U << 31);
		KUNIT_EXPECT_EQ(test, -EPROTO, blkback_ring_pending(&ring));
	}
}

/* A frontend that sleeps for an answer that is there has missed an event. */
static void RN3_unconsumed_answers(struct kunit *test)
{
	static const RING_IDX bases[] = { 0, 5, U32_MAX - 3, 1U << 31 };
	struct blkback_wire_sring *sring = page_get(test);
	struct blkback_ring ring;
	RING_IDX event;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		sring->rsp_prod = bases[i];
		sring->req_prod = bases[i];
		KUNIT_ASSERT_EQ(test, 0,
				attach(&ring, BLKBACK_ABI_X86_64, sring, 1));
		/* All seen. */
		sring->rsp_event = bases[i] + 1;
		KUNIT_EXPECT_FALSE(test, blkback_ring_unconsumed(&ring, &event));
		/* The last one not, and no one of a full ring. */
		sring->rsp_event = bases[i];
		KUNIT_EXPECT_TRUE(test, blkback_ring_unconsumed(&ring, &event));
		KUNIT_EXPECT_EQ(test, event, bases[i]);
		sring->rsp_event = bases[i] - SLOTS + 1;
		KUNIT_EXPECT_TRUE(test, blkback_ring_unconsumed(&ring, &event));
		/* One that polls has set it once, or says anything. */
		sring->rsp_event = bases[i] - SLOTS;
		KUNIT_EXPECT_FALSE(test, blkback_ring_unconsumed(&ring, &event));
		sring->rsp_event = bases[i] + (1U << 31);
		KUNIT_EXPECT_FALSE(test, blkback_ring_unconsumed(&ring, &event));
	}
}

/* The frontend moves rsp_prod, which is ours, to make room that is not there. */
static void RN1_rsp_prod_of_the_page_is_not_believed(struct kunit *test)
{
	struct blkback_wire_sring *sring = page_get(test);
	struct blkback_ring ring;

	KUNIT_ASSERT_EQ(test, 0, attach(&ring, BLKBACK_ABI_X86_64, sring, 1));
	sring->req_prod = SLOTS + 8;
	sring->rsp_prod = 8;
	KUNIT_EXPECT_EQ(test, -EPROTO, blkback_ring_pending(&ring));
}

static void D3_slot_is_read_once(struct kunit *test)
{
	struct blkback_wire_sring *sring = page_get(test);
	union blkback_slot slot, want;
	struct blkback_ring ring;
	unsigned int i, bytes;

	for (i = 0; i < ARRAY_SIZE(abis); i++) {
		memset(sring, 0, PAGE_SIZE);
		KUNIT_ASSERT_EQ(test, 0,
				attach(&ring, abis[i], sring, 1));
		bytes = abis[i] == BLKBACK_ABI_X86_32 ? 108 : 112;
		sring->req_prod = 1;
		memset(wire_slot(sring, abis[i], 0), 0x11, bytes);
		memset(wire_slot(sring, abis[i], 1), 0xee, 112);
		KUNIT_ASSERT_EQ(test, 1, blkback_ring_pending(&ring));
		memset(&slot, 0x77, sizeof(slot));
		blkback_ring_take(&ring, &slot);

		/* What the frontend writes now is not seen any more. */
		memset(wire_slot(sring, abis[i], 0), 0x22, bytes);
		memset(&want, 0x77, sizeof(want));
		memset(&want, 0x11, bytes);
		KUNIT_EXPECT_MEMEQ(test, &slot, &want, sizeof(slot));
	}
}

static void A2_slots_lie_where_the_layout_says(struct kunit *test)
{
	struct blkback_wire_sring *sring = page_get(test);
	struct blkback_ring ring;
	union blkback_slot slot;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(abis); i++) {
		memset(sring, 0, PAGE_SIZE);
		/* Across the wrap of the index, and of the ring. */
		sring->rsp_prod = U32_MAX - 20;
		sring->req_prod = U32_MAX - 20 + SLOTS;
		for (n = 0; n < SLOTS; n++)
			*wire_slot(sring, abis[i], sring->rsp_prod + n) = n + 1;
		KUNIT_ASSERT_EQ(test, 0,
				attach(&ring, abis[i], sring, 1));
		KUNIT_ASSERT_EQ(test, SLOTS, blkback_ring_pending(&ring));
		for (n = 0; n < SLOTS; n++) {
			blkback_ring_take(&ring, &slot);
			KUNIT_EXPECT_EQ(test, slot.operation, n + 1);
		}
		KUNIT_EXPECT_EQ(test, 0, blkback_ring_pending(&ring));
	}
}

static void pages_free(void *pages)
{
	free_pages((unsigned long)pages, 4);
}

/* Where a byte of a ring is whose pages lie in any order. */
static u8 *scattered(u8 *pages, unsigned int at)
{
	return pages + at / PAGE_SIZE * 5 % 16 * PAGE_SIZE + at % PAGE_SIZE;
}

static void scatter(u8 *pages, unsigned int at, u8 value, unsigned int nr)
{
	while (nr--)
		*scattered(pages, at++) = value;
}

/* What slot @n holds once its request was answered: its @i-th byte. */
static u8 answered(unsigned int n, unsigned int i, unsigned int slot_bytes)
{
	if (i == 8)
		return n % 7;
	if (i > 8 && i < (slot_bytes == 108 ? 12 : 16))
		return 0;
	return n % 251;
}

static bool answers_lie_there(u8 *pages, unsigned int slot_bytes)
{
	unsigned int at;

	for (at = 0; at < 512 * slot_bytes; at++)
		if (*scattered(pages, 64 + at) !=
		    answered(at / slot_bytes, at % slot_bytes, slot_bytes))
			return false;
	return true;
}

/* Slots, and answers in their place, lie across the ends of pages, too. */
static void A2_slots_of_many_pages(struct kunit *test)
{
	struct blkback_wire_sring *sring =
		(void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, 4);
	void *page[BLKBACK_MAX_RING_PAGES];
	u8 *pages = (u8 *)sring, want[112];
	union blkback_slot slot;
	struct blkback_ring ring;
	unsigned int i, n, bytes;

	KUNIT_ASSERT_NOT_NULL(test, sring);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pages_free,
							   sring));
	for (i = 0; i < 16; i++)
		page[i] = scattered(pages, i * PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(abis); i++) {
		bytes = abis[i] == BLKBACK_ABI_X86_32 ? 108 : 112;
		memset(sring, 0, 16 * PAGE_SIZE);
		sring->req_prod = 512;
		for (n = 0; n < 512; n++)
			scatter(pages, 64 + n * bytes, n % 251, bytes);
		KUNIT_ASSERT_EQ(test, 0, blkback_ring_attach(&ring, abis[i],
							     page, 16));
		KUNIT_ASSERT_EQ(test, 512, blkback_ring_pending(&ring));
		for (n = 0; n < 512; n++) {
			blkback_ring_take(&ring, &slot);
			memset(want, n % 251, bytes);
			KUNIT_EXPECT_MEMEQ(test, &slot, want, bytes);
		}
		sring->req_prod = 513;
		KUNIT_EXPECT_EQ(test, -EPROTO, blkback_ring_pending(&ring));

		for (n = 0; n < 512; n++)
			blkback_ring_answer(&ring, (n % 251) * (U64_MAX / 255),
					    n % 7, 0);
		KUNIT_EXPECT_TRUE(test, answers_lie_there(pages, bytes));
	}
}

static void D4_answers_carry_nothing_else(struct kunit *test)
{
	struct blkback_wire_sring *sring = page_get(test);
	static const u8 want64[16] = {
		0xf0, 0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12, 5, 0, 0xfe, 0xff,
	};
	union blkback_slot slot;
	struct blkback_ring ring;
	unsigned int i, n, bytes;
	u8 *answer;

	for (i = 0; i < ARRAY_SIZE(abis); i++) {
		memset(sring, 0xcc, PAGE_SIZE);
		sring->req_prod = 1;
		sring->rsp_prod = 0;
		sring->rsp_event = 1;
		KUNIT_ASSERT_EQ(test, 0,
				attach(&ring, abis[i], sring, 1));
		blkback_ring_take(&ring, &slot);
		blkback_ring_answer(&ring, 0x123456789abcdef0ULL,
				    BLKIF_OP_DISCARD, BLKIF_RSP_EOPNOTSUPP);

		bytes = abis[i] == BLKBACK_ABI_X86_32 ? 12 : 16;
		answer = wire_slot(sring, abis[i], 0);
		KUNIT_EXPECT_MEMEQ(test, answer, want64, bytes);
		/* And nothing beside it. */
		for (n = bytes; n < 108; n++)
			KUNIT_EXPECT_EQ(test, answer[n], 0xcc);
		KUNIT_EXPECT_EQ(test, sring->rsp_prod, 0);
		KUNIT_EXPECT_TRUE(test, blkback_ring_push(&ring));
		KUNIT_EXPECT_EQ(test, sring->rsp_prod, 1);
	}
}

static void RN3_notify_only_when_the_threshold_is_crossed(struct kunit *test)
{
	struct blkback_wire_sring *sring = page_get(test);
	union blkback_slot slot;
	struct blkback_ring ring;
	unsigned int answered, from, event, n;

	/* Near the wrap of the index too. */
	for (from = U32_MAX - 6; from != 3; from++) {
		for (answered = 0; answered < 5; answered++) {
			for (event = 0; event < 8; event++) {
				sring->rsp_prod = from;
				sring->req_prod = from + SLOTS;
				sring->rsp_event = from + event;
				attach(&ring, BLKBACK_ABI_X86_64, sring, 1);
				for (n = 0; n < answered; n++) {
					blkback_ring_take(&ring, &slot);
					blkback_ring_answer(&ring, n, 0, 0);
				}
				KUNIT_EXPECT_EQ(test,
						blkback_ring_push(&ring),
						event > 0 && event <= answered);
				KUNIT_EXPECT_EQ(test, sring->rsp_prod,
						from + answered);
			}
		}
	}
}

static void RN4_final_check_asks_for_an_event(struct kunit *test)
{
	struct blkback_wire_sring *sring = page_get(test);
	struct blkback_ring ring;
	union blkback_slot slot;

	KUNIT_ASSERT_EQ(test, 0, attach(&ring, BLKBACK_ABI_X86_64, sring, 1));
	KUNIT_EXPECT_FALSE(test, blkback_ring_final_check(&ring));
	KUNIT_EXPECT_EQ(test, sring->req_event, 1);
	sring->req_prod = 1;
	KUNIT_EXPECT_TRUE(test, blkback_ring_final_check(&ring));
	blkback_ring_take(&ring, &slot);
	KUNIT_EXPECT_FALSE(test, blkback_ring_final_check(&ring));
	KUNIT_EXPECT_EQ(test, sring->req_event, 2);
}

static void D23_detach_forgets_the_page(struct kunit *test)
{
	struct blkback_wire_sring *sring = page_get(test);
	struct blkback_ring ring;

	KUNIT_ASSERT_EQ(test, 0, attach(&ring, BLKBACK_ABI_X86_64, sring, 1));
	blkback_ring_detach(&ring);
	KUNIT_EXPECT_NULL(test, ring.back.sring);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(A2_slots_per_page),
	KUNIT_CASE(A2_slots_lie_where_the_layout_says),
	KUNIT_CASE(A2_slots_of_many_pages),
	KUNIT_CASE(RN8_attach_takes_what_was_not_answered),
	KUNIT_CASE(RN1_producer_overflow),
	KUNIT_CASE(RN3_unconsumed_answers),
	KUNIT_CASE(RN1_rsp_prod_of_the_page_is_not_believed),
	KUNIT_CASE(D3_slot_is_read_once),
	KUNIT_CASE(D4_answers_carry_nothing_else),
	KUNIT_CASE(RN3_notify_only_when_the_threshold_is_crossed),
	KUNIT_CASE(RN4_final_check_asks_for_an_event),
	KUNIT_CASE(D23_detach_forgets_the_page),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "blkback_ring",
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkback/ring.c");
MODULE_LICENSE("GPL");
