# SPDX-License-Identifier: GPL-2.0
"""What count.c wrote, made into costs of one request."""

import bisect
import collections
import os


class Symbols:
    """Names of addresses, from the parts that a scenario wrote."""

    def __init__(self, path):
        tables = collections.defaultdict(dict)
        with open(path, encoding="ascii", errors="replace") as f:
            part = None
            for line in f:
                word = line.split()
                if line.startswith("="):
                    part = word[1] if len(word) > 1 else None
                elif part and len(word) >= 3 and word[1] in "tTwW":
                    name = word[2] + (" " + word[3] if len(word) > 3 else "")
                    if part == "guest":
                        name += " [xen_blkfront]"
                    tables[part].setdefault(int(word[0], 16), name)
        self.tables = {p: (sorted(t), t) for p, t in tables.items()}

    def find(self, part, address):
        """The name of the function, and whether the address is its first."""
        if part not in self.tables:
            return None, False
        addresses, names = self.tables[part]
        i = bisect.bisect_right(addresses, address) - 1
        if i < 0 or address - addresses[i] > 1 << 18:
            return None, False
        return names[addresses[i]], addresses[i] == address


MODULES = 0xFFFFFFFFC0000000
KERNEL = 0xFFFFFFFF80000000
XEN = (0xFFFF82D000000000, 0xFFFF830000000000)


class Cost:
    """Of one request: in all, by who ran, by function."""

    def __init__(self):
        self.total = 0
        self.by_domain = collections.Counter()
        self.instructions = collections.Counter()
        self.entered = collections.Counter()


class Run:
    """One run of the machine."""

    def __init__(self, out):
        self.out = out
        self.symbols = Symbols(os.path.join(out, "symbols"))
        self.jobs = {}
        with open(os.path.join(out, "table"), encoding="ascii") as f:
            for i, line in enumerate(f):
                name, lengths = line.rstrip("\n").split("\t")
                short, long = map(int, lengths.split())
                while name in self.jobs:
                    name += "'"
                self.jobs[name] = (i, long - short)

    def who(self, address):
        """Part, function, and whether it is entered here."""
        if address < 1 << 47:
            return "user", "user", False
        if XEN[0] <= address < XEN[1]:
            part = "xen"
        elif address >= MODULES:
            for part in ("guest", "dom0"):
                name, first = self.symbols.find(part, address)
                if name and "[" in name:
                    return "modules", name, first
            return "modules", "module?", False
        elif address >= KERNEL:
            part = "dom0"
        else:
            return "other", hex(address >> 12), False
        name, first = self.symbols.find(part, address)
        if part == "dom0":
            part = "kernels"
        return part, f"{name} [{part}]" if part == "xen" else str(name), first

    def segment(self, number, sign, cost):
        with open(os.path.join(self.out, f"count.{number}"), encoding="ascii") as f:
            for line in f:
                address, _, n, runs = line.split()
                address, n, runs = int(address, 16), int(n), sign * int(runs)
                part, name, first = self.who(address)
                cost.total += n * runs
                cost.by_domain[part] += n * runs
                cost.instructions[name] += n * runs
                if first:
                    cost.entered[name] += runs

    def cost(self, job):
        index, requests = self.jobs[job]
        cost = Cost()
        self.segment(3 * index + 2, -1, cost)
        self.segment(3 * index + 3, 1, cost)
        cost.total /= requests
        for counter in (cost.by_domain, cost.instructions, cost.entered):
            for key in counter:
                counter[key] /= requests
        return cost
