# SPDX-License-Identifier: GPL-2.0
"""What count.c wrote, made into costs of one request."""

import bisect
import collections
import os

MODULES = 0xFFFFFFFFC0000000
KERNEL = 0xFFFFFFFF80000000
XEN = (0xFFFF82D000000000, 0xFFFF830000000000)
PAGE = 12

# Marks of one job: before it is warmed up, before the short length, before the long
# one, and after it.
MARKS = 4


class Table:
    """Names of addresses."""

    def __init__(self):
        self.names = {}
        self.addresses = []

    def add(self, address, name):
        self.names.setdefault(address, name)

    def find(self, address):
        """The name of the function, and whether the address is its first."""
        if len(self.addresses) != len(self.names):
            self.addresses = sorted(self.names)
        i = bisect.bisect_right(self.addresses, address) - 1
        if i < 0 or address - self.addresses[i] > 1 << 18:
            return None, False
        return self.names[self.addresses[i]], self.addresses[i] == address


class Symbols:
    """The names that the scenarios wrote: Xen's and the kernel's, which are the same
    in all of them, and for each scenario those of dom0's and the guest's modules."""

    def __init__(self, path):
        self.xen, self.kernel = Table(), Table()
        self.modules = []
        table = None
        with open(path, encoding="ascii", errors="replace") as f:
            for line in f:
                word = line.split()
                if line.startswith("="):
                    table = self.table(word[1] if len(word) > 1 else "")
                elif table and len(word) >= 3 and word[1] in "tTwW":
                    if not word[2].startswith("__pfx_"):
                        table.add(int(word[0], 16), " ".join(word[2:4]))

    def table(self, part):
        if part == "scenario":
            self.modules.append({"dom0": Table(), "guest": Table()})
        if part in ("xen", "kernel"):
            return getattr(self, part)
        return self.modules[-1].get(part) if self.modules else None


class Cost:
    """Of one request: in all, by who ran, by function."""

    def __init__(self):
        self.total = 0
        self.by_part = collections.Counter()
        self.instructions = collections.Counter()
        # By the part and the function.
        self.entered = collections.Counter()
        self.bytes_copied = 0

    def add(self, place, n, runs):
        part, name, first = place
        self.total += n * runs
        self.by_part[part] += n * runs
        self.instructions[name] += n * runs
        if first:
            self.entered[part, name] += runs
        # Its loop, and the same with the instruction before it, moves 32 bytes.
        if name == "memcpy_orig" and n in (12, 13):
            self.bytes_copied += 32 * runs
        # A string instruction, which is a block for each time it moves 8 bytes.
        if name == "bounce_copy [xen_blkfront]" and n == 1:
            self.bytes_copied += 8 * runs

    def divide(self, requests):
        self.total /= requests
        self.bytes_copied /= requests
        for counter in (self.by_part, self.instructions, self.entered):
            for key in counter:
                counter[key] /= requests

    def calls(self, name, part=None):
        """How often a function was entered."""
        if part:
            return self.entered[part, name]
        return sum(n for (_, f), n in self.entered.items() if f == name)


class Job:
    """A row of the table: one job in one scenario."""

    def __init__(self, index, scenario, name, requests):
        self.index = index
        self.scenario = scenario
        self.pair, self.job = name.split("/", 1)
        self.requests = requests


class Run:
    """One run of the machine."""

    def __init__(self, out):
        self.out = out
        self.symbols = Symbols(os.path.join(out, "symbols"))
        self.jobs = {}
        self.known = collections.defaultdict(dict)
        self.read_table()
        self.learn_dom0()

    def read_table(self):
        """A name that comes again is told apart by a mark.  What a machine that went
        down did not get to is left out."""
        scenario, seen, last = -1, set(), None
        with open(os.path.join(self.out, "table"), encoding="ascii") as f:
            for i, line in enumerate(f):
                name, lengths = line.rstrip("\n").split("\t")
                short, long = map(int, lengths.split())
                pair = name.split("/")[0]
                if pair != last or name in seen:
                    scenario, seen, last = scenario + 1, set(), pair
                seen.add(name)
                if not os.path.exists(self.path(i, MARKS)):
                    continue
                job = Job(i, scenario, name, long - short)
                while name in self.jobs:
                    name += "'"
                self.jobs[name] = job

    def learn_dom0(self):
        """Which memory dom0's kernel and modules are in: what runs there while the
        bare device is tested is dom0's."""
        self.dom0_pages = set()
        for job in self.jobs.values():
            if job.pair == "bare-dom0":
                for address, host, _, _ in self.blocks(job, 3):
                    if address >= KERNEL:
                        self.dom0_pages.add((address >> PAGE, host >> PAGE))
        self.dom0_kernel = {(h - a) << PAGE for a, h in self.dom0_pages
                            if a << PAGE < MODULES}

    def path(self, index, number):
        return os.path.join(self.out, f"count.{MARKS * index + number}")

    def blocks(self, job, number):
        with open(self.path(job.index, number), encoding="ascii") as f:
            for line in f:
                address, host, n, runs = line.split()
                yield int(address, 16), int(host, 16), int(n), int(runs)

    def module(self, scenario, address, host):
        """Both domains may have a module at one address."""
        modules = self.symbols.modules[scenario]
        name, first = modules["guest"].find(address)
        if name and (address >> PAGE, host >> PAGE) not in self.dom0_pages:
            return "front", name, first
        name, first = modules["dom0"].find(address)
        part = "back" if name and "[xen_blkback]" in name else "modules"
        return part, name or "module?", first

    def find(self, scenario, address, host):
        """Part, function, and whether it is entered here."""
        if address < 1 << 47:
            return "user", "user", False
        if XEN[0] <= address < XEN[1]:
            name, first = self.symbols.xen.find(address)
            return "xen", f"{name} [xen]", first
        if address >= MODULES:
            return self.module(scenario, address, host)
        if address < KERNEL:
            return "other", hex(address >> PAGE), False
        name, first = self.symbols.kernel.find(address)
        page_offset = ((host >> PAGE) - (address >> PAGE)) << PAGE
        return "dom0" if page_offset in self.dom0_kernel else "guest", str(name), first

    def cost(self, name):
        """By the slope between the two lengths of a job."""
        job = self.jobs[name]
        known = self.known[job.scenario]
        cost = Cost()
        for number, sign in ((3, -1), (4, 1)):
            for address, host, n, runs in self.blocks(job, number):
                key = address, host
                if key not in known:
                    known[key] = self.find(job.scenario, address, host)
                cost.add(known[key], n, sign * runs)
        cost.divide(job.requests)
        return cost
