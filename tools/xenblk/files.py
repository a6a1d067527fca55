# SPDX-License-Identifier: GPL-2.0
"""Where the drivers' files are, and one reading of them all."""

import errno
import os
import time
from dataclasses import dataclass, field

from .stages import BACKEND, FRONTEND
from .statfile import FormatError, parse_rings, parse_stat
from .verdict import is_rate

MODULE = {BACKEND: "xen-blkback", FRONTEND: "xen-blkfront"}
DIRECTORY = {BACKEND: "blkback", FRONTEND: "blkfront"}

# Files of limits that say so limit nothing.
UNLIMITED = {"weight": ("100",), "ioprio": ("none",)}

# What a device of ours answers that went while it was read.
GONE = (errno.ENOENT, errno.ENODEV, errno.ENOTDIR, errno.ENXIO, errno.EIO)


class Trouble(Exception):
    """Nothing can be read at all.  Says what to do."""


@dataclass
class Counters:
    """They survive a reset of the statistics."""
    requests: int
    read_bytes: int
    write_bytes: int
    errors: int | None


@dataclass
class Disk:
    """One disk at one moment."""
    stat: object
    rings: object
    counters: Counters | None
    limits: dict


@dataclass
class Reading:
    time: float
    disks: dict = field(default_factory=dict)   # {directory: Disk}
    problems: list = field(default_factory=list)


def read(path):
    """The text of a file, or None when it is not there (any more)."""
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except PermissionError:
        raise Trouble(no_permission(path)) from None
    except OSError as error:
        if error.errno in GONE:
            return None
        raise


def no_permission(path):
    if os.geteuid():
        return f"{path}: permission denied; run it as root"
    return (f"{path}: permission denied even to root; in a container, or by a security "
            "module, debugfs may be closed")


def entries(path):
    """Names in a directory, or None when there is none."""
    try:
        return sorted(os.listdir(path))
    except PermissionError:
        raise Trouble(no_permission(path)) from None
    except (FileNotFoundError, NotADirectoryError):
        return None


def parsed(parse, path):
    text = read(path)
    if text is None:
        return None
    try:
        return parse(text)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None


def number(path):
    text = read(path)
    return int(text) if text and text.strip().isdigit() else 0


def backend_counters(root, stat):
    """What the device has in sysfs for xentop, too."""
    path = os.path.join(root, "bus/xen-backend/devices", stat.device, "statistics")
    if not entries(path):
        return None
    value = {name: number(os.path.join(path, name)) for name in (
        "rd_req", "wr_req", "f_req", "ds_req", "rd_sect", "wr_sect", "err_req")}
    return Counters(value["rd_req"] + value["wr_req"] + value["f_req"] + value["ds_req"],
                    value["rd_sect"] * 512, value["wr_sect"] * 512, value["err_req"])


def frontend_counters(root, stat):
    """What the block layer counts: reads, writes, discards and flushes."""
    text = read(os.path.join(root, "block", stat.disk, "stat"))
    values = [int(word) for word in (text or "").split()]
    if len(values) < 11:
        return None
    values += [0] * (17 - len(values))
    return Counters(values[0] + values[4] + values[11] + values[15],
                    values[2] * 512, values[6] * 512, None)


def backend_limits(root, stat):
    """{name: value} of those in force.  A burst is part of a rate."""
    path = os.path.join(root, "bus/xen-backend/devices", stat.device, "limits")
    values = {name: (read(os.path.join(path, name)) or "").strip()
              for name in entries(path) or []}
    limits = {name: value for name, value in values.items()
              if value not in ("", "0", *UNLIMITED.get(name, ()))}
    if not any(map(is_rate, limits)):
        limits.pop("burst_ms", None)
    return limits


def frontend_limits(_root, _stat):
    """The guest knows of none."""
    return {}


COUNTERS = {BACKEND: backend_counters, FRONTEND: frontend_counters}
LIMITS = {BACKEND: backend_limits, FRONTEND: frontend_limits}


class Source:
    """The files of one half below ROOT, which is /sys but in tests."""

    def __init__(self, root, side):
        self.root = root
        self.side = side
        self.directory = os.path.join(root, "kernel/debug/xen", DIRECTORY[side])

    def path(self, *names):
        return os.path.join(self.root, *names)

    def loaded(self, side):
        return os.path.isdir(self.path("module", MODULE[side].replace("-", "_")))

    def explain(self):
        """Why the directory is not there, and what to do."""
        module = MODULE[self.side]
        if not self.loaded(self.side):
            if self.side == BACKEND and self.loaded(FRONTEND):
                return ("xen-blkback is not loaded, xen-blkfront is: in a guest, "
                        "give --frontend")
            return f"{module} is not loaded: modprobe {module}"
        debug = self.path("kernel/debug")
        if not entries(debug):
            return f"debugfs is not mounted: mount -t debugfs debugfs {debug}"
        return (f"the {module} that is loaded has no files in {self.directory}: it is "
                "the kernel's own, or an older one (modinfo -n "
                f"{module}), or the kernel has no CONFIG_DEBUG_FS")

    def switched_off(self):
        """What to do about latencies that are not measured, or None."""
        module = MODULE[self.side]
        path = self.path("module", module.replace("-", "_"), "parameters/latency_stats")
        if (read(path) or "Y").strip() in ("Y", "1"):
            return None
        return (f"latencies are not measured: {module} has latency_stats=N; "
                f"to have them: echo Y >{path}")

    def disk(self, name):
        """None when it went."""
        directory = os.path.join(self.directory, name)
        stat = parsed(parse_stat, os.path.join(directory, "stat"))
        if stat is None:
            return None
        rings = parsed(parse_rings, os.path.join(directory, "rings"))
        return Disk(stat, rings, COUNTERS[self.side](self.root, stat),
                    LIMITS[self.side](self.root, stat))

    def reading(self):
        """All disks that can be read.  Raises Trouble when none can be."""
        names = entries(self.directory)
        if names is None:
            raise Trouble(self.explain())
        result = Reading(time.time())
        for name in names:
            try:
                disk = self.disk(name)
            except FormatError as error:
                result.problems.append(str(error))
                continue
            if disk is not None:
                result.disks[name] = disk
        off = self.switched_off()
        if off:
            result.problems.append(off)
        return result
