// SPDX-License-Identifier: GPL-2.0
/* Names and numbers are those that xen-blkfront has always given. */
#include <kunit/test.h>
#include <linux/kdev_t.h>
#include <linux/module.h>

#include "../../blkfront/vdev.c"

/* The rules of protocol A.9, the long way. */
static int rules(unsigned int number, unsigned int *minor, unsigned int *offset,
		 unsigned int *nr_parts)
{
	unsigned int major = number >> 8, low = number & 255;

	*nr_parts = 16;
	if (number >> 28 > 1)
		return -ENODEV;
	if (number >> 28 == 1) {
		*nr_parts = 256;
		*minor = number & 0xfffffff;
		*offset = *minor / 256;
		return *minor >> MINORBITS ? -ENODEV : 0;
	}
	switch (major) {
	case 3:				/* hda, hdb */
		*offset = low / 64;
		*minor = *offset * 16;
		return 0;
	case 22:			/* hdc, hdd */
		*offset = low / 64 + 2;
		*minor = *offset * 16;
		return 0;
	case 8:				/* sda to sdp */
		*offset = low / 16;
		*minor = low;
		return 0;
	case 65 ... 71:			/* sdq and on */
		*offset = low / 16 + (major - 65 + 1) * 16;
		*minor = low + (major - 65 + 1) * 256;
		return 0;
	case 128 ... 135:
		*offset = low / 16 + (major - 128 + 8) * 16;
		*minor = low + (major - 128 + 8) * 256;
		return 0;
	case 202:			/* xvda to xvdp */
		*offset = low / 16;
		*minor = low;
		return 0;
	default:
		return -ENODEV;
	}
}

static void letters(char *to, unsigned int n)
{
	if (n >= 26) {
		letters(to, n / 26 - 1);
		to += strlen(to);
	}
	*to++ = 'a' + n % 26;
	*to = '\0';
}

/* Does @number mean what the rules say? */
static bool same(int number)
{
	unsigned int minor, offset, nr_parts;
	struct blkfront_vdev vdev;
	char name[40] = "xvd";
	int err;

	err = rules(number, &minor, &offset, &nr_parts);
	if (blkfront_vdev_parse(number, &vdev) != err)
		return false;
	if (err)
		return true;
	letters(name + 3, offset);
	if (minor % nr_parts)
		snprintf(name + strlen(name), 8, "%u", minor % nr_parts);
	return !strcmp(name, vdev.name) && vdev.minor == minor &&
	       vdev.offset == offset &&
	       vdev.nr_minors == (minor % nr_parts ? 1 : nr_parts) &&
	       vdev.extended == (nr_parts == 256) &&
	       vdev.xvd == (nr_parts == 256 || number >> 8 == 202);
}

static void A9_all_plain_numbers(struct kunit *test)
{
	int number;

	for (number = 0; number < 1 << 17; number++)
		if (!same(number)) {
			KUNIT_FAIL(test, "number %d", number);
			return;
		}
}

static void A9_all_extended_numbers(struct kunit *test)
{
	int number;

	for (number = 1 << 28; number < (1 << 28) + (1 << MINORBITS) + 1000;
	     number++)
		if (!same(number)) {
			KUNIT_FAIL(test, "number %d", number);
			return;
		}
}

static void A9_numbers_that_name_no_disk(struct kunit *test)
{
	static const int numbers[] = {
		-1, INT_MIN, INT_MAX, 1 << 29, (1 << 29) - 1, (1 << 28) - 1,
		202 << 16, 1 << 30,
	};
	struct blkfront_vdev vdev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		KUNIT_EXPECT_EQ(test, -ENODEV,
				blkfront_vdev_parse(numbers[i], &vdev));
}

static void A9_names(struct kunit *test)
{
	static const struct {
		int number;
		const char *name;
	} cases[] = {
		{ 51712, "xvda" }, { 51713, "xvda1" }, { 51728, "xvdb" },
		{ 51952, "xvdp" }, { 51967, "xvdp15" }, { 768, "xvda" },
		{ 832, "xvdb" }, { 5632, "xvdc" }, { 5696, "xvdd" },
		{ 2048, "xvda" }, { 2049, "xvda1" }, { 16640, "xvdq" },
		{ 268439552, "xvdq" }, { 268435456, "xvda" },
		{ 268435457, "xvda1" }, { 268435456 + 26 * 256, "xvdaa" },
		{ 268435456 + 702 * 256 + 255, "xvdaaa255" },
	};
	struct blkfront_vdev vdev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_ASSERT_EQ(test, 0,
				blkfront_vdev_parse(cases[i].number, &vdev));
		KUNIT_EXPECT_STREQ(test, cases[i].name, vdev.name);
	}
}

static struct kunit_case vdev_cases[] = {
	KUNIT_CASE(A9_names),
	KUNIT_CASE(A9_all_plain_numbers),
	KUNIT_CASE(A9_all_extended_numbers),
	KUNIT_CASE(A9_numbers_that_name_no_disk),
	{}
};

static struct kunit_suite vdev_suite = {
	.name = "blkfront_vdev",
	.test_cases = vdev_cases,
};

kunit_test_suite(vdev_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkfront/vdev.c");
MODULE_LICENSE("GPL");
