# SPDX-License-Identifier: GPL-2.0
"""What happened between two readings, as what --json prints: a report is made of
dictionaries, lists, numbers and strings only."""

from . import histogram, verdict
from .stages import TOTAL, names

FORMAT = 1


def shrank(now, before):
    """A reset came between a file's head and its numbers."""
    return any(histogram.shrank(stages[name].histogram, then.histogram)
               for kind, stages in now.types.items()
               for name, then in before.types.get(kind, {}).items() if name in stages)


def counted_since(now, before):
    """What NOW's counts are compared with, None for nothing, and since when."""
    if before is None or now.since_ns != before.since_ns:
        return None, now.since_ns
    return None if shrank(now, before) else before, before.now_ns


def stage_sum(now, before, counted):
    """Of the times in COUNTED.  Means are rounded, which is much after many requests; the
    histogram bounds it."""
    total = now.mean_ns * now.count
    if before is not None:
        total -= before.mean_ns * before.count
    least, most = histogram.bounds(counted, now.max_ns)
    return max(least, min(total, most))


def latency(counted, total_ns, largest):
    n = histogram.count(counted)
    return {"count": n,
            "mean_ns": round(total_ns / n) if n else None,
            "p50_ns": histogram.percentile(counted, 0.5, largest),
            "p99_ns": histogram.percentile(counted, 0.99, largest)}


def stage_report(now, before):
    """None when nothing of it was counted."""
    counted = histogram.difference(now.histogram, before.histogram if before else {})
    if not counted:
        return None
    total = stage_sum(now, before, counted)
    return latency(counted, total, now.max_ns) | {
        "sum_ns": total,
        "histogram": [[lower, upper, n] for lower, (upper, n) in sorted(counted.items())]}


def types_report(now, before):
    """{type: {stage: what was counted}}."""
    result = {}
    for kind, stages in now.types.items():
        then = before.types.get(kind, {}) if before else {}
        reports = {name: stage_report(stage, then.get(name))
                   for name, stage in stages.items()}
        reports = {name: report for name, report in reports.items() if report}
        if reports:
            result[kind] = reports
    return result


def shares(side, reports):
    """Where the time of some types went: {stage: share}."""
    sums = {stage: sum(r[stage]["sum_ns"] for r in reports if stage in r)
            for stage in names(side)}
    everything = sum(sums.values())
    return {stage: round(ns / everything, 4) for stage, ns in sums.items()} \
        if everything else {}


def all_types(stat, types):
    """The whole requests of a disk, of any type."""
    totals = [stages[TOTAL] for stages in types.values() if TOTAL in stages]
    merged = histogram.merge(
        {lower: (upper, n) for lower, upper, n in t["histogram"]} for t in totals)
    largest = max((stat.types[kind][TOTAL].max_ns for kind in types
                   if TOTAL in stat.types[kind]), default=0)
    return latency(merged, sum(t["sum_ns"] for t in totals), largest)


def rate(now, before, seconds):
    """None when it is not known, or began anew."""
    return round((now - before) / seconds, 3) if seconds > 0 and now >= before else None


def rates(now, before):
    """By the counters, which nobody resets."""
    result = dict.fromkeys(("iops", "read_bytes_per_sec", "write_bytes_per_sec", "errors"))
    if before is None or not (now.counters and before.counters):
        return result
    seconds = (now.stat.now_ns - before.stat.now_ns) / 1e9
    new, old = now.counters, before.counters
    result["iops"] = rate(new.requests, old.requests, seconds)
    result["read_bytes_per_sec"] = rate(new.read_bytes, old.read_bytes, seconds)
    result["write_bytes_per_sec"] = rate(new.write_bytes, old.write_bytes, seconds)
    if new.errors is not None and new.errors >= old.errors:
        result["errors"] = new.errors - old.errors
    return result


def under_way(rings):
    if rings is None:
        return {"in_flight": None, "oldest_ns": None, "oldest_stage": None}
    oldest = max(rings.waiting, key=lambda waiting: waiting.age_ns, default=None)
    return {"in_flight": rings.in_flight,
            "oldest_ns": oldest.age_ns if oldest else None,
            "oldest_stage": oldest.stage if oldest else None}


def disk_report(side, now, before, name):
    stat = now.stat
    then, since_ns = counted_since(stat, before.stat if before else None)
    types = types_report(stat, then)
    return ({"domain": stat.domain, "name": name, "disk": stat.disk, "device": stat.device,
             "interval_s": round((stat.now_ns - since_ns) / 1e9, 3)}
            | rates(now, before) | under_way(now.rings) | all_types(stat, types)
            | {"time": shares(side, types.values()), "limits": now.limits, "types": types})


def report(side, now, before, names_of):
    """Of two readings.  A disk that is new is told of since it came."""
    disks = [disk_report(side, disk, before.disks.get(directory), names_of.name(disk.stat.domain))
             for directory, disk in now.disks.items()]
    return {"format": FORMAT, "side": side, "time": round(now.time, 3), "disks": disks,
            "slowest": verdict.slowest(side, disks), "problems": now.problems}
