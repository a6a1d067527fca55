// SPDX-License-Identifier: GPL-2.0
/*
 * 512-byte sectors on a disk of larger blocks, and memory that a disk does not take:
 * what is written and read.
 */
#include <linux/prandom.h>

#include "back.h"
#include "../../../blkback/blkback.h"

#define BLOCK_BYTES	4096
#define BLOCK_SECTORS	8
#define REGION_SECTORS	4096
#define REGION_BYTES	(REGION_SECTORS << 9)
#define NR_PAGES	64
#define ROUNDS		300

/* What the disk should have, and what a request is about. */
struct model {
	struct rnd_state rnd;
	u8 data[REGION_BYTES];
	struct blkif_segment seg[NR_PAGES];
};

static u32 below(struct model *model, u32 limit)
{
	return prandom_u32_state(&model->rnd) % limit;
}

static int emulate_init(struct kunit *test)
{
	int err = back_init(test);

	if (err)
		return err;
	disk_blocks(BLOCK_BYTES, BLOCK_BYTES - 1);
	store_write(BACK_NODE "/emulate-512", "1");
	return 0;
}

static struct model *model_create(struct kunit *test, u64 seed)
{
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, model);
	prandom_seed_state(&model->rnd, seed);
	prandom_bytes_state(&model->rnd, model->data, REGION_BYTES);
	memcpy(disk.data, model->data, REGION_BYTES);
	return model;
}

static void model_agrees(struct kunit *test, const struct model *model)
{
	unsigned int sector = 0;

	while (sector < REGION_SECTORS &&
	       !memcmp(disk.data + (sector << 9), model->data + (sector << 9),
		       512))
		sector++;
	/* The first that is not as it should be. */
	KUNIT_EXPECT_EQ(test, REGION_SECTORS, sector);
	KUNIT_EXPECT_NULL(test, memchr_inv(disk.data + REGION_BYTES, 0,
					   (DISK_SECTORS - REGION_SECTORS) << 9));
}

/* Parts of pages, one after the other; how many sectors. */
static unsigned int make_segments(struct model *model, struct peer *peer,
				  unsigned int nr)
{
	bool ragged = below(model, 4);
	unsigned int i, nr_sectors = 0;

	for (i = 0; i < nr; i++) {
		struct blkif_segment *seg = &model->seg[i];

		*seg = (struct blkif_segment){
			.gref = peer->ref[i], .last_sect = 7,
		};
		/* Of a buffer only the ends are parts of pages, as a rule. */
		if (ragged && (!i || i == nr - 1 || !below(model, 4))) {
			seg->first_sect = below(model, 8);
			seg->last_sect = seg->first_sect +
					 below(model, 8 - seg->first_sect);
		}
		nr_sectors += seg->last_sect - seg->first_sect + 1;
	}
	return nr_sectors;
}

/* Between the pages and the model; false where they should agree and do not. */
static bool model_move(struct model *model, struct peer *peer, u8 op,
		       u64 sector, unsigned int nr)
{
	unsigned int i, n, at = sector << 9;

	for (i = 0; i < nr; i++) {
		const struct blkif_segment *seg = &model->seg[i];
		u8 *page = page_address(peer->page[i]);

		for (n = 0; n < 8; n++) {
			bool inside = n >= seg->first_sect && n <= seg->last_sect;

			if (!inside) {
				if (op == BLKIF_OP_READ &&
				    memchr_inv(page + (n << 9), 0xee, 512))
					return false;
				continue;
			}
			if (op != BLKIF_OP_READ)
				memcpy(model->data + at, page + (n << 9), 512);
			else if (memcmp(model->data + at, page + (n << 9), 512))
				return false;
			at += 512;
		}
	}
	return true;
}

static struct peer_slot model_slot(struct model *model, struct peer *peer, u8 op,
				   u64 sector, unsigned int nr)
{
	struct peer_slot slot;

	if (nr <= BLKIF_MAX_SEGMENTS_PER_REQUEST) {
		slot = peer_request(peer, op, 1, sector, nr, 0);
		memcpy(slot.seg, model->seg, nr * sizeof(*model->seg));
		return slot;
	}
	slot = peer_indirect(peer, op, 1, sector, nr, 0, PEER_PAGES - 1);
	memcpy(peer_descriptors(peer, PEER_PAGES - 1), model->seg,
	       nr * sizeof(*model->seg));
	return slot;
}

