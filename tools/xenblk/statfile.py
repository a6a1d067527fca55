# SPDX-License-Identifier: GPL-2.0
"""The text of the drivers' files under debugfs, as values.  Knows no files."""

from dataclasses import dataclass, field

VERSION = "xenblk-stat 1"


class FormatError(Exception):
    """The text is not what this version of the programs knows."""


@dataclass
class Stage:
    """Since the last reset.  The histogram is {lower: (upper, count)}, where the
    upper end is excluded, and None in the last one."""
    count: int
    mean_ns: int
    max_ns: int
    histogram: dict = field(default_factory=dict)


@dataclass
class Stat:
    disk: str
    domain: int
    device: str
    now_ns: int
    since_ns: int
    types: dict     # {type: {stage: Stage}}


@dataclass
class Waiting:
    """A request that is under way."""
    age_ns: int
    stage: str


@dataclass
class Rings:
    in_flight: int
    waiting: list


def pairs(words):
    """{name: value} of words that are names and values in turn."""
    return dict(zip(words[::2], words[1::2]))


def parse_bucket(word):
    bounds, count = word.split(":")
    lower, upper = bounds.split("-")
    if upper == "inf":
        return int(lower), (None, int(count))
    if int(upper) <= int(lower):
        raise ValueError
    return int(lower), (int(upper), int(count))


def parse_row(stat, words):
    kind, stage, count, mean, *percentiles, largest = words
    if len(percentiles) != 4:
        raise ValueError
    stat.types.setdefault(kind, {})[stage] = Stage(int(count), int(mean), int(largest))


def parse_histogram(stat, words):
    kind, stage, *buckets = words
    stat.types[kind][stage].histogram = dict(map(parse_bucket, buckets))


def parse_line(stat, line):
    words = line.split()
    if words[0] == "hist":
        parse_histogram(stat, words[1:])
    else:
        parse_row(stat, words)


def parse_head(lines):
    """The two lines that say what it is, and whose."""
    if not lines or lines[0] != VERSION:
        raise FormatError(f'the first line is "{lines[0] if lines else ""}", expected '
                          f'"{VERSION}": module and program are of different versions')
    try:
        head = pairs(lines[1].split())
        return Stat(head["disk"], int(head["domain"]), head["device"],
                    int(head["now_ns"]), int(head["since_ns"]), {})
    except (IndexError, KeyError, ValueError):
        raise FormatError('line 2 does not say "disk D domain N device V now_ns T '
                          'since_ns T"') from None


def parse_stat(text):
    lines = text.splitlines()
    stat = parse_head(lines)
    for number, line in enumerate(lines[2:], 3):
        if not line or line.startswith("#"):
            continue
        try:
            parse_line(stat, line)
        except (KeyError, ValueError):
            raise FormatError(f'line {number} is "{line[:60]}", expected '
                              '"TYPE STAGE" and seven numbers, or "hist TYPE STAGE '
                              'LOWER-UPPER:COUNT ..." of a type and stage above') from None
    return stat


def parse_rings(text):
    rings = Rings(0, [])
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        try:
            if words[:1] == ["ring"]:
                rings.in_flight += int(pairs(words)["in_flight"])
            elif words[:1] == ["request"]:
                values = pairs(words[3:])
                rings.waiting.append(Waiting(int(values["age_ns"]), values["stage"]))
        except (KeyError, ValueError):
            raise FormatError(f'line {number} is "{line[:60]}", expected "ring N ... '
                              'in_flight N ..." or "request ID OPERATION ... age_ns T '
                              'stage S"') from None
    return rings
