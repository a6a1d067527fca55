# SPDX-License-Identifier: GPL-2.0
"""xenblk-top on a terminal of its own: keys, sizes, and what is left of it afterwards."""

import fcntl
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
import unittest

from false_sys import ENVIRONMENT, SECOND, TOOLS, FalseSys, request

# With others that work on the same machine.
PATIENCE_SECONDS = 30
HOME = "\033[H"
# What a terminal is told, and the beginning of more of it.
PIECES = re.compile("\033\\[(\\??[0-9;]*)([A-Za-z])|(\r\n)|([^\033\r\n])")
CUT = re.compile("(\033(\\[[?0-9;]*)?|\r)\\Z")


class Screen:
    """As much of a terminal as is used, and an error for what is not."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.cells = {}
        self.x = self.y = 0
        self.alternate = False
        self.scrolled = ""     # what went over an edge
        self.cursor = True

    def lines(self):
        return ["".join(self.cells.get((x, y), " ") for x in range(self.width)).rstrip()
                for y in range(self.height)]

    def erase(self, wanted):
        self.cells = {place: c for place, c in self.cells.items() if not wanted(*place)}

    def order(self, argument, letter):
        if argument == "?1049":
            self.alternate = letter == "h"
        elif argument == "?25":
            self.cursor = letter == "h"
        elif letter == "H":
            self.x = self.y = 0
        elif letter in "KJ":
            # In the last column the cursor stays on the letter.
            here = min(self.x, self.width - 1)
            self.erase(lambda x, y: y == self.y and x >= here
                       or letter == "J" and y > self.y)
        elif letter != "m":
            raise AssertionError(f"ESC [{argument}{letter}")

    def feed(self, text):
        """What is cut at the end is given back."""
        cut = CUT.search(text)
        text, rest = (text[:cut.start()], cut[0]) if cut else (text, "")
        end = 0
        for piece in PIECES.finditer(text):
            if piece.start() != end:
                raise AssertionError(repr(text[end:piece.start()]))
            end = piece.end()
            argument, letter, newline, char = piece.groups()
            if letter:
                self.order(argument, letter)
            elif newline:
                self.x, self.y = 0, self.y + 1
            else:
                self.cells[self.x, self.y] = char
                self.x += 1
            if self.y >= self.height or self.x > self.width:
                self.scrolled = text
        return text[end:] + rest


class Top:
    """The program on a pseudo-terminal."""

    def __init__(self, root, width=80, height=24, **environment):
        self.frames, self.looked_at = [], 0
        self.master, self.slave = os.openpty()
        self.resize(width, height)
        self.before = termios.tcgetattr(self.slave)
        self.rest = self.everything = ""
        self.process = subprocess.Popen(
            [f"{TOOLS}/xenblk-top", "-i", "0.1", "--root", root], stdin=self.slave,
            stdout=self.slave, stderr=self.slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=ENVIRONMENT | {"TERM": "vt220"} | environment)

    def resize(self, width, height):
        """The kernel sends SIGWINCH."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("4H", height, width, 0, 0))
        self.screen = Screen(width, height)
        self.rest = ""

    def redrawn(self):
        """What was on its way when the size changed is over: judge what comes now."""
        wanted = len(self.frames) + 3
        self.until(lambda: len(self.frames) >= wanted, "is drawn again")
        self.screen = Screen(self.screen.width, self.screen.height)
        self.rest = self.screen.feed(self.everything[self.everything.rindex(HOME):])

    def feed(self, text):
        """A frame that stood for a moment only counts, too."""
        for piece in re.split(f"(?={re.escape(HOME)})", self.rest + text):
            if piece.startswith(HOME):
                self.frames.append("\n".join(self.screen.lines()))
            self.rest = self.screen.feed(piece)

    def read(self, seconds=0.05):
        while select.select([self.master], [], [], seconds)[0]:
            text = os.read(self.master, 65536).decode()
            self.everything += text
            self.feed(text)

    def until(self, true, what):
        end = time.monotonic() + PATIENCE_SECONDS
        while not true():
            if time.monotonic() > end:
                raise AssertionError("\n".join([f"never {what}:"] + self.screen.lines()))
            self.read()

    def shows(self, pattern):
        """In a frame after the one that was looked for before."""
        def found():
            frames = self.frames[self.looked_at:] + ["\n".join(self.screen.lines())]
            return any(re.search(pattern, frame) for frame in frames)

        self.until(found, f"shows {pattern}")
        self.looked_at = len(self.frames)

    def press(self, keys):
        os.write(self.master, keys)

    def ends(self):
        """Its status."""
        self.until(lambda: self.process.poll() is not None, "ends")
        self.read()
        return self.process.returncode

    def restored(self):
        return (termios.tcgetattr(self.slave) == self.before and self.screen.cursor
                and not self.screen.alternate)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class Live(unittest.TestCase):
    nr_disks = 2

    def setUp(self):
        self.sys = self.enterContext(FalseSys())
        for i in range(self.nr_disks):
            disk = self.sys.backend_disk(f"xvd{chr(97 + i % 26)}", 3 + i // 26, 51712 + 16 * i)
            disk.waiting = [("read", SECOND * 2 + i, "device")]
        self.sys.write()

    def top(self, *arguments, **environment):
        top = Top(self.sys.root, *arguments, **environment)
        self.addCleanup(top.close)
        return top

    def running(self, **environment):
        top = self.top(**environment)
        top.shows("q quit")
        return top


class ManyDisks(Live):
    nr_disks = 30

    def test_it_is_live_and_fits(self):
        top = self.running()
        top.shows("^30 disks of 2 guests.*sorted by slow")
        top.shows("stuck: xvdd of guest 4: 1 under way")
        self.sys.now_ns += SECOND
        self.sys.disks[7].did("read", [request(device=5 * SECOND)] * 4)
        self.sys.write()
        top.shows("slowest: xvdh of guest 3: 100 % of 5.00s in device")
        self.assertFalse(top.screen.scrolled, top.screen.scrolled)
        top.until(lambda: all(top.screen.lines()), "fills the screen")
        self.assertTrue(top.screen.alternate)
        self.assertFalse(termios.tcgetattr(top.slave)[3] & (termios.ECHO | termios.ICANON))

    def test_keys(self):
        top = self.running()
        top.press(b"s")
        top.shows("sorted by p99")
        top.press(b"sssss")
        top.shows("sorted by slow")
        top.shows("\n4 +xvdd ")
        top.press(b"\033[B")
        top.shows("\nGUEST.*\n4 +xvdc ")
        top.press(b"\033[A\033[A\033[A")
        top.press(b"x")
        top.shows("\nGUEST.*\n4 +xvdd ")
        self.sys.now_ns += SECOND
        self.sys.disks[7].did("write", [request(device=5 * SECOND)] * 4)
        top.press(b"t")
        self.sys.write()
        top.shows("\n +write ")

    def test_a_key_does_not_make_an_interval_longer(self):
        top = self.running()
        self.sys.backend_disk("xvdz", 9)
        self.sys.write()
        end = time.monotonic() + PATIENCE_SECONDS
        while "31 disks" not in "\n".join(top.screen.lines()):
            self.assertLess(time.monotonic(), end)
            top.press(b"s")
            top.read(0.02)

    def test_resize(self):
        top = self.running()
        for width, height in ((120, 40), (40, 10), (80, 24), (20, 4)):
            top.resize(width, height)
            top.redrawn()
            top.shows("\nGUEST")
            self.assertFalse(top.screen.scrolled, top.screen.scrolled)


class Ends(Live):
    def test_q_quits(self):
        top = self.running()
        top.press(b"q")
        self.assertEqual(top.ends(), 0)
        self.assertTrue(top.restored())

    def test_any_end_restores_the_terminal(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            top = self.running()
            top.process.send_signal(number)
            self.assertEqual(top.ends(), 128 + number)
            self.assertTrue(top.restored(), number)
            self.assertNotIn("Traceback", top.everything)

    def test_interrupted_by_its_key(self):
        top = self.running()
        top.press(b"\x03")
        self.assertEqual(top.ends(), 128 + signal.SIGINT)
        self.assertTrue(top.restored())

    def test_the_module_goes_meanwhile(self):
        top = self.running()
        shutil.rmtree(self.sys.path("module"))
        shutil.rmtree(self.sys.path("kernel/debug/xen"))
        self.assertEqual(top.ends(), 1)
        self.assertTrue(top.restored())
        self.assertIn("xen-blkback is not loaded: modprobe", top.everything)

    def test_counters_that_go_meanwhile(self):
        top = self.running()
        os.rename(self.sys.path("bus"), self.sys.path("gone"))
        top.shows(" - +- +1 ")

    def test_an_error_of_its_own(self):
        top = self.running()
        path = self.sys.path(self.sys.directory(self.sys.disks[0]), "stat")
        os.remove(path)
        os.mkdir(path)      # EISDIR, which no file of the kernel's is
        self.assertEqual(top.ends(), 1)
        self.assertIn("IsADirectoryError", top.everything)
        self.assertTrue(top.restored())

    def test_stopped_and_continued(self):
        top = self.running()
        top.press(b"\x1a")
        top.until(lambda: os.waitpid(top.process.pid, os.WUNTRACED | os.WNOHANG)[0],
                  "stops")
        top.read()
        self.assertTrue(top.restored())
        top.process.send_signal(signal.SIGCONT)
        top.until(lambda: top.screen.alternate, "goes on")
        top.press(b"q")
        self.assertEqual(top.ends(), 0)
        self.assertTrue(top.restored())

    def test_the_terminal_goes(self):
        top = self.running()
        os.close(top.slave)
        os.close(top.master)
        top.process.wait(PATIENCE_SECONDS)
        self.assertNotEqual(top.process.returncode, None)
        top.master, top.slave = os.openpty()

    def test_colours(self):
        self.sys.now_ns += SECOND
        for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
            top = self.running(**environment)
            self.assertEqual("\033[30;4" in top.everything, coloured)

    def test_a_dumb_terminal_is_shown_one_interval(self):
        top = self.top(TERM="dumb")
        self.assertEqual(top.ends(), 0)
        self.assertNotIn("\033", top.everything)
