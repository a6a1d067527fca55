# SPDX-License-Identifier: GPL-2.0
"""What each job cost with each pair of drivers, out of one run's counts."""

import statistics

import counts

BARE, INTREE, OURS = "bare-dom0", "intree-intree", "ours-ours"
# Frontend, then backend.
OURS_INTREE, INTREE_OURS = "ours-intree", "intree-ours"
PAIRS = {
    BARE: "bare device",
    INTREE: "in-tree",
    OURS: "ours",
    OURS_INTREE: "our frontend, in-tree backend",
    INTREE_OURS: "in-tree frontend, our backend",
}

# Xen's hypercalls, as its functions are called.  One that is made through a
# multicall is counted by itself, and the multicall too.
HYPERCALLS = (
    "grant_table_op", "event_channel_op", "sched_op", "mmu_update", "mmuext_op",
    "update_va_mapping", "set_segment_base", "stack_switch", "update_descriptor",
    "fpu_taskswitch", "iret", "multicall", "set_timer_op", "vcpu_op", "memory_op",
    "physdev_op", "xen_version",
)


def events(cost):
    """What happens in one request, beside instructions."""
    result = {
        "hypercalls": cost.calls("pv_hypercall [xen]"),
        "TLB flushes": cost.calls("flush_area_mask [xen]"),
        "context switches, guest": cost.calls("__switch_to", "guest"),
        "context switches, dom0": cost.calls("__switch_to", "dom0"),
        "notifications to the backend": cost.calls("notify_remote_via_irq", "guest"),
        "notifications to the frontend": cost.calls("notify_remote_via_irq", "dom0"),
        "KiB copied by kernels": cost.bytes_copied / 1024,
        "grant copies by Xen": cost.calls(
            "common/grant_table.c#gnttab_copy_claim_buf [xen]") / 2,
    }
    for name in HYPERCALLS:
        calls = cost.calls(f"do_{name} [xen]")
        if calls >= 0.005:
            result[f"do_{name}"] = calls
    return result


def mean(dictionaries):
    keys = {key: None for d in dictionaries for key in d}
    return {k: round(statistics.fmean(d.get(k, 0) for d in dictionaries), 3) for k in keys}


def measure(out):
    """{job: {pair: what it cost}}, in the order in which they ran."""
    run = counts.Run(out)
    costs = {}
    for name, job in run.jobs.items():
        costs.setdefault(job.job, {}).setdefault(job.pair, []).append(run.cost(name))
    return {job: {pair: summary(c) for pair, c in pairs.items()}
            for job, pairs in costs.items()}


def summary(costs):
    runs = [round(c.total) for c in costs]
    return {
        "instructions": round(statistics.fmean(runs)),
        "runs": runs,
        "parts": mean([c.by_part for c in costs]),
        "events": mean([events(c) for c in costs]),
    }


def spread(cell):
    """Of runs of the same, as a fraction."""
    return (max(cell["runs"]) - min(cell["runs"])) / cell["instructions"]


def above(pairs, pair):
    """What a pair costs beyond the bare device, or None."""
    if pair not in pairs or BARE not in pairs:
        return None
    return pairs[pair]["instructions"] - pairs[BARE]["instructions"]


def ratio(pairs, pair):
    """Of what a pair adds to what the in-tree pair adds, or None."""
    base, value = above(pairs, INTREE), above(pairs, pair)
    return value / base if value is not None and base else None
