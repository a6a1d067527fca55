# SPDX-License-Identifier: GPL-2.0
"""The stages of a request, in order, and what it means that one of them is slow."""

BACKEND, FRONTEND = "backend", "frontend"

# Stage: letter in bars, colour (of ANSI), meaning.
STAGES = {
    BACKEND: {
        "ring": ("R", 4, "dom0's CPU is slow to take what the guest sent"),
        "admission": ("L", 3, "it waits for limits or weights, or for memory of dom0"),
        "pages_in": ("I", 6, "mapping or copying the guest's memory"),
        "device": ("D", 1, "the backing disk"),
        "pages_out": ("O", 5, "dom0's CPU is slow to see that the disk is done, or to copy back and unmap"),
        "answer": ("A", 2, "dom0's CPU is slow to answer"),
    },
    FRONTEND: {
        "queue": ("Q", 3, "it waits for room on the ring"),
        "backend": ("B", 1, "the backend: run xenblk-top in its domain"),
        "finish": ("F", 2, "the guest's CPU is slow to take the answer"),
    },
}

# Where a request that is under way may be besides: parts of a stage.
PLACES = {
    BACKEND: {},
    FRONTEND: {
        "ring": "the backend has not taken it: run xenblk-top in its domain",
        "held": "it is answered, and the backend still has a page of it mapped",
    },
}

# From the first stage's beginning to the last one's end.
TOTAL = "total"


def names(side):
    return list(STAGES[side])


def letter(side, stage):
    return STAGES[side][stage][0]


def colour(side, stage):
    return STAGES[side][stage][1]


def meaning(side, stage):
    """In words for people; a stage of another module has none."""
    if stage in STAGES[side]:
        return STAGES[side][stage][2]
    return PLACES[side].get(stage, "unknown to this program")
