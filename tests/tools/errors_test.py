# SPDX-License-Identifier: GPL-2.0
"""What people are told when there is nothing to see."""

import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from false_sys import ENVIRONMENT, TOOLS, FalseSys, run

NOBODY = 65534


class Case(unittest.TestCase):
    def setUp(self):
        self.sys = self.enterContext(FalseSys())

    def top(self, *arguments, **how):
        return run("xenblk-top", "--once", "-i", "0.1", "--root", self.sys.root, *arguments,
                   **how)

    def fails(self, words, *arguments, **how):
        ended = self.top(*arguments, **how)
        self.assertEqual((ended.returncode, ended.stdout), (1, ""), ended)
        self.assertRegex(ended.stderr, "^xenblk-top: [^\n]*" + words + "[^\n]*\n$")


class NothingToRead(Case):
    def test_module_not_loaded(self):
        self.fails("xen-blkback is not loaded: modprobe xen-blkback")
        self.fails("xen-blkfront is not loaded: modprobe xen-blkfront", "--frontend")

    def test_in_a_guest(self):
        self.sys.frontend_disk("xvda")
        self.sys.write()
        self.fails("in a guest, give --frontend")

    def test_debugfs_not_mounted(self):
        self.sys.load("xen_blkback")
        os.makedirs(self.sys.path("kernel/debug"))
        self.fails("debugfs is not mounted: mount -t debugfs debugfs /")

    def test_another_driver(self):
        self.sys.load("xen_blkback")
        os.makedirs(self.sys.path("kernel/debug/block"))
        self.fails("has no files in .*blkback.*modinfo -n xen-blkback")

    def test_not_root(self):
        self.sys.backend_disk("xvda", 3)
        self.sys.write()
        os.chmod(self.sys.path("kernel/debug"), 0o700)
        # The tree itself may be where nobody looks.
        with tempfile.TemporaryDirectory() as copy:
            os.chmod(copy, 0o755)
            shutil.copytree(TOOLS, copy + "/tools")
            self.fails("permission denied; run it as root", tools=copy + "/tools",
                       user=NOBODY, group=NOBODY, extra_groups=())


class SomethingToSay(Case):
    def test_no_disk(self):
        self.sys.load("xen_blkback", latency_stats="Y")
        os.makedirs(self.sys.path("kernel/debug/xen/blkback"))
        ended = self.top()
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertIn("no disk is connected", ended.stdout)

    def test_statistics_turned_off(self):
        self.sys.backend_disk("xvda", 3)
        self.sys.load("xen_blkback", latency_stats="N")
        self.sys.write()
        ended = self.top()
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertRegex(" ".join(ended.stdout.split()),
                         "latencies are not measured: xen-blkback has latency_stats=N; to "
                         "have them: echo Y >/.*/xen_blkback/parameters/latency_stats")
        self.assertRegex(ended.stdout, r"\n3 +xvda +- +- +0 +- +-\n")

    def test_another_version(self):
        disk = self.sys.backend_disk("xvda", 3)
        self.sys.write()
        self.sys.put(self.sys.directory(disk) + "/stat",
                     disk.stat().replace("xenblk-stat 1", "xenblk-stat 2"))
        ended = self.top()
        self.assertEqual((ended.returncode, ended.stderr), (1, ""))
        self.assertRegex(" ".join(ended.stdout.split()),
                         r'xvda\.3/stat: the first line is "xenblk-stat 2", expected '
                         '"xenblk-stat 1": module and program are of different versions')

    def test_one_malformed_file(self):
        disk = self.sys.backend_disk("xvda", 3)
        self.sys.backend_disk("xvda", 4)
        self.sys.write()
        self.sys.put(self.sys.directory(disk) + "/rings", "ring zero\n")
        ended = self.top()
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertRegex(ended.stdout, r"\n4 +xvda ")
        self.assertIn('xvda.3/rings: line 1 is "ring zero"', " ".join(ended.stdout.split()))


class CommandLine(Case):
    def test_help_names_every_option(self):
        for program in ("xenblk-top", "xenblk-plot"):
            shown = run(program, "--help").stdout
            with open(f"{TOOLS}/{program}.1", encoding="utf-8") as f:
                manual = f.read().replace("\\-", "-")
            options = {word for word in shown.replace(",", " ").split()
                       if word.startswith("--") and word.strip("-")}
            self.assertGreater(len(options), 5)
            for option in options:
                self.assertIn(option, manual)

    def test_options_that_cannot_be(self):
        for bad in (("-i", "0"), ("-i", "x"), ("-n", "0"), ("-s", "colour"), ("x",)):
            self.assertEqual(self.top(*bad).returncode, 2, bad)

    def test_installed_by_a_link(self):
        self.sys.backend_disk("xvda", 3)
        self.sys.write()
        with tempfile.TemporaryDirectory() as there:
            shutil.copytree(TOOLS, there + "/share/xenblk-utils")
            os.makedirs(there + "/bin")
            os.symlink("../share/xenblk-utils/xenblk-top", there + "/bin/xenblk-top")
            self.assertEqual(self.top(tools=there + "/bin").returncode, 0)

    def test_a_reader_that_has_enough(self):
        self.sys.backend_disk("xvda", 3)
        self.sys.write()
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "wb") as pipe:
            ended = subprocess.run([f"{TOOLS}/xenblk-top", "--json", "-i", "0.1", "--root",
                                    self.sys.root], stdout=pipe, stderr=subprocess.PIPE, env=ENVIRONMENT,
                                   timeout=60, check=False)
        self.assertEqual((ended.returncode, ended.stderr), (-signal.SIGPIPE, b""))
