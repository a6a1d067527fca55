# SPDX-License-Identifier: GPL-2.0
"""Recorded reports (lines of xenblk-top --json) as panels to draw."""

import json
from dataclasses import dataclass, field

from . import histogram, verdict
from .interval import FORMAT

# A panel has no more columns; where there are more intervals, neighbours are one.
COLUMNS = 300


class RecordError(Exception):
    """The file is no record, or there is nothing to draw in it."""


@dataclass
class Column:
    """What was counted from one time to another, in seconds of the epoch."""
    start: float
    end: float
    histogram: dict


@dataclass
class Panel:
    title: str
    columns: list = field(default_factory=list)


def read(lines, name):
    reports = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            report = json.loads(line)
            known = report["format"]
        except (ValueError, KeyError, TypeError):
            raise RecordError(f"{name}: line {number} is not a line of xenblk-top "
                              "--json") from None
        if known != FORMAT:
            raise RecordError(f"{name}: line {number} has format {known}, expected "
                              f"{FORMAT}: record and program are of different versions")
        reports.append(report)
    if not reports:
        raise RecordError(f"{name}: no intervals; record some with "
                          "xenblk-top --json -n 300 >FILE")
    return reports


def wanted(value, chosen):
    return not chosen or str(value) in chosen


def latencies(report, guests, disks, types, stages):
    """Each stage of each type of each disk that is wanted, with its interval."""
    for disk in report["disks"]:
        if wanted(disk["domain"], guests) and wanted(disk["disk"], disks):
            for kind, by_stage in disk["types"].items():
                for stage, latency in by_stage.items():
                    if wanted(kind, types) and ("all" in stages or stage in stages):
                        yield disk, kind, stage, latency


def column(report, disk, latency):
    counted = {lower: (upper, n) for lower, upper, n in latency["histogram"]}
    return Column(report["time"] - disk["interval_s"], report["time"], counted)


def merged(columns):
    """Neighbours are joined until there are few enough."""
    step = -(-len(columns) // COLUMNS)
    groups = [columns[i:i + step] for i in range(0, len(columns), step)]
    return [Column(group[0].start, group[-1].end,
                   histogram.merge(c.histogram for c in group)) for group in groups]


def panels(reports, guests=(), disks=(), types=(), stages=("total",)):
    """In the order in which they first occur."""
    found = {}
    for report in reports:
        for disk, kind, stage, latency in latencies(report, guests, disks, types, stages):
            panel = found.setdefault(
                (disk["domain"], disk["disk"], kind, stage),
                Panel(f"{verdict.whose(report['side'], disk)}: {kind}, {stage}"))
            panel.columns.append(column(report, disk, latency))
    if not found:
        raise RecordError("nothing in the record is of that guest, disk, type and stage")
    for panel in found.values():
        panel.columns = merged(panel.columns)
    return list(found.values())