static void model_round(struct kunit *test, struct model *model,
			struct peer *peer, u8 op, unsigned int max_segments)
{
	unsigned int nr = 1 + below(model, max_segments), nr_sectors, i;
	struct peer_slot slot;
	u64 sector;

	nr_sectors = make_segments(model, peer, nr);
	sector = below(model, REGION_SECTORS - nr_sectors + 1);
	if (!below(model, 4))
		sector = round_down(sector, BLOCK_SECTORS);
	for (i = 0; i < nr; i++) {
		u8 *page = page_address(peer->page[i]);

		if (op == BLKIF_OP_READ)
			memset(page, 0xee, PAGE_SIZE);
		else
			prandom_bytes_state(&model->rnd, page, PAGE_SIZE);
	}
	slot = model_slot(model, peer, op, sector, nr);
	KUNIT_ASSERT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	KUNIT_ASSERT_TRUE(test, model_move(model, peer, op, sector, nr));
}

static void E1_U4_what_the_frontend_is_told(struct kunit *test)
{
	struct bench *bench = test->priv;

	/* U3: one that counts in the disk's own blocks counts in 512 bytes. */
	store_write(FRONT_NODE "/feature-large-sector-size", "1");
	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, 512, store_read_int(BACK_NODE "/sector-size", -1));
	KUNIT_EXPECT_EQ(test, BLOCK_BYTES,
			store_read_int(BACK_NODE "/physical-sector-size", -1));
	KUNIT_EXPECT_EQ(test, DISK_SECTORS,
			store_read_int(BACK_NODE "/sectors", -1));
	KUNIT_EXPECT_EQ(test, 0, store_read_int(BACK_NODE "/discard-secure", -1));
	back_works(test, bench->peer, 64);
}

static void E1_only_where_it_was_asked_for(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot;

	store_write(BACK_NODE "/emulate-512", "0");
	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, BLOCK_BYTES,
			store_read_int(BACK_NODE "/sector-size", -1));
	slot = peer_request(bench->peer, BLKIF_OP_WRITE, 1, 4, 1, 0);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &slot));
	back_works(test, bench->peer, 64);
}

/* Nothing to emulate: blocks of 512 bytes, or of a size that it is not for. */
static void E1_not_on_other_blocks(struct kunit *test)
{
	static const unsigned int sizes[] = { 512, 2048 };
	struct bench *bench = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		back_remove(bench);
		loopback_settle();
		if (bench->peer->ring_page)
			KUNIT_ASSERT_TRUE(test, peer_retract(bench->peer));
		disk_blocks(sizes[i], 511);
		back_add(bench);
		store_write(BACK_NODE "/emulate-512", "1");
		back_connect(test, bench);
		KUNIT_EXPECT_EQ(test, sizes[i],
				store_read_int(BACK_NODE "/sector-size", -1));
		disk.nr_ops = 0;
		back_works(test, bench->peer, 64);
		KUNIT_EXPECT_EQ(test, 2, disk.nr_ops);
	}
}

static void E1_any_sectors(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct model *model = model_create(test, 1);
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < ROUNDS; i++)
		model_round(test, model, bench->peer, below(model, 2) ?
			    BLKIF_OP_WRITE : BLKIF_OP_READ,
			    BLKIF_MAX_SEGMENTS_PER_REQUEST);
	model_agrees(test, model);
}

/* Parts that have a block in common, of one request. */
static void E1_any_large_requests(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct model *model = model_create(test, 2);
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < ROUNDS; i++)
		model_round(test, model, bench->peer, below(model, 3) ?
			    BLKIF_OP_WRITE : BLKIF_OP_READ, NR_PAGES);
	model_agrees(test, model);
}

