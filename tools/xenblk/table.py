# SPDX-License-Identifier: GPL-2.0
"""A report as lines of text."""

import textwrap
import time

from . import verdict
from .interval import shares
from .stages import BACKEND, TOTAL, colour, letter, names
from .units import duration, megabytes, number

# Name, width, alignment.  What is left of a line is the bar.
COLUMNS = (("GUEST", 14, "<"), ("DISK", 7, "<"), ("IOPS", 5, ">"), ("MB/s", 5, ">"),
           ("QD", 4, ">"), ("P50", 6, ">"), ("P99", 6, ">"))
BAR = "WHERE TIME WENT"
HELP = "q quit   s sort   t by type   up/down scroll"

# What disks may be sorted by; the guest upwards, all others downwards.
SORTS = {
    "slow": lambda disk: -verdict.slowness(disk),
    "p99": lambda disk: -(disk["p99_ns"] or 0),
    "iops": lambda disk: -(disk["iops"] or 0),
    "mbs": lambda disk: -(moved(disk) or 0),
    "depth": lambda disk: -(disk["in_flight"] or 0),
    "guest": lambda disk: 0,
}


def moved(disk):
    """Bytes per second, both ways."""
    both = (disk["read_bytes_per_sec"], disk["write_bytes_per_sec"])
    return None if None in both else sum(both)


def ordered(disks, sort):
    return sorted(disks, key=lambda disk: (SORTS[sort](disk), disk["domain"], disk["disk"]))


def row(cells):
    """As wide as its column, whatever it says."""
    return " ".join(f"{cell[:width]:{align}{width}}"
                    for cell, (_, width, align) in zip(cells, COLUMNS))


def portions(parts, width):
    """Characters for each share, WIDTH in all: the largest remainders are rounded up."""
    exact = {stage: share * width for stage, share in parts.items()}
    result = {stage: int(size) for stage, size in exact.items()}
    rest = sorted(exact, key=lambda stage: result[stage] - exact[stage])
    for stage in rest[:max(0, width - sum(result.values()))]:
        result[stage] += 1
    return result


def bar(side, parts, width, coloured):
    if not parts or width < 1:
        return ""
    size = portions(parts, width)
    return "".join(paint(letter(side, stage) * size[stage], colour(side, stage), coloured)
                   for stage in names(side) if size.get(stage))


def paint(text, number_of_colour, coloured):
    return f"\033[30;4{number_of_colour}m{text}\033[0m" if coloured else text


def guest(side, disk):
    if side != BACKEND:
        return "-"
    return f"{disk['domain']} {disk['name'] or ''}".strip()


def disk_row(side, disk):
    return row((guest(side, disk), disk["disk"], number(disk["iops"]), megabytes(moved(disk)),
                number(disk["in_flight"]), duration(disk["p50_ns"]), duration(disk["p99_ns"])))


def type_row(disk, kind, total):
    moved_by_it = {"read": disk["read_bytes_per_sec"],
                   "write": disk["write_bytes_per_sec"]}.get(kind)
    per_second = total["count"] / disk["interval_s"] if disk["interval_s"] else None
    return row(("", " " + kind, number(per_second), megabytes(moved_by_it), "",
                duration(total["p50_ns"]), duration(total["p99_ns"])))


def with_bar(line, side, parts, width, coloured):
    return f"{line} {bar(side, parts, width - len(line) - 1, coloured)}".rstrip()


def type_lines(side, disk, width, coloured):
    for kind, stages in disk["types"].items():
        if TOTAL in stages:
            yield with_bar(type_row(disk, kind, stages[TOTAL])[:width], side,
                           shares(side, [stages]), width, coloured)


def disk_lines(side, disk, width, coloured, by_type):
    yield with_bar(disk_row(side, disk)[:width], side, disk["time"], width, coloured)
    if by_type:
        yield from type_lines(side, disk, width, coloured)
    if disk["limits"]:
        limits = ", ".join(f"{name} {value}" for name, value in disk["limits"].items())
        yield f"  limits: {limits}"[:width]


def body(report, width, sort="slow", by_type=False, coloured=False):
    """A list of lines for each disk."""
    return [list(disk_lines(report["side"], disk, width, coloured, by_type))
            for disk in ordered(report["disks"], sort)]


def plural(n, word):
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def head(report, width, sort):
    disks = report["disks"]
    whose = "" if report["side"] != BACKEND else \
        f" of {plural(len({disk['domain'] for disk in disks}), 'guest')}"
    seconds = max((disk["interval_s"] for disk in disks), default=0)
    title = (f"{plural(len(disks), 'disk')}{whose}, the last {seconds:.1f} s, sorted by {sort}")
    clock = time.strftime("%H:%M:%S", time.localtime(report["time"]))
    return [f"{title}  {clock:>{max(8, width - len(title) - 2)}}"[:width],
            f"{row([name for name, _, _ in COLUMNS])} {BAR}"[:width]]


def legend(side, width, coloured):
    """The letters of bars, cut before colours are added."""
    line, used = "", 0
    for stage in names(side):
        word = f"{letter(side, stage)} {stage}  "
        if used + len(word) > width + 2:
            break
        line += paint(word[0], colour(side, stage), coloured) + word[1:]
        used += len(word)
    return line.rstrip()


def failed(report):
    """Disks with requests that failed in the interval."""
    words = [f"{verdict.whose(report['side'], disk)}: {disk['errors']}"
             for disk in report["disks"] if disk["errors"]]
    return ["failed requests: " + "; ".join(words)] if words else []


def words(report, width):
    """What there is to say, in whole lines."""
    sentences = [report["slowest"]["words"]] if report["slowest"] else []
    if not report["disks"] and not report["problems"]:
        sentences.append("no disk is connected")
    sentences += failed(report) + report["problems"]
    return [line for sentence in sentences
            for line in textwrap.wrap(sentence, max(20, width), subsequent_indent="  ")]


def whole(report, width, sort="slow", by_type=False, coloured=False):
    """All of it, however long."""
    lines = head(report, width, sort)
    for group in body(report, width, sort, by_type, coloured):
        lines += group
    return lines + ["", legend(report["side"], width, coloured)] + words(report, width)


def fitting(report, width, height, first=0, **how):
    """What fits on a screen, from the disk with number FIRST on."""
    top = head(report, width, how["sort"])
    sentences = words(report, width)[:height // 3]
    bottom = [legend(report["side"], width, how["coloured"])]
    bottom += [line[:width] for line in sentences] + [HELP[:width]]
    room = max(0, height - len(top) - len(bottom))
    lines = [line for group in body(report, width, **how)[first:] for line in group]
    if len(lines) > room:
        lines = lines[:max(0, room - 1)] + ["  ..."]
    lines += [""] * (room - len(lines))
    return (top + lines + bottom)[:height]
