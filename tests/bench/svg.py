# SPDX-License-Identifier: GPL-2.0
"""Results as a picture: a group of bars for each job, the in-tree pair's as high
in all of them."""

from results import BARE, INTREE, INTREE_OURS, OURS, OURS_INTREE, PAIRS
from text import thousands

# Pair, width, colour.
BARS = (
    (BARE, 18, "#9a9a9a"),
    (INTREE, 18, "#d95f02"),
    (OURS, 18, "#1b6ca8"),
    (OURS_INTREE, 9, "#66a3cf"),
    (INTREE_OURS, 9, "#f0a868"),
)
GROUP = sum(width + 2 for _, width, _ in BARS) + 24
# So many groups stand beside each other.
ROW = 13
LEFT, HEAD, ABOVE, HEIGHT, BELOW = 50, 56, 36, 300, 34


def text(x, y, what, size=12, anchor="start", extra=""):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" '
            f'text-anchor="{anchor}"{extra}>{what}</text>')


def shares(pairs):
    """Of the in-tree pair's instructions; nothing without that pair."""
    if INTREE not in pairs:
        return {}
    return {pair: cell["instructions"] / pairs[INTREE]["instructions"]
            for pair, cell in pairs.items()}


def bar(x, width, high, colour, label):
    """Upwards from a line at zero."""
    middle = x + width / 2 + 4
    return [f'<rect x="{x:.0f}" y="{-high:.1f}" width="{width}" height="{high:.1f}" '
            f'fill="{colour}"><title>{label}</title></rect>',
            text(middle, -high - 4, label, 10, "start",
                 f' transform="rotate(-90 {middle:.0f} {-high - 4:.0f})"')]


def axis(width, scale):
    lines = []
    for percent in (0, 25, 50, 75, 100):
        y = -percent / 100 * scale
        lines.append(f'<line x1="{LEFT}" x2="{width - 10}" y1="{y:.1f}" y2="{y:.1f}" '
                     'stroke="#dddddd"/>')
        lines.append(text(LEFT - 6, y + 4, f"{percent} %", 11, "end"))
    return lines


def legend():
    lines, x = [], LEFT
    for pair, _, colour in BARS:
        lines.append(f'<rect x="{x}" y="34" width="12" height="12" fill="{colour}"/>')
        lines.append(text(x + 17, 44, PAIRS[pair]))
        x += 36 + 7 * len(PAIRS[pair])
    return lines


def group(x, scale, job, pairs):
    lines = [text(x + (GROUP - 24) / 2, 18, job, 12, "middle")]
    share = shares(pairs)
    for pair, width, colour in BARS:
        if pair in share:
            lines += bar(x, width, share[pair] * scale, colour,
                         thousands(pairs[pair]["instructions"]))
        x += width + 2
    return lines


def draw(jobs):
    named = list(jobs.items())
    rows = [named[i:i + ROW] for i in range(0, len(named), ROW)]
    width = max(LEFT + GROUP * max(map(len, rows)) + 20, 860)
    height = HEAD + len(rows) * (ABOVE + HEIGHT + BELOW)
    scale = HEIGHT / max([1.1] + [s for pairs in jobs.values() for s in shares(pairs).values()])
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             f'viewBox="0 0 {width} {height}" font-family="sans-serif" fill="#222222">',
             f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
             text(LEFT, 22, "Instructions of one request, the in-tree pair's being 100 %; "
                  "numbers are thousands", 14)] + legend()
    for i, row in enumerate(rows):
        zero = HEAD + i * (ABOVE + HEIGHT + BELOW) + ABOVE + HEIGHT
        lines += [f'<g transform="translate(0 {zero})">'] + axis(width, scale)
        for j, (job, pairs) in enumerate(row):
            lines += group(LEFT + 12 + j * GROUP, scale, job, pairs)
        lines.append("</g>")
    return "\n".join(lines + ["</svg>", ""])
