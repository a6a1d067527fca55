// SPDX-License-Identifier: GPL-2.0
/* Tables: what a request that is larger than a slot has instead of the slot's own. */
#include <linux/gfp.h>
#include <linux/slab.h>

#include "blkfront.h"

/**
 * blkfront_table_free - free a table
 * @table: the table, which nobody uses, with no descriptor page that is granted
 * @lingers: a backend that may have died had the pages mapped
 *
 * Context: any.
 */
void blkfront_table_free(struct blkfront_table *table, bool lingers)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table->desc); i++)
		if (table->desc[i])
			blkfront_linger_free(table->desc[i], lingers);
	kfree(table->page);
	kfree(table);
}

/**
 * blkfront_table_alloc - make a table
 * @nr_segs: for so many segments
 * @gfp: for its memory
 *
 * Its descriptor pages are to be granted, and hold nothing else.
 *
 * Context: as @gfp says.
 * Return: the table, or NULL.
 */
struct blkfront_table *blkfront_table_alloc(unsigned int nr_segs, gfp_t gfp)
{
	struct blkfront_table *table = kzalloc(sizeof(*table), gfp);
	unsigned int i;

	if (!table)
		return NULL;
	table->nr_segs = nr_segs;
	table->page = kmalloc_array(nr_segs, sizeof(*table->page) +
				    sizeof(*table->seg), gfp);
	if (!table->page)
		goto err_free;
	table->seg = (void *)(table->page + nr_segs);
	for (i = 0; i < blkfront_encode_descs(nr_segs); i++) {
		table->desc[i] = alloc_page(gfp | __GFP_ZERO);
		if (!table->desc[i])
			goto err_free;
	}
	return table;

err_free:
	blkfront_table_free(table, false);
	return NULL;
}
