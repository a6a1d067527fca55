# SPDX-License-Identifier: GPL-2.0
"""Percentiles of an interval, beside those of the times themselves."""

import random
import unittest

from false_sys import bucket, exact_percentile
from xenblk import histogram


def counted(times):
    result = {}
    for ns in times:
        lower, upper = bucket(ns)
        result[lower] = (upper, result.get(lower, (upper, 0))[1] + 1)
    return result


def times(rng):
    """Of the kinds that there are: one time, few, many near each other, and far apart."""
    n = rng.choice((1, 2, 3, 10, 100, 1000))
    middle = 10 ** rng.uniform(2, 10)
    return [int(rng.lognormvariate(0, rng.choice((0, 0.1, 2))) * middle) for _ in range(n)]


class Percentiles(unittest.TestCase):
    def test_they_are_in_the_bucket_of_the_exact_one(self):
        rng = random.Random(1)
        for _ in range(500):
            before, since = times(rng), times(rng)
            largest = max(before + since)
            diff = histogram.difference(counted(before + since), counted(before))
            self.assertEqual(histogram.count(diff), len(since))
            for share in (0.01, 0.5, 0.9, 0.99, 0.999, 1):
                lower, upper = bucket(exact_percentile(since, share))
                found = histogram.percentile(diff, share, largest)
                self.assertGreaterEqual(found, lower)
                self.assertLessEqual(found, largest if upper is None else upper)
                self.assertLessEqual(found, largest)

    def test_exact_values(self):
        # The 50th of 100 lies in the middle of the last one's place in 80 below 512.
        diff = {256: (512, 80), 1024: (2048, 20)}
        self.assertEqual(histogram.percentile(diff, 0.5, 5000), 256 + round(256 * 49.5 / 80))
        self.assertEqual(histogram.percentile(diff, 0.99, 5000), 1024 + round(1024 * 18.5 / 20))

    def test_never_above_the_largest(self):
        self.assertLessEqual(histogram.percentile({1024: (2048, 1)}, 0.99, 1030), 1030)

    def test_the_last_bucket_ends_with_the_largest(self):
        self.assertEqual(histogram.percentile({1000: (None, 1)}, 0.5, 3000), 2000)

    def test_of_nothing(self):
        self.assertIsNone(histogram.percentile({}, 0.5, 0))

    def test_a_bucket_that_shrank(self):
        now, before = {0: (256, 3), 256: (512, 9)}, {0: (256, 5), 256: (512, 2)}
        self.assertEqual(histogram.difference(now, before), {256: (512, 7)})
        self.assertTrue(histogram.shrank(now, before))
        self.assertTrue(histogram.shrank({}, before))
        self.assertFalse(histogram.shrank(now, {256: (512, 2)}))

    def test_merged(self):
        self.assertEqual(histogram.merge([{0: (256, 3)}, {0: (256, 1), 256: (None, 2)}]),
                         {0: (256, 4), 256: (None, 2)})
