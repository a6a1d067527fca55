# SPDX-License-Identifier: GPL-2.0
"""Heat maps of recorded runs."""

import json
import os
import tempfile
import unittest
import xml.etree.ElementTree as xml

from false_sys import run
from xenblk import heatmap, record

SVG = "{http://www.w3.org/2000/svg}"


def latency(*buckets):
    return {"histogram": [list(bucket) for bucket in buckets]}


def report(when, disk="xvda", domain=3, **types):
    return {"format": 1, "side": "backend", "time": when, "slowest": None, "problems": [],
            "disks": [{"domain": domain, "name": "<w&b>", "disk": disk, "interval_s": 1.0,
                       "device": f"vbd-{domain}-{disk}", "types": types}]}


def lines(*reports):
    return [json.dumps(r) + "\n" for r in reports]


RUN = (report(101, read={"total": latency((1000, 2000, 5), (4000, None, 1)),
                         "device": latency((1000, 2000, 6))}),
       report(102),
       report(103, read={"total": latency((1000, 2000, 100))},
              write={"total": latency((0, 256, 9))}))


class Record(unittest.TestCase):
    def test_panels(self):
        panels = record.panels(record.read(lines(*RUN), "run"))
        self.assertEqual([panel.title for panel in panels],
                         ["xvda of guest 3 (<w&b>): read, total",
                          "xvda of guest 3 (<w&b>): write, total"])
        self.assertEqual([(c.start, c.end, c.histogram) for c in panels[0].columns],
                         [(100, 101, {1000: (2000, 5), 4000: (None, 1)}),
                          (102, 103, {1000: (2000, 100)})])

    def test_what_is_chosen(self):
        reports = record.read(lines(*RUN, report(103, domain=4, disk="xvdb",
                                                 read={"total": latency((0, 256, 1))})), "run")

        def chosen(**how):
            return [panel.title.split(": ")[1] for panel in record.panels(reports, **how)]

        self.assertEqual(chosen(stages=("all",)), ["read, total", "read, device",
                                                   "write, total", "read, total"])
        self.assertEqual(chosen(stages=("device",)), ["read, device"])
        self.assertEqual(chosen(types=("write",)), ["write, total"])
        self.assertEqual(chosen(guests=("4",)), ["read, total"])
        self.assertEqual(chosen(disks=("xvdb",)), ["read, total"])
        with self.assertRaisesRegex(record.RecordError, "nothing in the record"):
            chosen(guests=("5",))

    def test_a_long_run(self):
        many = [report(100 + i, read={"total": latency((1000, 2000, 1))})
                for i in range(10 * record.COLUMNS + 1)]
        columns = record.panels(record.read(lines(*many), "run"))[0].columns
        self.assertLessEqual(len(columns), record.COLUMNS)
        self.assertEqual(sum(c.histogram[1000][1] for c in columns), len(many))
        self.assertEqual((columns[0].start, columns[-1].end), (99, 100 + len(many) - 1))

    def test_what_is_no_record(self):
        for bad, said in (([], "no intervals"), (["{\n"], "line 1 is not"),
                          (["[]\n"], "line 1 is not"), (["\n", "{}"], "line 2 is not"),
                          (['{"format": 2}'], "line 1 has format 2, expected 1")):
            with self.assertRaisesRegex(record.RecordError, "^run: .*" + said):
                record.read(bad, "run")


class Picture(unittest.TestCase):
    def setUp(self):
        self.panels = record.panels(record.read(lines(*RUN), "run"))
        self.picture = xml.fromstring(heatmap.draw(self.panels, "A <title>"))

    def texts(self):
        return [text.text for text in self.picture.iter(SVG + "text")]

    def cells(self, panel):
        """Of the colours of counts, without the legend's."""
        group = self.picture.findall(SVG + "g")[panel]
        return [(float(r.get("x")), float(r.get("y")), float(r.get("width")),
                 float(r.get("height")), r.get("fill")) for r in group.iter(SVG + "rect")
                if r.get("fill") in heatmap.COLOURS
                and float(r.get("x")) < heatmap.LEFT + heatmap.WIDTH]

    def test_title_axes_and_legend(self):
        texts = self.texts()
        for text in ("A <title>", "xvda of guest 3 (<w&b>): read, total", "1 µs", "0 s", "3 s",
                     "requests", "from 1"):
            self.assertIn(text, texts)
        self.assertTrue(any(text.startswith("time since 1970-01-01") for text in texts))

    def test_where_cells_are(self):
        cells = self.cells(0)
        self.assertEqual(len(cells), 3)
        third = heatmap.WIDTH / 3
        self.assertEqual([round(cell[0] - heatmap.LEFT) for cell in cells],
                         [0, 0, round(2 * third)])
        self.assertTrue(all(abs(cell[2] - third) < 0.1 for cell in cells))
        # From 128 (the half of the first end, as zero is nowhere) to 8000 ns.
        slow = cells[1]
        self.assertAlmostEqual(slow[1], 0, places=1)
        self.assertAlmostEqual(slow[3], heatmap.HEIGHT / 5.966, delta=0.1)
        lowest = self.cells(1)[0]
        self.assertAlmostEqual(lowest[1] + lowest[3], heatmap.HEIGHT, places=1)

    def test_colours_are_counts(self):
        few, one, many = (cell[4] for cell in self.cells(0))
        self.assertEqual((one, many), (heatmap.COLOURS[0], heatmap.COLOURS[-1]))
        self.assertEqual(few, heatmap.Scale(self.panels).colour(5))
        self.assertNotIn(few, (one, many))

    def test_the_legend_tells_the_truth(self):
        for many in (1, 2, 7, 100, 12345):
            scale = heatmap.Scale(self.panels)
            scale.many = many
            shown = [n for n in (scale.first_of(i) for i in range(len(heatmap.COLOURS)))
                     if n <= many]
            for i, colour in enumerate(heatmap.COLOURS):
                n = scale.first_of(i)
                if n <= many and scale.colour(n) == colour and n > 1:
                    self.assertNotEqual(scale.colour(n - 1), colour)
            self.assertEqual(shown[0], 1)


class Program(unittest.TestCase):
    def test_from_record_to_picture(self):
        with tempfile.TemporaryDirectory() as there:
            name = os.path.join(there, "run.json")
            with open(name, "w", encoding="utf-8") as f:
                f.writelines(lines(*RUN))
            ended = run("xenblk-plot", name, "-o", there + "/run.svg", "--type", "read")
            self.assertEqual((ended.returncode, ended.stderr), (0, ""))
            picture = xml.parse(there + "/run.svg").getroot()
            self.assertEqual(len(picture.findall(SVG + "g")), 1)
            self.assertTrue(run("xenblk-plot", name).stdout.startswith("<svg"))

    def test_what_goes_wrong(self):
        for arguments, said in ((("/nowhere",), "No such file"), (("-",), "no intervals"),
                                (("/dev/null", "-o", "/"), "no intervals")):
            ended = run("xenblk-plot", *arguments)
            self.assertEqual((ended.returncode, ended.stdout), (1, ""))
            self.assertRegex(ended.stderr, "^xenblk-plot: [^\n]*" + said + "[^\n]*\n$")
