# SPDX-License-Identifier: GPL-2.0
"""Ours beside the in-tree pair where CPUs are parallel: only ratios count, each of
two runs that stood beside each other."""

import os
import statistics

from results import INTREE, OURS

MEASURES = ("IOPS", "p50", "p99", "p99.9")


def read(out):
    """{job: {pair: [[IOPS, p50, p99, p99.9], ...]}}"""
    jobs = {}
    with open(os.path.join(out, "table"), encoding="ascii") as f:
        for line in f:
            name, values = line.rstrip("\n").split("\t")
            pair, job = name.split("/", 1)
            runs = jobs.setdefault(job, {}).setdefault(pair, [])
            runs.append([float(v) for v in values.split()])
    return jobs


def ratios(pairs, measure):
    """Of ours to in-tree, the lowest first."""
    return sorted(ours[measure] / intree[measure]
                  for ours, intree in zip(pairs.get(OURS, ()), pairs.get(INTREE, ()))
                  if intree[measure])


def written(values):
    if not values:
        return "-"
    return f"{statistics.median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})"


def table(jobs):
    """The median of the ratios, and the lowest and the highest."""
    rows = [["ours to in-tree"] + list(MEASURES)]
    for job, pairs in jobs.items():
        rows.append([job] + [written(ratios(pairs, i)) for i in range(len(MEASURES))])
    return rows
