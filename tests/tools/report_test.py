# SPDX-License-Identifier: GPL-2.0
"""What is told of two readings: --json, to the digit."""

import json
import subprocess
import unittest

from false_sys import (ENVIRONMENT, FRONTEND_STAGES, SECOND, TOOLS, FalseSys,
                       exact_percentile, request, run)
from xenblk.files import Source
from xenblk.interval import report
from xenblk.stages import BACKEND, FRONTEND


class NoNames:
    def name(self, domain):
        return {3: "web"}.get(domain)


class Case(unittest.TestCase):
    side = BACKEND

    def setUp(self):
        self.sys = self.enterContext(FalseSys())
        self.source = Source(self.sys.root, self.side)
        self.last = None

    def first(self):
        self.sys.write()
        self.last = self.source.reading()

    def next(self, seconds=2):
        """The report of an interval that ends now."""
        self.sys.now_ns += seconds * SECOND
        self.sys.write()
        now, before = self.source.reading(), self.last
        self.last = now
        return report(self.side, now, before, NoNames())

    def only(self, result):
        self.assertEqual(len(result["disks"]), 1)
        return result["disks"][0]


class Backend(Case):
    def test_limits_in_force(self):
        disk = self.sys.backend_disk("xvda", 3)
        for values, told in (({"iops": "0", "burst_ms": "100", "weight": "50"},
                              {"weight": "50"}),
                             ({"read_bytes_per_sec": "9", "burst_ms": "100"},
                              {"read_bytes_per_sec": "9", "burst_ms": "100"})):
            disk.limits = dict.fromkeys(disk.limits, "0") | values
            self.first()
            self.assertEqual(self.last.disks["xvda.3"].limits, told)

    def test_all_of_it(self):
        disk = self.sys.backend_disk("xvda", 3)
        disk.limits = {"iops": "500", "read_iops": "0", "burst_ms": "100", "weight": "100",
                       "cgroup": "", "ioprio": "none"}
        disk.did("read", [request(ring=1000, device=5000)] * 4)
        self.first()
        disk.did("read", [request(ring=1000, device=3000)] * 4, sectors=16)
        disk.waiting = [("read", 700, "device"), ("read", 100, "ring")]
        result = self.next()
        bucket = {"ring": [960 - 64, 1024], "device": [2560, 3072], "total": [3584, 4096]}
        self.assertEqual([result[key] for key in ("format", "side", "problems")],
                         [1, "backend", []])
        shown = self.only(result)
        types = shown.pop("types")
        self.assertEqual(shown, {
            "domain": 3, "name": "web", "disk": "xvda", "device": "vbd-3-51712",
            "interval_s": 2.0, "iops": 2.0, "read_bytes_per_sec": 4 * 16 * 512 / 2,
            "write_bytes_per_sec": 0.0, "errors": 0, "in_flight": 2, "oldest_ns": 700,
            "oldest_stage": "device", "count": 4, "mean_ns": 4000,
            "p50_ns": 3584 + 512 * 3 // 8, "p99_ns": 3584 + 512 * 7 // 8,
            "time": {"ring": 0.25, "admission": 0.0, "pages_in": 0.0, "device": 0.75,
                     "pages_out": 0.0, "answer": 0.0},
            "limits": {"iops": "500", "burst_ms": "100"}})
        self.assertEqual(list(types), ["read"])
        for stage, ns in (("ring", 1000), ("device", 3000), ("total", 4000)):
            self.assertEqual(types["read"][stage]["histogram"], [bucket[stage] + [4]])
            self.assertEqual(types["read"][stage]["sum_ns"], 4 * ns)
            self.assertEqual(types["read"][stage]["mean_ns"], ns)
            self.assertEqual(types["read"][stage]["count"], 4)
        self.assertEqual(result["slowest"], {
            "domain": 3, "disk": "xvda", "device": "vbd-3-51712", "stage": "device",
            "share": 0.75, "words": "slowest: xvda of guest 3 (web): 75 % of 4.00us in "
            "device: the backing disk"})

    def test_nothing_happened(self):
        disk = self.sys.backend_disk("xvda", 3)
        disk.did("read", [request(device=10 ** 6)] * 50)
        self.first()
        result = self.next()
        shown = self.only(result)
        self.assertEqual((shown["iops"], shown["count"], shown["types"], shown["time"]),
                         (0.0, 0, {}, {}))
        self.assertEqual((shown["mean_ns"], shown["p50_ns"], shown["p99_ns"]), (None,) * 3)
        self.assertIsNone(result["slowest"])

    def test_types_are_told_apart_and_together(self):
        disk = self.sys.backend_disk("xvda", 3)
        self.first()
        disk.did("read", [request(device=1000)] * 3)
        disk.did("write", [request(pages_in=9000)])
        disk.did("flush", [request(device=10 ** 6)])
        shown = self.only(self.next(1))
        self.assertEqual((shown["iops"], shown["count"]), (5.0, 5))
        self.assertEqual({kind: stages["total"]["count"]
                          for kind, stages in shown["types"].items()},
                         {"read": 3, "write": 1, "flush": 1})
        self.assertEqual(shown["mean_ns"], (3000 + 9000 + 10 ** 6) // 5)
        self.assertEqual(shown["time"]["pages_in"], round(9000 / 1012000, 4))

    def test_the_mean_after_very_many(self):
        # A mean that is rounded times a billion requests says nothing of the last ten.
        disk = self.sys.backend_disk("xvda", 3)
        disk.did("read", [request(device=1000)])
        self.first()
        stages = self.last.disks["xvda.3"].stat.types["read"]
        for stage in stages.values():
            stage.count, stage.mean_ns = 10 ** 9, 1000
        disk.did("read", [request(device=3000)])
        mean = self.only(self.next())["types"]["read"]["device"]["mean_ns"]
        self.assertTrue(2560 <= mean <= 3072, mean)

    def test_reset_between(self):
        disk = self.sys.backend_disk("xvda", 3)
        disk.did("read", [request(device=10 ** 9)] * 50)
        self.first()
        self.sys.now_ns += SECOND
        disk.reset()
        disk.did("read", [request(device=3000)] * 60)
        shown = self.only(self.next(1))
        self.assertEqual((shown["interval_s"], shown["count"], shown["mean_ns"]),
                         (1.0, 60, 3000))
        self.assertEqual(shown["iops"], 30.0)

    def test_reset_between_head_and_numbers(self):
        disk = self.sys.backend_disk("xvda", 3)
        disk.did("read", [request(device=3000)] * 50)
        self.first()
        disk.requests = {}
        disk.did("read", [request(device=3000)] * 10)
        shown = self.only(self.next())
        self.assertEqual((shown["interval_s"], shown["count"]), (2.0, 10))

    def test_stages_that_differ_by_what_is_in_flight(self):
        disk = self.sys.backend_disk("xvda", 3)
        self.first()
        disk.did("read", [request(device=3000)] * 10)
        self.sys.write()
        path = self.sys.path(self.sys.directory(disk), "stat")
        with open(path, encoding="utf-8") as f:
            text = f.read().replace("hist read ring 0-256:10", "hist read ring 0-256:12")
        self.sys.put(path, text)
        now = self.source.reading()
        shown = self.only(report(self.side, now, self.last, NoNames()))
        self.assertEqual(shown["types"]["read"]["ring"]["count"], 12)
        self.assertEqual(shown["count"], 10)

    def test_disks_come_and_go(self):
        stays = self.sys.backend_disk("xvda", 3)
        goes = self.sys.backend_disk("xvda", 4)
        self.first()
        self.sys.remove(goes)
        self.sys.now_ns += SECOND
        comes = self.sys.backend_disk("xvdb", 5)
        comes.did("write", [request(device=1000)] * 7)
        result = self.next(1)
        shown = {disk["domain"]: disk for disk in result["disks"]}
        self.assertEqual(set(shown), {stays.domain, comes.domain})
        self.assertEqual((shown[5]["interval_s"], shown[5]["count"]), (1.0, 7))
        self.assertIsNone(shown[5]["iops"])
        self.assertEqual(shown[3]["interval_s"], 2.0)

    def test_a_disk_that_goes_while_it_is_read(self):
        disk = self.sys.backend_disk("xvda", 3)
        self.sys.backend_disk("xvda", 4)
        self.first()
        self.sys.put(self.sys.directory(disk) + "/stat", "")
        for name in ("stat", "rings"):
            path = self.sys.path(self.sys.directory(disk), name)
            subprocess.run(["rm", path], check=True)
        now = self.source.reading()
        self.assertEqual(list(now.disks), ["xvda.4"])
        self.assertEqual(now.problems, [])

    def test_one_bad_file_hides_no_other_disk(self):
        bad = self.sys.backend_disk("xvda", 3)
        self.sys.backend_disk("xvda", 4)
        self.first()
        self.sys.put(self.sys.directory(bad) + "/stat", "xenblk-stat 1\nnonsense\n")
        now = self.source.reading()
        self.assertEqual(list(now.disks), ["xvda.4"])
        self.assertRegex(now.problems[0], r"xvda\.3/stat: line 2 does not say")

    def test_without_rings_and_counters(self):
        disk = self.sys.backend_disk("xvda", 3)
        self.first()
        subprocess.run(["rm", "-r", self.sys.path("bus"),
                        self.sys.path(self.sys.directory(disk), "rings")], check=True)
        now = self.source.reading()
        shown = self.only(report(self.side, now, self.last, NoNames()))
        self.assertEqual((shown["iops"], shown["in_flight"], shown["errors"]), (None,) * 3)

    def test_counters_that_began_anew(self):
        disk = self.sys.backend_disk("xvda", 3)
        disk.did("read", [request()] * 50)
        self.first()
        disk.counters["rd_req"] = disk.counters["rd_sect"] = 3
        shown = self.only(self.next())
        self.assertIsNone(shown["iops"])
        self.assertIsNone(shown["read_bytes_per_sec"])
        self.assertEqual(shown["write_bytes_per_sec"], 0)

    def test_requests_that_failed(self):
        disk = self.sys.backend_disk("xvda", 3)
        disk.counters["err_req"] = 5
        self.first()
        disk.counters["err_req"] = 9
        self.assertEqual(self.only(self.next())["errors"], 4)

    def test_stuck(self):
        disk = self.sys.backend_disk("xvda", 3)
        other = self.sys.backend_disk("xvda", 4)
        self.first()
        other.did("read", [request(device=500 * 10 ** 6)] * 9)
        disk.waiting = [("write", 12 * SECOND, "device"), ("write", 3 * SECOND, "ring")]
        words = self.next()["slowest"]["words"]
        self.assertEqual(words, "stuck: xvda of guest 3 (web): 2 under way, the oldest for "
                         "12.0s in device: the backing disk")

    def test_slow_by_its_limits(self):
        disk = self.sys.backend_disk("xvda", 4)
        disk.limits = {"write_bytes_per_sec": "1000000", "weight": "50"}
        self.first()
        disk.did("write", [request(admission=9 * 10 ** 6, device=10 ** 6)] * 9)
        self.assertEqual(self.next()["slowest"]["words"],
                         "slowest: xvda of guest 4: 90 % of 10.0ms in admission: its limits, "
                         "write_bytes_per_sec 1000000")

    def test_percentiles_are_of_the_interval(self):
        disk = self.sys.backend_disk("xvda", 3)
        disk.did("read", [request(device=10 ** 9)] * 1000)
        self.first()
        times = [2 ** (i % 20) * 1000 + i for i in range(500)]
        disk.did("read", [request(device=ns) for ns in times])
        shown = self.only(self.next())
        for name, share in (("p50_ns", 0.5), ("p99_ns", 0.99)):
            exact = exact_percentile(times, share)
            self.assertTrue(exact / 1.26 <= shown[name] <= exact * 1.26,
                            (name, shown[name], exact))


class Frontend(Case):
    side = FRONTEND

    def test_a_guests_disk(self):
        disk = self.sys.frontend_disk("xvda")
        self.first()
        disk.did("read", [request(FRONTEND_STAGES, backend=9000, finish=1000)] * 2)
        disk.did("flush", [request(FRONTEND_STAGES, backend=9000, finish=1000)])
        result = self.next()
        shown = self.only(result)
        self.assertEqual((shown["iops"], shown["read_bytes_per_sec"], shown["errors"]),
                         (1.5, 2 * 8 * 512 / 2, None))
        self.assertEqual(shown["time"], {"queue": 0.0, "backend": 0.9, "finish": 0.1})
        self.assertEqual(result["slowest"]["words"], "slowest: xvda: 90 % of 10.0us in "
                         "backend: the backend: run xenblk-top in its domain")

    def test_where_a_request_is(self):
        disk = self.sys.frontend_disk("xvda")
        self.first()
        for stage, words in (("ring", "the backend has not taken it"),
                             ("held", "the backend still has a page of it mapped"),
                             ("queue", "it waits for room on the ring"),
                             ("later", "unknown to this program")):
            disk.waiting = [("write", 9 * SECOND, stage)]
            self.assertRegex(self.next()["slowest"]["words"], f"9.00s in {stage}: .*{words}")

    def test_disks_that_have_lost_their_devices(self):
        for name, number in (("xvda", 51712), ("xvdb", 51728)):
            self.sys.frontend_disk(name, number)
        self.sys.write()
        for disk in self.sys.disks:
            self.sys.put(self.sys.directory(disk) + "/stat",
                         disk.stat().replace(disk.device, "none"))
        self.assertEqual(list(self.source.reading().disks), ["xvda", "xvdb"])


class Program(Case):
    def test_json_lines(self):
        disk = self.sys.backend_disk("xvda", 3)
        self.sys.write()
        with subprocess.Popen([f"{TOOLS}/xenblk-top", "--json", "-i", "0.2", "-n", "200",
                               "--root", self.sys.root], stdout=subprocess.PIPE,
                              text=True, env=ENVIRONMENT) as top:
            self.assertEqual(json.loads(top.stdout.readline())["disks"][0]["count"], 0)
            self.sys.now_ns += 4 * SECOND
            disk.did("read", [request(device=3000)] * 8)
            self.sys.write()
            counts = [0]
            while not counts[-1]:
                counts.append(json.loads(top.stdout.readline())["disks"][0]["count"])
            counts.append(json.loads(top.stdout.readline())["disks"][0]["count"])
            top.terminate()
        self.assertEqual(counts[-2:], [8, 0])

    def test_names_of_guests(self):
        self.sys.backend_disk("xvda", 3)
        self.sys.backend_disk("xvda", 4)
        self.sys.write()
        self.sys.put("bin/xenstore-read", "#!/bin/sh\n"
                     "[ $1 = /local/domain/3/name ] && printf 'w\\033b\\n'\n")
        self.sys.put("bin/xl", "#!/bin/sh\necho 'Name ID Mem VCPUs State Time(s)'\n"
                     "echo 'Domain-0 0 1024 2 r----- 9.9'\necho 'db 4 1024 2 r----- 9.9'\n")
        subprocess.run(["chmod", "-R", "+x", self.sys.path("bin")], check=True)
        arguments = ("--json", "--once", "-i", "0.1", "--root", self.sys.root)
        with_names = json.loads(run("xenblk-top", *arguments,
                                    path=self.sys.path("bin") + ":/usr/bin:/bin").stdout)
        self.assertEqual([disk["name"] for disk in with_names["disks"]], ["w?b", "db"])
        without = json.loads(run("xenblk-top", *arguments).stdout)
        self.assertEqual([disk["name"] for disk in without["disks"]], [None, None])
