# SPDX-License-Identifier: GPL-2.0
"""Results as tables: for a terminal, and for the documentation."""

import results
from results import BARE, INTREE, INTREE_OURS, OURS, OURS_INTREE, above, ratio

MIXED = (OURS_INTREE, INTREE_OURS)


def thousands(value):
    if value is None:
        return "-"
    return f"{value / 1000:.1f}" if abs(value) < 99950 else f"{value / 1000:.0f}"


def fraction(value):
    return "-" if value is None else f"{value:.2f}"


def plain(rows):
    """Columns, the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        row[0].ljust(widths[0]) + "".join(f"  {c:>{w}}" for c, w in zip(row[1:], widths[1:]))
        for row in rows)


def markdown(rows):
    line = "|---" + "|--:" * (len(rows[0]) - 1) + "|"
    body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([body[0], line] + body[1:])


def instructions(jobs):
    """Thousands for each request, and what is added to the bare device."""
    rows = [["job", "bare", "in-tree", "ours", "front/in-tree", "in-tree/back",
             "in-tree adds", "ours adds", "ratio", "ratio, our front", "ratio, our back"]]
    for name, pairs in jobs.items():
        row = [name]
        for pair in (BARE, INTREE, OURS) + MIXED:
            row.append(thousands(pairs[pair]["instructions"] if pair in pairs else None))
        row += [thousands(above(pairs, INTREE)), thousands(above(pairs, OURS))]
        row += [fraction(ratio(pairs, pair)) for pair in (OURS,) + MIXED]
        rows.append(row)
    return rows


def number(value):
    """Less than nothing is what a slope makes of nothing."""
    return f"{value:.2f}" if value >= 0.005 else "0"


# Long names of hypercalls that come together are one column.
EVENTS = {
    "hypercalls": ("hypercalls",),
    "grant": ("do_grant_table_op",),
    "event": ("do_event_channel_op",),
    "sched": ("do_sched_op",),
    "iret": ("do_iret",),
    "page tables": ("do_mmu_update", "do_mmuext_op", "do_update_va_mapping"),
    "switching": ("do_set_segment_base", "do_stack_switch", "do_update_descriptor",
                  "do_fpu_taskswitch"),
    "multicall": ("do_multicall",),
    "TLB flushes": ("TLB flushes",),
    "switches, guest": ("context switches, guest",),
    "switches, dom0": ("context switches, dom0",),
    "to backend": ("notifications to the backend",),
    "to frontend": ("notifications to the frontend",),
    "KiB copied": ("KiB copied by kernels",),
    "Xen copies": ("grant copies by Xen",),
}


def events(jobs, chosen=tuple(results.PAIRS)):
    """What happens in each request."""
    rows = [["job", "pair"] + list(EVENTS)]
    for name, pairs in jobs.items():
        for pair in chosen:
            if pair in pairs:
                e = pairs[pair]["events"]
                rows.append([name, pair] + [number(sum(e.get(k, 0) for k in keys))
                                            for keys in EVENTS.values()])
    return rows


def parts(jobs, chosen=tuple(results.PAIRS)):
    """Who ran the instructions."""
    names = ("xen", "dom0", "guest", "back", "front", "modules", "user")
    rows = [["job", "pair"] + list(names)]
    for name, pairs in jobs.items():
        for pair in chosen:
            if pair in pairs:
                p = pairs[pair]["parts"]
                rows.append([name, pair] + [thousands(p.get(k, 0)) for k in names])
    return rows


def repeated(jobs):
    """How far runs of the same are apart."""
    cells = [(results.spread(cell), name, pair) for name, pairs in jobs.items()
             for pair, cell in pairs.items() if len(cell["runs"]) > 1]
    if not cells:
        return "Nothing was run twice."
    far = [f"{name} {pair} {s * 100:.1f} %" for s, name, pair in cells if s > 0.03]
    return (f"Runs of the same in one boot differ by {max(cells)[0] * 100:.1f} % at most, "
            f"by more than 3 % in: {', '.join(far) or 'none'}.")