/* With as little as a ring has for itself alone. */
static void E1_forward_progress_on_the_reserve(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct model *model = model_create(test, 3);
	unsigned int i;

	xen.pages_budget = 64;
	back_connect(test, bench);
	/* There are objects for more parts than there will be pages for. */
	for (i = 0; i < 8; i++)
		model_round(test, model, bench->peer, BLKIF_OP_WRITE, NR_PAGES);
	xen.no_memory = true;
	for (i = 0; i < ROUNDS / 4; i++)
		model_round(test, model, bench->peer, below(model, 3) ?
			    BLKIF_OP_WRITE : BLKIF_OP_READ, NR_PAGES);
	/* Many at once, each of which wants what there is one of. */
	for (i = 0; i < PEER_SLOTS; i++) {
		struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_WRITE,
						     i, 8 * i + 1, 1, i);

		slot.seg[0].last_sect = 3;
		peer_fill(bench->peer, i, 1, i);
		peer_put(bench->peer, &slot);
		memcpy(model->data + ((8 * i + 1) << 9),
		       page_address(bench->peer->page[i]), 4 << 9);
	}
	peer_push(bench->peer);
	KUNIT_ASSERT_TRUE(test, peer_wait(bench->peer,
					  8 + ROUNDS / 4 + PEER_SLOTS));
	KUNIT_EXPECT_EQ(test, 0, bench->peer->nr_errors);
	xen.no_memory = false;
	model_agrees(test, model);
}

/* One that keeps the guest's pages keeps the answer: they are the disk's. */
static void goes_as_it_is(struct kunit *test, struct peer *peer,
			  const struct peer_slot *slot)
{
	unsigned int before = peer->nr_answers;

	disk.hold_pages = true;
	peer_put(peer, slot);
	peer_push(peer);
	loopback_settle();
	peer_collect(peer);
	KUNIT_EXPECT_EQ(test, before, peer->nr_answers);
	disk_release_pages();
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, before + 1));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer->status[slot->id]);
}

/* One bio each, and whole: as if nothing was emulated. */
static void E1_whole_blocks_cost_nothing(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot;
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < 2; i++) {
		disk.nr_ops = 0;
		slot = peer_request(bench->peer, i ? BLKIF_OP_READ :
				    BLKIF_OP_WRITE, 1, 16, 11, 0);
		goes_as_it_is(test, bench->peer, &slot);
		KUNIT_EXPECT_EQ(test, 1, disk.nr_ops);
		KUNIT_EXPECT_EQ(test, 16, disk.log[0].sector);
		KUNIT_EXPECT_EQ(test, 88, disk.log[0].nr_sectors);
	}
}

/* Both blocks at the ends are read, each once, and then one bio writes. */
static void E1_only_edges_are_read(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot;

	back_connect(test, bench);
	disk.nr_ops = 0;
	slot = peer_request(bench->peer, BLKIF_OP_WRITE, 1, 17, 11, 0);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
	KUNIT_EXPECT_EQ(test, 3, disk.nr_ops);
	KUNIT_EXPECT_EQ(test, REQ_OP_READ, disk.log[0].op);
	KUNIT_EXPECT_EQ(test, 16, disk.log[0].sector);
	KUNIT_EXPECT_EQ(test, 8, disk.log[0].nr_sectors);
	KUNIT_EXPECT_EQ(test, REQ_OP_READ, disk.log[1].op);
	KUNIT_EXPECT_EQ(test, 104, disk.log[1].sector);
	KUNIT_EXPECT_EQ(test, 8, disk.log[1].nr_sectors);
	KUNIT_EXPECT_EQ(test, REQ_OP_WRITE, disk.log[2].op);
	KUNIT_EXPECT_EQ(test, 16, disk.log[2].sector);
	KUNIT_EXPECT_EQ(test, 96, disk.log[2].nr_sectors);
}

/* Whichever of the two edges it is; and nothing keeps the blocks after that. */
static void E1_an_edge_that_cannot_be_read(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct model *model = model_create(test, 4);
	struct peer_slot slot;
	unsigned int i;

	back_connect(test, bench);
	peer_fill(bench->peer, 0, 3, 5);
	for (i = 0; i < 3; i++) {
		slot = peer_request(bench->peer, BLKIF_OP_WRITE, 1, 20, 3, 0);
		if (i == 1)
			slot.seg[0].first_sect = 4;
		if (i == 2) {
			slot.sector = 16;
			slot.seg[2].last_sect = 3;
		}
		disk.fail_all = i ? 1 : 2;
		disk.nr_ops = 0;
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
				peer_do(bench->peer, &slot));
		KUNIT_EXPECT_EQ(test, i ? 1 : 2, disk.nr_ops);
		model_agrees(test, model);
	}
	/* Nor does one that could not be written. */
	slot = peer_request(bench->peer, BLKIF_OP_WRITE, 1, 16, 3, 0);
	disk.fail_all = 1;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &slot));
	for (i = 0; i < 20; i++)
		model_round(test, model, bench->peer, BLKIF_OP_WRITE, 3);
	model_agrees(test, model);
}

