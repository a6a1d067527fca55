# SPDX-License-Identifier: GPL-2.0
"""The drivers' files, good and bad."""

import unittest

from false_sys import FalseSys, request
from xenblk.statfile import FormatError, Waiting, parse_rings, parse_stat

HEAD = ("xenblk-stat 1\n"
        "disk xvda domain 3 device vbd-3-51712 now_ns 2000 since_ns 1000\n")


class Stat(unittest.TestCase):
    def test_what_the_driver_shows(self):
        stat = parse_stat(HEAD + "# type stage count mean p50 p90 p99 p99.9 max (ns)\n"
                          "read ring 13 250 256 320 320 320 319\n"
                          "# histogram\n"
                          "hist read ring 0-256:3 256-320:10 320-inf:0\n")
        self.assertEqual((stat.disk, stat.domain, stat.device, stat.now_ns, stat.since_ns),
                         ("xvda", 3, "vbd-3-51712", 2000, 1000))
        ring = stat.types["read"]["ring"]
        self.assertEqual((ring.count, ring.mean_ns, ring.max_ns), (13, 250, 319))
        self.assertEqual(ring.histogram, {0: (256, 3), 256: (320, 10), 320: (None, 0)})

    def test_a_disk_that_did_nothing(self):
        self.assertEqual(parse_stat(HEAD).types, {})

    def test_the_false_drivers_files_are_such(self):
        with FalseSys() as sys_:
            disk = sys_.backend_disk("xvda", 3)
            disk.did("read", [request(device=5000), request(device=1 << 40)])
            stat = parse_stat(disk.stat())
            self.assertEqual(stat.types["read"]["device"].histogram,
                             {4096: (5120, 1), 1 << 34: (None, 1)})

    def test_another_version(self):
        with self.assertRaisesRegex(FormatError, 'is "xenblk-stat 2", expected "xenblk-stat 1"'):
            parse_stat(HEAD.replace("stat 1", "stat 2"))

    def test_an_empty_file(self):
        with self.assertRaisesRegex(FormatError, "first line"):
            parse_stat("")

    def test_what_no_driver_shows(self):
        row = "read ring 1 2 3 4 5 6 7\n"
        for bad in ("read ring 1 2 3 4 5 6\n", row + "hist write ring 0-256:1\n",
                    row + "hist read ring 256-256:1\n", row + "hist read ring 0-256\n",
                    "read ring 1 2 3 4 5 6 x\n", "hist\n", "\0\n"):
            with self.subTest(bad), self.assertRaisesRegex(FormatError, "line [34] is"):
                parse_stat(HEAD + bad)

    def test_a_head_that_is_cut(self):
        for bad in ("xenblk-stat 1", HEAD.replace("3 device", "x device"),
                    HEAD.replace(" since_ns 1000", "")):
            with self.subTest(bad), self.assertRaisesRegex(FormatError, "line 2"):
                parse_stat(bad)


class Rings(unittest.TestCase):
    def test_what_the_driver_shows(self):
        rings = parse_rings(
            "ring 0 slots 32 req_prod 14 req_cons 14 rsp_prod 12 rsp_event 13 in_flight 2 "
            "pass_ns 0\n"
            "request 0x12 read sector 2048 sectors 8 age_ns 1234 stage device\n"
            "ring 1 slots 32 req_prod 1 req_cons 1 rsp_prod 0 rsp_event 1 in_flight 1 "
            "pass_ns 5\n"
            "request 0x1 write sector 0 sectors 8 age_ns 99 stage ring\n")
        self.assertEqual(rings.in_flight, 3)
        self.assertEqual(rings.waiting, [Waiting(1234, "device"), Waiting(99, "ring")])

    def test_what_no_driver_shows(self):
        for bad in ("ring 0 slots 32\n", "request 0x12 read age_ns x stage device\n"):
            with self.subTest(bad), self.assertRaisesRegex(FormatError, "line 1 is"):
                parse_rings(bad)
