# SPDX-License-Identifier: GPL-2.0
"""What the pair is meant to reach, beside what was measured."""

from results import INTREE, INTREE_OURS, OURS, OURS_INTREE, above, ratio
from text import fraction, number, thousands


def adds(job):
    return lambda jobs, pair: above(jobs[job], pair)


def event(job, name):
    return lambda jobs, pair: jobs[job][pair]["events"].get(name, 0)


def worst(pair):
    """The highest ratio to the in-tree pair of all jobs."""
    def find(jobs, of):
        found = [r for pairs in jobs.values() if (r := ratio(pairs, pair)) is not None]
        if not found:
            raise KeyError(pair)
        return 1 if of == INTREE else max(found)
    return find


def percent(value):
    return "-" if value is None else f"{value:.1f} %"


def counting(job):
    """What counting latencies costs of a request."""
    def find(jobs, pair):
        if pair == INTREE:
            return None
        counted = jobs[job][pair]["instructions"]
        return 100 * (counted / jobs[f"{job}-uncounted"][pair]["instructions"] - 1)
    return find


# What, how it is written, how it is found for a pair, the goal.
GOALS = (
    ("added to 4k random read, depth 32", thousands, adds("4k-32"), "4.5"),
    ("added to 4k random write, depth 32", thousands, adds("4k-write-32"), "4.5"),
    ("added to 4k random read, submit 32 and reap 32", thousands, adds("4k-32-32"),
     "6, then 4"),
    ("added to 4k random read, depth 1", thousands, adds("4k-1"), "36"),
    ("added to 128k sequential read, depth 8", thousands, adds("128k-8"), "18"),
    ("added to 1M sequential read", thousands, adds("1m-4"), "a third of in-tree"),
    ("what is added, to in-tree, at worst", fraction, worst(OURS), "0.5"),
    ("hypercalls, 4k depth 32", number, event("4k-32", "hypercalls"), "1.7"),
    ("hypercalls, 4k depth 1", number, event("4k-1", "hypercalls"), "14"),
    ("grant hypercalls, 128k", number, event("128k-8", "do_grant_table_op"), "1"),
    ("TLB flushes, 128k", number, event("128k-8", "TLB flushes"), "1.05"),
    ("KiB copied, 128k", number, event("128k-8", "KiB copied by kernels"), "0"),
    ("the same of our frontend with the in-tree backend", fraction,
     worst(OURS_INTREE), "never above 1"),
    ("the same of the in-tree frontend with our backend", fraction, worst(INTREE_OURS),
     "never above 1"),
    ("counting latencies, of 4k random read, depth 32", percent, counting("4k-32"), "1 %"),
    ("counting latencies, of 4k random read, depth 1", percent, counting("4k-1"), "1 %"),
    ("counting latencies, of 128k sequential read", percent, counting("128k-8"), "1 %"),
)


def table(jobs):
    """Numbers of instructions are in thousands."""
    rows = [["for each request", "in-tree", "goal", "measured"]]
    for what, written, find, goal in GOALS:
        try:
            rows.append([what, written(find(jobs, INTREE)), goal, written(find(jobs, OURS))])
        except KeyError:
            # A run of some of the jobs.
            continue
    return rows