/* What was not read is not shown. */
static void E1_a_read_that_fails_leaves_the_pages(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot;

	back_connect(test, bench);
	memset(page_address(bench->peer->page[0]), 0xee, PAGE_SIZE);
	slot = peer_request(bench->peer, BLKIF_OP_READ, 1, 3, 1, 0);
	disk.fail_all = 1;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &slot));
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(bench->peer->page[0]),
					   0xee, PAGE_SIZE));
}

/* The edges are read as they are; what is written is for good. */
static void E1_OP3_flush_of_some_sectors(struct kunit *test)
{
	static const u8 ops[] = {
		BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_WRITE_BARRIER,
	};
	struct bench *bench = test->priv;
	struct peer_slot slot;
	unsigned int i, n;

	back_connect(test, bench);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		disk.nr_ops = 0;
		disk.nr_flushes = 0;
		peer_fill(bench->peer, 0, 2, i);
		slot = peer_request(bench->peer, ops[i], 4, 81, 2, 0);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
				peer_do(bench->peer, &slot));
		KUNIT_EXPECT_EQ(test, 3, disk.nr_ops);
		KUNIT_EXPECT_EQ(test, 1, disk.nr_flushes);
		for (n = 0; n < 3; n++) {
			KUNIT_EXPECT_EQ(test, n == 2, disk.log[n].preflush);
			KUNIT_EXPECT_EQ(test, n == 2, disk.log[n].fua);
		}
		KUNIT_EXPECT_TRUE(test, peer_check(bench->peer, 0, 2,
						   disk.data + 81 * 512));
		disk.fail_flushes = 1;
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
				peer_do(bench->peer, &slot));
		slot = peer_request(bench->peer, ops[i], 4, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
				peer_do(bench->peer, &slot));
	}
}

/* Of what is not whole blocks others have the rest. */
static void E1_discards_are_of_whole_blocks(struct kunit *test)
{
	static const struct {
		u64 sector, nr_sectors, first, nr;
	} some[] = {
		{ 0, 24, 0, 24 }, { 1, 23, 8, 16 }, { 7, 10, 8, 8 },
		{ 1, 7, 0, 0 }, { 3, 2, 0, 0 }, { 5, 10, 0, 0 },
		{ 8, 15, 8, 8 }, { 9, 0, 0, 0 },
	};
	struct bench *bench = test->priv;
	struct peer_slot discard = { .op = BLKIF_OP_DISCARD, .id = 6 };
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < ARRAY_SIZE(some); i++) {
		memset(disk.data, 0x99, 64 << 9);
		disk.nr_ops = 0;
		discard.sector = some[i].sector;
		discard.nr_sectors = some[i].nr_sectors;
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
				peer_do(bench->peer, &discard));
		KUNIT_EXPECT_EQ(test, !!some[i].nr, disk.nr_ops);
		KUNIT_EXPECT_NULL(test, memchr_inv(disk.data, 0x99,
						   some[i].first << 9));
		KUNIT_EXPECT_NULL(test, memchr_inv(disk.data +
						   (some[i].first << 9), 0,
						   some[i].nr << 9));
		KUNIT_EXPECT_NULL(test, memchr_inv(disk.data +
						   ((some[i].first +
						     some[i].nr) << 9), 0x99,
						   (64 - some[i].first -
						    some[i].nr) << 9));
	}
}

