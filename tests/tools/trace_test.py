# SPDX-License-Identifier: GPL-2.0
"""Lives of requests out of traces, and the scripts that record them."""

import importlib.machinery
import importlib.util
import os
import re
import subprocess
import tempfile
import unittest

from false_sys import TOOLS, run

FORMATS = {
    "trace-cmd report -R -t": "  kworker/u8:1-123   [000] {s}.{ns:09d}: {event}:  {fields}\n",
    "perf script": "swapper 0 [001] {s}.{ns:09d}: {system}:{event}: {fields}\n",
    "trace": "  <idle>-0  [001] d.h1. {s}.{us:06d}: {event}: {fields}\n",
}


def load_life():
    loader = importlib.machinery.SourceFileLoader("life", f"{TOOLS}/trace/life")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("life", loader))
    loader.exec_module(module)
    return module


life = load_life()


def lines(form, disk, request, *events, ring=0, op=0, sector=2048):
    """EVENTS are pairs of a name and a time, or with an error."""
    result = []
    for name, ns, *error in events:
        # Of an indirect request the length is not known when it is taken.
        length = 0 if name == "blkback_take" else 8
        if "-R" in form:
            fields = (f"disk={disk} ring={ring} id={request} op={op} sector={sector} "
                      f"nr_sectors={length}" + (f" error={error[0]}" if error else ""))
        else:
            fields = (f"{disk} ring {ring} id {request:#x} op {op} sector {sector} + {length}"
                      + (f" error {error[0]}" if error else ""))
        result.append(FORMATS[form].format(
            s=ns // 10 ** 9, ns=ns % 10 ** 9, us=ns % 10 ** 9 // 1000, event=name,
            system="xen_" + name.split("_")[0], fields=fields))
    return result


def backend(request, take, device, form="perf script", **how):
    return lines(form, "vbd-3-51712", request, ("blkback_take", take),
                 ("blkback_start", take + 1000), ("blkback_bring", take + 2000),
                 ("blkback_submit", take + 3000), ("blkback_complete", take + 3000 + device, 0),
                 ("blkback_answer", take + 4000 + device, 0), **how)


def frontend(request, queue, backend_ns, form="perf script", **how):
    return lines(form, "xvda", request, ("blkfront_queue", queue),
                 ("blkfront_put", queue + 500), ("blkfront_take", queue + 500 + backend_ns, 0),
                 ("blkfront_end", queue + 1500 + backend_ns, 0), **how)


class Parsing(unittest.TestCase):
    def test_each_format(self):
        for form in FORMATS:
            lives = life.parse(["# a comment\n", "\n"] + backend(18, 5 * 10 ** 9, 7000, form))
            self.assertEqual(len(lives), 1, form)
            one = lives[0]
            self.assertEqual((one.disk, one.ring, one.id, one.what, one.ns()),
                             ("vbd-3-51712", 0, 18, (0, 2048, 8), 11000))
            self.assertEqual([(e.name, e.ns - 5 * 10 ** 9) for e in one.events],
                             [("blkback_take", 0), ("blkback_start", 1000),
                              ("blkback_bring", 2000), ("blkback_submit", 3000),
                              ("blkback_complete", 10000), ("blkback_answer", 11000)])

    def test_what_is_not_whole(self):
        trace = backend(1, 10 ** 9, 5000)
        self.assertEqual(life.parse(trace[1:]), [])
        self.assertEqual(life.parse(trace[:-1]), [])

    def test_an_end_that_was_lost(self):
        trace = backend(1, 10 ** 9, 5000)[:-1] + backend(1, 2 * 10 ** 9, 7000)
        self.assertEqual([one.ns() for one in life.parse(trace)], [11000])

    def test_an_id_that_is_used_again_and_rings_beside_each_other(self):
        trace = []
        for pair in zip(backend(1, 10 ** 9, 5000), backend(1, 10 ** 9 + 1, 6000, ring=1)):
            trace += pair
        trace += backend(1, 2 * 10 ** 9, 7000)
        self.assertEqual([(one.ring, one.ns()) for one in life.parse(trace)],
                         [(0, 9000), (1, 10000), (0, 11000)])


