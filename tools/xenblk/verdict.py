# SPDX-License-Identifier: GPL-2.0
"""Which disk is slow, in which stage, in words."""

from .stages import BACKEND, meaning
from .units import duration

# A request under way for so long is worth more words than those that ended.
STUCK_NS = 1e9


def stuck_ns(disk):
    """How long its oldest request is under way, when that is long, or 0."""
    age = disk["oldest_ns"] or 0
    return age if age >= STUCK_NS else 0


def slowness(disk):
    """To compare disks by."""
    return max(stuck_ns(disk), disk["mean_ns"] or 0)


def whose(side, disk):
    if side != BACKEND:
        return disk["disk"]
    name = f" ({disk['name']})" if disk["name"] else ""
    return f"{disk['disk']} of guest {disk['domain']}{name}"


def is_rate(limit):
    """Requests wait for such a limit; the others only order them."""
    return limit.endswith(("iops", "bytes_per_sec"))


def reason(side, disk, stage):
    limits = [f"{name} {value}" for name, value in disk["limits"].items() if is_rate(name)]
    if stage == "admission" and limits:
        return "its limits, " + ", ".join(limits)
    return meaning(side, stage)


def slowest(side, disks):
    """The slowest of some disks' reports, or None when nothing happens."""
    disk = max(disks, key=slowness, default=None)
    if disk is None or not slowness(disk):
        return None
    result = {"domain": disk["domain"], "disk": disk["disk"], "device": disk["device"]}
    if stuck_ns(disk) > (disk["mean_ns"] or 0):
        return result | stuck(side, disk)
    return result | slow(side, disk)


def stuck(side, disk):
    stage = disk["oldest_stage"]
    return {"stage": stage, "share": None, "words":
            f"stuck: {whose(side, disk)}: {disk['in_flight']} under way, the oldest for "
            f"{duration(disk['oldest_ns'])} in {stage}: {reason(side, disk, stage)}"}


def slow(side, disk):
    if not disk["time"]:
        return {"stage": None, "share": None, "words":
                f"slowest: {whose(side, disk)}: {duration(disk['mean_ns'])}"}
    stage, share = max(disk["time"].items(), key=lambda item: item[1])
    return {"stage": stage, "share": share, "words":
            f"slowest: {whose(side, disk)}: {share * 100:.0f} % of "
            f"{duration(disk['mean_ns'])} in {stage}: {reason(side, disk, stage)}"}