/* Somebody may write whom we do not know. */
static void E1_not_where_others_may_write(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int claimed;

	for (claimed = 0; claimed < 2; claimed++) {
		blkback_exclusive_open = claimed;
		store_write(BACK_NODE "/emulate-512", "1");
		store_write(BACK_NODE "/mode", claimed ? "w!" : "w");
		back_attach_disk();
		peer_publish(bench->peer);
		peer_state(XenbusStateInitialised);
		back_reaches(test, XenbusStateClosing);
		KUNIT_EXPECT_EQ(test, 1, store.nr_fatal);
		blkback_exclusive_open = true;
		store_write(BACK_NODE "/mode", "w");
		back_recovers(test, bench);
		KUNIT_EXPECT_TRUE(test, peer_close(bench->peer));
		back_remove(bench);
		loopback_settle();
		store_reset();
		back_add(bench);
	}
}

/* The other half of a block would be written back as it was. */
static void E1_not_beside_a_writer_that_is_not(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int emulated;

	back_add_second(bench);
	for (emulated = 0; emulated < 2; emulated++) {
		store_write(BACK_NODE "/emulate-512", "%u", emulated);
		store_write(SECOND_BACK_NODE "/emulate-512", "%u", !emulated);
		back_connect(test, bench);
		store_write(SECOND_BACK_NODE "/physical-device", "%x:%x",
			    MAJOR(disk.devt), MINOR(disk.devt));
		KUNIT_EXPECT_TRUE(test, store_wait_int(SECOND_BACK_NODE "/state",
						       XenbusStateClosing,
						       PATIENCE_MS));
		KUNIT_EXPECT_TRUE(test, peer_close(bench->peer));
		back_remove(bench);
		store_remove_device(bench->second_back);
		store_put_device(bench->second_back);
		loopback_settle();
		store_reset();
		back_add(bench);
		peer_destroy(bench->second);
		back_add_second(bench);
	}
}

/* A loop device may be no whole number of blocks. */
static void E1_no_part_of_a_block_at_the_end(struct kunit *test)
{
	struct bench *bench = test->priv;

	disk_resize(8 * 100 + 3);
	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, 800, store_read_int(BACK_NODE "/sectors", -1));
	disk_resize(8 * 90 + 7);
	KUNIT_EXPECT_TRUE(test, store_wait_int(BACK_NODE "/sectors", 720,
					       PATIENCE_MS));
}

static void E1_read_only(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct model *model = model_create(test, 5);
	unsigned int i;

	store_write(BACK_NODE "/mode", "r");
	back_connect(test, bench);
	for (i = 0; i < 50; i++)
		model_round(test, model, bench->peer, BLKIF_OP_READ, 11);
	model_agrees(test, model);
}

/* The guest's data begins anywhere; the disk takes pages' beginnings alone. */
static struct model *R31_connect(struct kunit *test, u64 seed)
{
	struct model *model = model_create(test, seed);

	disk_blocks(512, PAGE_SIZE - 1);
	store_write(BACK_NODE "/emulate-512", "0");
	back_connect(test, test->priv);
	return model;
}

static void R31_memory_that_the_disk_does_not_take(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct model *model = R31_connect(test, 6);
	unsigned int i;

	disk.nr_ops = 0;
	for (i = 0; i < ROUNDS; i++)
		model_round(test, model, bench->peer, below(model, 2) ?
			    BLKIF_OP_WRITE : BLKIF_OP_READ,
			    BLKIF_MAX_SEGMENTS_PER_REQUEST);
	/* Nothing is read that was not asked for. */
	KUNIT_EXPECT_EQ(test, ROUNDS, disk.nr_ops);
	for (i = 0; i < ROUNDS; i++)
		model_round(test, model, bench->peer, below(model, 3) ?
			    BLKIF_OP_WRITE : BLKIF_OP_READ, NR_PAGES);
	model_agrees(test, model);
}

static void R31_forward_progress_on_the_reserve(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct model *model;
	unsigned int i;

	xen.pages_budget = 64;
	model = R31_connect(test, 7);
	for (i = 0; i < ROUNDS / 4; i++) {
		model_round(test, model, bench->peer, below(model, 3) ?
			    BLKIF_OP_WRITE : BLKIF_OP_READ, NR_PAGES);
		xen.no_memory = i > 8;
	}
	xen.no_memory = false;
	model_agrees(test, model);
}

static void R31_most_disks_take_any_memory(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot;
	unsigned int i;

	disk_blocks(512, 511);
	back_connect(test, bench);
	for (i = 0; i < 2; i++) {
		slot = peer_request(bench->peer, i ? BLKIF_OP_READ :
				    BLKIF_OP_WRITE, 1, 17, 2, 0);
		slot.seg[0].first_sect = 3;
		slot.seg[1].last_sect = 4;
		goes_as_it_is(test, bench->peer, &slot);
	}
	KUNIT_EXPECT_EQ(test, 2, disk.nr_ops);
}