class BothSides(unittest.TestCase):
    def traces(self, offset):
        """Of a guest whose clock is behind, and where one id has one life only."""
        front, back = [], []
        for i in range(20):
            begin = 10 ** 9 + i * 10 ** 6
            front += frontend(i % 4, begin, 30000 + i * 1000, sector=8 * i)
            back += backend(i % 4, begin + 5500 + offset, 10000 + i * 1000, sector=8 * i)
        return life.parse(front), life.parse(back)

    def test_clocks_are_put_beside_each_other(self):
        for offset in (0, 3600 * 10 ** 9):
            front, back = self.traces(offset)
            lives, notes = life.followed(front + back)
            self.assertEqual(len(lives), 20)
            self.assertRegex(notes[0], "^xvda of the guest is vbd-3-51712: 20 requests")
            slowest = max(lives, key=life.Life.ns)
            self.assertEqual([e.name.split("_")[1] for e in slowest.events],
                             ["queue", "put", "take", "start", "bring", "submit", "complete",
                              "answer", "take", "end"])

    def test_requests_that_may_be_others_are_left_out(self):
        front = life.parse(frontend(1, 10 ** 9, 9000) + frontend(1, 2 * 10 ** 9, 9000)
                           + frontend(2, 3 * 10 ** 9, 9000))
        back = life.parse(backend(1, 10 ** 9 + 600, 1000) + backend(2, 3 * 10 ** 9 + 600, 1000))
        lives, _ = life.followed(front + back)
        self.assertEqual([one.id for one in lives], [2])

    def test_a_guest_that_is_another(self):
        front = life.parse(frontend(1, 10 ** 9, 9000, sector=1))
        back = life.parse(backend(1, 10 ** 9, 1000, sector=2))
        self.assertEqual(life.followed(front + back), (front + back, []))


class Programs(unittest.TestCase):
    def setUp(self):
        self.there = self.enterContext(tempfile.TemporaryDirectory())

    def put(self, name, text):
        path = os.path.join(self.there, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o755)
        return path

    def test_the_slowest(self):
        trace = self.put("trace", "".join(backend(1, 10 ** 9, 5000)
                                          + backend(2, 2 * 10 ** 9, 9000, op=1)[:-1]
                                          + lines("perf script", "vbd-3-51712", 2,
                                                  ("blkback_answer", 2 * 10 ** 9 + 13000, -5),
                                                  op=1)))
        self.assertEqual(run("trace/life", trace).stdout, """\
2 requests

vbd-3-51712, ring 0, id 0x2: write of 8 sectors at 2048, 13.0 us
        0.0 us       +0.0 us  take
        1.0 us       +1.0 us  start
        2.0 us       +1.0 us  bring
        3.0 us       +1.0 us  submit
       12.0 us       +9.0 us  complete
       13.0 us       +1.0 us  answer  error -5
""")
        self.assertIn("id 0x1", run("trace/life", "-n", "2", trace).stdout)

    def test_no_request(self):
        ended = run("trace/life", self.put("trace", "nothing\n"))
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertIn("no request is in the trace", ended.stderr)

    def scripts(self, command, report):
        """With a false trace-cmd or perf, that says what it was asked."""
        trace = self.put("trace", "".join(backend(1, 10 ** 9, 5000)))
        self.put(f"bin/{command}", f"#!/bin/sh\necho \"$*\" >>{self.there}/asked\n"
                 f"[ $1 != {report} ] || cat {trace}\n")
        os.makedirs(os.path.join(self.there, "tracefs/events/xen_blkback"))
        environment = {"PATH": f"{self.there}/bin:/usr/bin:/bin",
                       "TRACEFS": f"{self.there}/tracefs"}
        ended = subprocess.run([f"{TOOLS}/trace/with-{command}", "3", f"{self.there}/text"],
                               env=environment, capture_output=True, text=True, check=False)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertIn("id 0x1: read", ended.stdout)
        with open(f"{self.there}/asked", encoding="utf-8") as f:
            return f.read().replace(self.there, "")

    def test_trace_cmd(self):
        self.assertRegex(self.scripts("trace-cmd", "report"),
                         r"^record -o \S+/trace.dat -e xen_blkback sleep 3\n"
                         r"report -R -t -i \S+/trace.dat\n$")

    def test_perf(self):
        self.assertRegex(self.scripts("perf", "script"),
                         r"^record -a -o \S+/perf.data -e xen_blkback:\* -- sleep 3\n"
                         r"script -i \S+/perf.data --ns -F \S+,trace\n$")

    def test_no_tracepoints(self):
        for script in ("with-trace-cmd", "with-perf"):
            ended = subprocess.run([f"{TOOLS}/trace/{script}"], capture_output=True, text=True,
                                   env={"PATH": "/usr/bin:/bin", "TRACEFS": self.there},
                                   check=False)
            self.assertEqual(ended.returncode, 1)
            self.assertIn("no tracepoints in", ended.stderr)

    def test_bpftrace_names_what_there_is(self):
        names = {"xen_blkback": {"take", "start", "bring", "submit", "complete", "answer"},
                 "xen_blkfront": {"queue", "put", "take", "end"}}
        fields = {"disk", "ring", "id", "op", "sector", "nr_sectors", "error"}
        scripts = [f for f in os.listdir(f"{TOOLS}/trace") if f.endswith(".bt")]
        self.assertEqual(len(scripts), 3)
        for script in scripts:
            with open(f"{TOOLS}/trace/{script}", encoding="utf-8") as f:
                text = f.read()
            for system, event in re.findall(r"tracepoint:(\w+):blk(?:back|front)_(\w+)", text):
                self.assertIn(event, names[system])
            self.assertLessEqual(set(re.findall(r"args->(\w+)", text)), fields)
            self.assertEqual(text.count("{"), text.count("}"))
