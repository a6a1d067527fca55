# SPDX-License-Identifier: GPL-2.0
"""Histograms: {lower: (upper, count)}, times in ns, the upper end excluded or None."""

import math


def count(histogram):
    return sum(n for _, n in histogram.values())


def difference(now, before):
    """What was counted since; of a bucket that shrank nothing."""
    result = {}
    for lower, (upper, n) in now.items():
        n -= before.get(lower, (upper, 0))[1]
        if n > 0:
            result[lower] = (upper, n)
    return result


def shrank(now, before):
    """Not by counting: somebody has reset it."""
    return any(now.get(lower, (upper, 0))[1] < n for lower, (upper, n) in before.items())


def merge(histograms):
    result = {}
    for histogram in histograms:
        for lower, (upper, n) in histogram.items():
            result[lower] = (upper, n + result.get(lower, (upper, 0))[1])
    return result


def end(lower, upper, largest):
    """Of a bucket, as far as times are in it: none was above the largest."""
    return lower if largest < lower else min(largest, math.inf if upper is None else upper)


def bounds(histogram, largest):
    """The least and the most that all times may be together."""
    return (sum(lower * n for lower, (_, n) in histogram.items()),
            sum(end(lower, upper, largest) * n for lower, (upper, n) in histogram.items()))


def percentile(histogram, share, largest):
    """The time that so many are not above, within its bucket by proportion; None of
    nothing."""
    rank = max(1, math.ceil(share * count(histogram)))
    for lower, (upper, n) in sorted(histogram.items()):
        if rank <= n:
            return round(lower + (end(lower, upper, largest) - lower) * (rank - 0.5) / n)
        rank -= n
    return None