/* They need no data, or begin where the guest's pages do. */
static void R31_what_needs_no_copy(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot =
		peer_request(bench->peer, BLKIF_OP_WRITE, 1, 17, 2, 0);
	struct peer_slot discard = {
		.op = BLKIF_OP_DISCARD, .id = 6, .sector = 3, .nr_sectors = 2,
	};
	struct peer_slot flush =
		peer_request(bench->peer, BLKIF_OP_FLUSH_DISKCACHE, 4, 0, 0, 0);

	R31_connect(test, 8);
	disk.nr_ops = 0;
	slot.seg[1].last_sect = 2;
	goes_as_it_is(test, bench->peer, &slot);
	slot.op = BLKIF_OP_READ;
	goes_as_it_is(test, bench->peer, &slot);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &discard));
	KUNIT_EXPECT_EQ(test, 3, disk.log[2].sector);
	KUNIT_EXPECT_EQ(test, 2, disk.log[2].nr_sectors);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &flush));
	KUNIT_EXPECT_EQ(test, 4, disk.nr_ops);
}

/* Data that comes with a flush, too; an error is the disk's. */
static void R31_OP3_flush_with_data(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot =
		peer_request(bench->peer, BLKIF_OP_FLUSH_DISKCACHE, 4, 81, 2, 0);
	struct model *model = R31_connect(test, 9);

	slot.seg[0].first_sect = 2;
	peer_fill(bench->peer, 0, 2, 3);
	disk.nr_ops = 0;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
	KUNIT_EXPECT_EQ(test, 1, disk.nr_ops);
	KUNIT_EXPECT_TRUE(test, disk.log[0].preflush && disk.log[0].fua);
	KUNIT_EXPECT_EQ(test, 81, disk.log[0].sector);
	KUNIT_EXPECT_EQ(test, 14, disk.log[0].nr_sectors);
	memcpy(model->data + (81 << 9), page_address(bench->peer->page[0]) +
	       1024, 6 << 9);
	memcpy(model->data + (87 << 9), page_address(bench->peer->page[1]),
	       8 << 9);
	disk.fail_flushes = 1;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &slot));
	model_agrees(test, model);
}

static struct kunit_case back_emulate_cases[] = {
	KUNIT_CASE(E1_U4_what_the_frontend_is_told),
	KUNIT_CASE(E1_only_where_it_was_asked_for),
	KUNIT_CASE(E1_not_on_other_blocks),
	KUNIT_CASE(E1_any_sectors),
	KUNIT_CASE(E1_any_large_requests),
	KUNIT_CASE(E1_forward_progress_on_the_reserve),
	KUNIT_CASE(E1_whole_blocks_cost_nothing),
	KUNIT_CASE(E1_only_edges_are_read),
	KUNIT_CASE(E1_an_edge_that_cannot_be_read),
	KUNIT_CASE(E1_a_read_that_fails_leaves_the_pages),
	KUNIT_CASE(E1_OP3_flush_of_some_sectors),
	KUNIT_CASE(E1_discards_are_of_whole_blocks),
	KUNIT_CASE(E1_not_where_others_may_write),
	KUNIT_CASE(E1_not_beside_a_writer_that_is_not),
	KUNIT_CASE(E1_no_part_of_a_block_at_the_end),
	KUNIT_CASE(E1_read_only),
	KUNIT_CASE(R31_memory_that_the_disk_does_not_take),
	KUNIT_CASE(R31_forward_progress_on_the_reserve),
	KUNIT_CASE(R31_most_disks_take_any_memory),
	KUNIT_CASE(R31_what_needs_no_copy),
	KUNIT_CASE(R31_OP3_flush_with_data),
	{}
};

struct kunit_suite back_emulate_suite = {
	.name = "loopback_back_emulate",
	.suite_init = loopback_start_mapping,
	.suite_exit = loopback_stop,
	.init = emulate_init,
	.exit = back_exit,
	.test_cases = back_emulate_cases,
};
