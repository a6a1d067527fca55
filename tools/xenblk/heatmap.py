# SPDX-License-Identifier: GPL-2.0
"""Panels as an SVG picture: time to the right, latency upwards, colour how many."""

import math
import time
from html import escape

WIDTH, HEIGHT = 760, 220
LEFT, RIGHT, ABOVE, BELOW, HEAD = 70, 110, 34, 46, 40

# From few to many.
COLOURS = ("#c6dbef", "#6baed6", "#2171b5", "#41ab5d", "#fed976", "#fd8d3c", "#e31a1c",
           "#800026")
DECADES = (("ns", 1), ("µs", 1e3), ("ms", 1e6), ("s", 1e9))
# Seconds between two marks of the time axis; what they are told in.
STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400)
MARKS = 10


def text(x, y, what, size=12, anchor="start"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" '
            f'text-anchor="{anchor}">{escape(what)}</text>')


def rectangle(x, y, width, height, colour):
    return (f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" '
            f'fill="{colour}"/>')


def line(x1, y1, x2, y2):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            'stroke="#888888" stroke-width="0.5"/>')


def lower_end(lower, upper):
    """There is no zero on an axis of powers."""
    return lower or upper / 2


def upper_end(lower, upper):
    return lower * 2 if upper is None else upper


class Scale:
    """What is shared by all panels of a picture, to compare them."""

    def __init__(self, panels):
        columns = [column for panel in panels for column in panel.columns]
        buckets = [(lower, *bucket) for column in columns
                   for lower, bucket in column.histogram.items()]
        self.start = min(column.start for column in columns)
        self.end = max(column.end for column in columns)
        self.least = min(lower_end(lower, upper) for lower, upper, _ in buckets)
        self.most = max(upper_end(lower, upper) for lower, upper, _ in buckets)
        self.many = max(n for _, _, n in buckets)

    def x(self, when):
        return LEFT + (when - self.start) / ((self.end - self.start) or 1) * WIDTH

    def y(self, ns):
        """Of a panel whose upper edge is zero."""
        share = math.log(ns / self.least) / math.log(self.most / self.least)
        return HEIGHT * (1 - share)

    def colour(self, n):
        share = math.log(n) / math.log(self.many) if self.many > 1 else 1
        return COLOURS[min(int(share * len(COLOURS)), len(COLOURS) - 1)]

    def first_of(self, number):
        """The least count with that colour."""
        return max(1, math.ceil(self.many ** (number / len(COLOURS)) - 1e-9))


def cells(panel, scale):
    for column in panel.columns:
        x = scale.x(column.start)
        width = scale.x(column.end) - x
        for lower, (upper, n) in sorted(column.histogram.items()):
            top = scale.y(upper_end(lower, upper))
            yield rectangle(x, top, width, scale.y(lower_end(lower, upper)) - top,
                            scale.colour(n))


def latency_axis(scale):
    for unit, factor in DECADES:
        for number in (1, 10, 100):
            ns = number * factor
            if scale.least <= ns <= scale.most:
                y = scale.y(ns)
                yield line(LEFT - 5, y, LEFT + WIDTH, y)
                yield text(LEFT - 8, y + 4, f"{number} {unit}", 11, "end")


def elapsed(seconds, step):
    if step >= 3600:
        return f"{seconds / 3600:.0f} h"
    if step >= 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s"


def time_axis(scale):
    length = scale.end - scale.start
    step = next((s for s in STEPS if length / s <= MARKS), STEPS[-1])
    for i in range(int(length / step) + 1):
        x = scale.x(scale.start + i * step)
        yield line(x, HEIGHT, x, HEIGHT + 5)
        yield text(x, HEIGHT + 18, elapsed(i * step, step), 11, "middle")
    begun = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(scale.start))
    yield text(LEFT + WIDTH / 2, HEIGHT + 34, f"time since {begun}", 11, "middle")


def legend(scale):
    x = LEFT + WIDTH + 20
    yield text(x, 8, "requests", 11)
    for i, colour in enumerate(COLOURS):
        first = scale.first_of(i)
        if scale.colour(first) == colour:
            y = 16 + (len(COLOURS) - 1 - i) * 18
            yield rectangle(x, y, 14, 14, colour)
            yield text(x + 20, y + 11, f"from {first}", 11)


def frame():
    return (f'<rect x="{LEFT}" y="0" width="{WIDTH}" height="{HEIGHT}" fill="none" '
            'stroke="#444444"/>')


def panel_lines(panel, scale):
    yield text(LEFT, -8, panel.title, 13)
    yield from cells(panel, scale)
    yield from latency_axis(scale)
    yield from time_axis(scale)
    yield from legend(scale)
    yield frame()


def draw(panels, title):
    scale = Scale(panels)
    width = LEFT + WIDTH + RIGHT
    each = ABOVE + HEIGHT + BELOW
    height = HEAD + len(panels) * each
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}" font-family="sans-serif" fill="#222222">',
             f"<title>{escape(title)}</title>",
             rectangle(0, 0, width, height, "#ffffff"),
             text(LEFT, 26, title, 16)]
    for i, panel in enumerate(panels):
        lines.append(f'<g transform="translate(0 {HEAD + i * each + ABOVE})">')
        lines += panel_lines(panel, scale)
        lines.append("</g>")
    return "\n".join(lines + ["</svg>", ""])
