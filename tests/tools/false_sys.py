# SPDX-License-Identifier: GPL-2.0
"""A false /sys, with as many disks as a test wants, as the drivers would show them."""

import math
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools")
sys.path.insert(0, TOOLS)

BACKEND_STAGES = ("ring", "admission", "pages_in", "device", "pages_out", "answer")
FRONTEND_STAGES = ("queue", "backend", "finish")
LAST_BUCKET = 1 << 34
SECOND = 10 ** 9
# Of every program that is run: what Python warns of is an error.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
               "PYTHONWARNINGS": "error"}


def bucket(ns):
    """Four to each power of two, from 256 ns on."""
    if ns < 256:
        return 0, 256
    if ns >= LAST_BUCKET:
        return LAST_BUCKET, None
    step = 1 << (ns.bit_length() - 3)
    lower = ns // step * step
    return lower, lower + step


def exact_percentile(times, share):
    """Of the times themselves."""
    return sorted(times)[max(1, math.ceil(share * len(times))) - 1]


def stat_lines(kind, stage, times):
    shown = [exact_percentile(times, share) for share in (0.5, 0.9, 0.99, 0.999)]
    counts = {}
    for ns in times:
        counts[bucket(ns)] = counts.get(bucket(ns), 0) + 1
    row = [kind, stage, len(times), sum(times) // len(times), *shown, max(times)]
    buckets = [f"{lower}-{'inf' if upper is None else upper}:{n}"
               for (lower, upper), n in sorted(counts.items())]
    return " ".join(map(str, row)), " ".join(["hist", kind, stage] + buckets)


class FalseDisk:
    """Requests are {stage: ns}; what the kernel has forgotten by a reset is not here."""

    def __init__(self, sys_, disk, domain, device):
        self.sys, self.disk, self.domain, self.device = sys_, disk, domain, device
        self.since_ns = sys_.now_ns
        self.requests = {}
        self.waiting = []       # operation, age, stage
        self.counters = dict.fromkeys(("rd_req", "wr_req", "f_req", "ds_req", "err_req",
                                       "oo_req", "rd_sect", "wr_sect"), 0)
        self.limits = {}

    def did(self, kind, requests, sectors=8):
        self.requests.setdefault(kind, []).extend(requests)
        short = {"read": "rd", "write": "wr", "flush": "f", "discard": "ds"}[kind]
        self.counters[f"{short}_req"] += len(requests)
        if kind in ("read", "write"):
            self.counters[f"{short}_sect"] += len(requests) * sectors

    def reset(self):
        self.requests = {}
        self.since_ns = self.sys.now_ns

    def stat(self):
        lines, histograms = [], []
        for kind, requests in self.requests.items():
            stages = list(requests[0]) + ["total"]
            for stage in stages:
                times = [sum(r.values()) if stage == "total" else r[stage]
                         for r in requests]
                line, histogram = stat_lines(kind, stage, times)
                lines.append(line)
                histograms.append(histogram)
        return "\n".join(
            ["xenblk-stat 1",
             f"disk {self.disk} domain {self.domain} device {self.device} "
             f"now_ns {self.sys.now_ns} since_ns {self.since_ns}",
             "# type stage count mean p50 p90 p99 p99.9 max (ns)"] + lines
            + ["# histogram: type stage lower-upper:count ... (ns, upper exclusive, "
               "\"inf\" for the last)"] + histograms + [""])

    def rings(self):
        lines = [f"ring 0 slots 32 req_prod 14 req_cons 14 rsp_prod 12 req_event 15 "
                 f"rsp_event 13 in_flight {len(self.waiting)} pass_ns 0"]
        for i, (operation, age_ns, stage) in enumerate(self.waiting):
            lines.append(f"request {i:#x} {operation} sector 2048 sectors 8 "
                         f"age_ns {age_ns} stage {stage}")
        return "\n".join(lines + ["ring 1 slots 32 req_prod 0 req_cons 0 rsp_prod 0 "
                                  "rsp_event 1 in_flight 0 pass_ns 0", ""])


class FalseSys:
    """Use it in a `with`; write() after each change."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="xenblk-sys-")
        os.chmod(self.root, 0o755)
        self.now_ns = 1000 * SECOND
        self.disks = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def put(self, path, text):
        """At once, as a file of the kernel's is read at once."""
        path = self.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(path + ".new", path)

    def load(self, module, **parameters):
        os.makedirs(self.path("module", module, "parameters"), exist_ok=True)
        for name, value in parameters.items():
            self.put(f"module/{module}/parameters/{name}", value + "\n")

    def backend_disk(self, disk, domain, number=51712):
        self.load("xen_blkback", latency_stats="Y")
        self.disks.append(FalseDisk(self, disk, domain, f"vbd-{domain}-{number}"))
        return self.disks[-1]

    def frontend_disk(self, disk, number=51712):
        self.load("xen_blkfront", latency_stats="Y")
        self.disks.append(FalseDisk(self, disk, 0, f"vbd-{number}"))
        return self.disks[-1]

    def directory(self, disk):
        if disk.device.count("-") == 1:
            return f"kernel/debug/xen/blkfront/{disk.disk}"
        return f"kernel/debug/xen/blkback/{disk.disk}.{disk.domain}"

    def write(self):
        for disk in self.disks:
            directory = self.directory(disk)
            self.put(f"{directory}/stat", disk.stat())
            self.put(f"{directory}/rings", disk.rings())
            if "blkback" in directory:
                self.write_device(disk)
            else:
                self.write_block(disk)

    def write_device(self, disk):
        device = f"bus/xen-backend/devices/{disk.device}"
        for name, value in disk.counters.items():
            self.put(f"{device}/statistics/{name}", f"{value}\n")
        for name, value in disk.limits.items():
            self.put(f"{device}/limits/{name}", f"{value}\n")

    def write_block(self, disk):
        c = disk.counters
        self.put(f"block/{disk.disk}/stat",
                 f"{c['rd_req']:8} 0 {c['rd_sect']:8} 9 {c['wr_req']:8} 0 {c['wr_sect']:8} "
                 f"9 0 9 9 {c['ds_req']:8} 0 0 0 {c['f_req']:8} 9\n")

    def remove(self, disk):
        self.disks.remove(disk)
        shutil.rmtree(self.path(self.directory(disk)))


def request(stages=BACKEND_STAGES, **times):
    """One that took no time but what is told."""
    return {stage: times.get(stage, 0) for stage in stages}


def run(program, *arguments, path="/usr/bin:/bin", **how):
    """A program of tools/, to its end."""
    return subprocess.run(
        [os.path.join(how.pop("tools", TOOLS), program), *arguments], text=True,
        capture_output=True, stdin=subprocess.DEVNULL, timeout=60,
        env=ENVIRONMENT | {"PATH": path}, **how)
