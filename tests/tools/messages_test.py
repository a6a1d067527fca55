# SPDX-License-Identifier: GPL-2.0
"""What troubleshooting.md says that the drivers print, they print."""

import glob
import os
import re
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
# The beginning of a message in the text; what follows is the driver's.
PREFIX = re.compile(r"^    (?:vbd vbd-[0-9-]+: |xen_blkfront: |xen-blkback: )(.*)$")
# One in a table or in a sentence, with the driver's words only.
QUOTED = re.compile(r"(?:dom0: |guest: |^|\()`([^`]*[a-z]+ [a-z]+ [a-z]+ [^`]*)`")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
DISK = r"(?:xvda: )?"


def sources():
    for path in glob.glob(f"{TOP}/blk*/*.c"):
        with open(path, encoding="utf-8") as f:
            yield f.read()


def pattern(text):
    """Of what a format prints, with the disk's name before it or not."""
    text = text.replace("\\n", "").replace('\\"', '"').removeprefix("%s: ")
    text = re.sub(r"^xen-blkback: ", "", text)
    parts = re.split(r"%-?[#.*0-9]*(?:ll|l|h|z)?[a-zA-Z]+|%%", text)
    return DISK + ".*".join(map(re.escape, parts)) + "$"


def formats():
    """Of the sentences in the sources."""
    found = {text for source in sources() for text in STRING.findall(source)
             if len(re.findall("[a-z]{2,}", text)) > 2}
    return [re.compile(pattern(text)) for text in found]


class Messages(unittest.TestCase):
    def setUp(self):
        with open(f"{TOP}/Documentation/troubleshooting.md", encoding="utf-8") as f:
            self.lines = f.read().splitlines()
        self.formats = formats()

    def printed(self, message):
        return any(f.match(message) for f in self.formats)

    def test_every_message_is_one_of_the_drivers(self):
        messages = [m[1] for m in map(PREFIX.match, self.lines) if m]
        self.assertGreater(len(messages), 20)
        for message in messages:
            self.assertTrue(self.printed(message), message)

    def test_those_in_tables(self):
        messages = [m for line in self.lines if line.startswith(("| dom0: ", "| guest: "))
                    for m in QUOTED.findall(line)[:1]]
        self.assertGreater(len(messages), 4)
        for message in messages:
            self.assertTrue(self.printed(message), message)

    def test_another_message_is_none(self):
        self.assertFalse(self.printed("the frontend has two heads"))
        self.assertFalse(self.printed("the disk has not finished 2 requests, sorry"))

    def test_parameters_are_parameters(self):
        known = set(re.findall(r"module_param(?:_named)?\((\w+)", " ".join(sources())))
        named = {name for line in self.lines
                 for name in re.findall(r"`((?:max|feature|io|lost|reconnect|low|exclusive|"
                                        r"persistent_grant)_[a-z_]+)(?:=\w+)?`", line)}
        self.assertGreater(len(named), 10)
        self.assertLessEqual(named, known)
