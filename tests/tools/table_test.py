# SPDX-License-Identifier: GPL-2.0
"""Reports as text: what is in them, and that they fit."""

import copy
import functools
import re
import unittest

from false_sys import SECOND, FalseSys, request
from xenblk import table, units
from xenblk.files import Source
from xenblk.interval import report
from xenblk.stages import BACKEND

COLOURS = re.compile("\033\\[[0-9;]*m")


class Names:
    def name(self, domain):
        return {3: "a-guest-with-a-long-name"}.get(domain)


def busy_host(disks):
    """A report with so many disks, which a test may change."""
    return copy.deepcopy(made_busy_host(disks))


@functools.cache
def made_busy_host(disks):
    """Some have limits, all three types of requests."""
    with FalseSys() as sys_:
        for i in range(disks):
            disk = sys_.backend_disk(f"xvd{chr(97 + i % 26)}", 3 + i // 26, 51712 + 16 * i)
            if i % 3 == 0:
                disk.limits = {"iops": "500", "cgroup": "/a/path/that/is/quite/long" * 4}
        sys_.write()
        source = Source(sys_.root, BACKEND)
        before = source.reading()
        sys_.now_ns += SECOND
        for i, disk in enumerate(sys_.disks):
            for kind in ("read", "write", "flush"):
                disk.did(kind, [request(ring=1000, device=10 ** (3 + i % 8))] * (i + 1), 8000)
            disk.waiting = [("read", SECOND // 2, "device")] * i
        sys_.write()
        return report(BACKEND, source.reading(), before, Names())


class Whole(unittest.TestCase):
    def test_every_line(self):
        lines = table.whole(busy_host(1), 80, by_type=True)
        self.assertRegex(lines[0], r"^1 disk of 1 guest, the last 1\.0 s, sorted by slow +"
                         r"\d\d:\d\d:\d\d$")
        self.assertEqual(lines[1:7], [
            "GUEST          DISK     IOPS  MB/s   QD    P50    P99 WHERE TIME WENT",
            "3 a-guest-with xvda        3  8.19    0 1.90us 1.97us RRRRRRRRRRRRRDDDDDDDDDDDDD",
            "                read       1  4.10      1.90us 1.90us RRRRRRRRRRRRRDDDDDDDDDDDDD",
            "                write      1  4.10      1.90us 1.90us RRRRRRRRRRRRRDDDDDDDDDDDDD",
            "                flush      1     -      1.90us 1.90us RRRRRRRRRRRRRDDDDDDDDDDDDD",
            ("  limits: cgroup " + "/a/path/that/is/quite/long" * 4)[:80]])
        self.assertEqual(lines[7:9], ["", "R ring  L admission  I pages_in  D device  "
                                      "O pages_out  A answer"])
        self.assertEqual(" ".join(" ".join(lines[9:]).split()),
                         "slowest: xvda of guest 3 (a-guest-with-a-long-name): 50 % of 2.00us "
                         "in ring: dom0's CPU is slow to take what the guest sent")

    def test_colours_change_no_letter(self):
        shown = busy_host(9)
        plain, coloured = (table.whole(shown, 80, by_type=True, coloured=c) for c in (0, 1))
        self.assertNotEqual(plain, coloured)
        self.assertEqual(plain, [COLOURS.sub("", line) for line in coloured])

    def test_failed_requests(self):
        shown = busy_host(2)
        shown["disks"][1]["errors"] = 7
        self.assertIn("failed requests: xvdb of guest 3 (a-guest-with-a-long-name): 7",
                      table.whole(shown, 80))


class Sorting(unittest.TestCase):
    def test_each_order(self):
        disks = busy_host(12)["disks"]
        for sort, key in (("slow", "mean_ns"), ("p99", "p99_ns"), ("iops", "iops"),
                          ("mbs", "read_bytes_per_sec"), ("depth", "in_flight")):
            values = [disk[key] for disk in table.ordered(disks, sort)]
            self.assertEqual(values, sorted(values, reverse=True), sort)
            self.assertNotEqual(values[0], values[-1], sort)
        self.assertEqual([(disk["domain"], disk["disk"])
                          for disk in table.ordered(disks, "guest")],
                         sorted((disk["domain"], disk["disk"]) for disk in disks))

    def test_stuck_comes_before_slow(self):
        disks = busy_host(3)["disks"]
        disks[0]["oldest_ns"] = 5 * SECOND
        self.assertEqual(table.ordered(disks, "slow")[0], disks[0])


class Bars(unittest.TestCase):
    def test_they_are_as_wide_as_told(self):
        for shares in ({"a": 1.0}, {"a": 0.5, "b": 0.5}, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3},
                       {"a": 0.999, "b": 0.001, "c": 0.0}):
            for width in (1, 2, 7, 25, 100):
                parts = table.portions(shares, width)
                self.assertEqual(sum(parts.values()), width)
                for stage, size in parts.items():
                    self.assertLess(abs(size - shares[stage] * width), 1)


class Fitting(unittest.TestCase):
    def test_any_screen(self):
        for disks in (0, 1, 5, 60):
            shown = busy_host(disks) if disks else busy_host(1) | {"disks": [],
                                                                   "slowest": None}
            shown["problems"] = ["something is wrong " * 9] * 3
            for width, height in ((80, 24), (200, 60), (40, 10), (10, 30), (20, 3),
                                  (1, 1)):
                for by_type in (False, True):
                    lines = table.fitting(shown, width, height, first=0, sort="slow",
                                          by_type=by_type, coloured=True)
                    self.assertLessEqual(len(lines), height)
                    for line in lines:
                        self.assertLessEqual(len(COLOURS.sub("", line)), width, line)

    def test_what_matters_is_on_80x24(self):
        lines = table.fitting(busy_host(60), 80, 24, first=0, sort="slow", by_type=False,
                              coloured=False)
        self.assertEqual(len(lines), 24)
        self.assertEqual(lines[-1], table.HELP)
        self.assertTrue(any(line.startswith("slowest: ") for line in lines))
        self.assertIn("  ...", lines)

    def test_problems_leave_room_for_disks(self):
        shown = busy_host(60)
        shown["problems"] = ["something is wrong"] * 50
        lines = table.fitting(shown, 80, 24, first=0, sort="slow", by_type=False,
                              coloured=False)
        self.assertEqual(lines[-1], table.HELP)
        self.assertGreater(sum("xvd" in line for line in lines[2:]), 6)

    def test_from_a_disk_on(self):
        shown = busy_host(5)
        how = {"sort": "guest", "by_type": False, "coloured": False}
        lines = table.fitting(shown, 80, 24, first=2, **how)
        self.assertRegex(lines[2], "^3 a-guest-with xvdc ")


class Units(unittest.TestCase):
    def test_widths(self):
        for exponent in range(0, 1200):
            value = 10 ** (exponent / 100)
            self.assertLessEqual(len(units.duration(value)), 6, value)
            self.assertLessEqual(len(units.number(value)), 5, value)

    def test_values(self):
        for ns, said in ((0, "0ns"), (999, "999ns"), (1000, "1.00us"), (12345678, "12.3ms"),
                         (999.9e6, "1.00s"), (99.96e6, "100ms"), (12e9, "12.0s"), (None, "-")):
            self.assertEqual(units.duration(ns), said)
        for value, said in ((0, "0"), (9999, "9999"), (10000, "10.0k"), (1234567, "1.23M")):
            self.assertEqual(units.number(value), said)
