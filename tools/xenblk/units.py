# SPDX-License-Identifier: GPL-2.0
"""Numbers for people, in few characters."""


def three(value):
    """Three digits."""
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def scaled(value, units, step=1000):
    for unit in units[:-1]:
        if value < step * 0.9995:
            return three(value) + unit
        value /= step
    return three(value) + units[-1]


def duration(ns):
    """At most six characters below 1000 s."""
    if ns is None:
        return "-"
    if ns < 999.5:
        return f"{ns:.0f}ns"
    return scaled(ns / 1000, ("us", "ms", "s"))


def number(value):
    """At most five characters."""
    if value is None:
        return "-"
    if value < 9999.5:
        return f"{value:.0f}"
    return scaled(value / 1000, ("k", "M", "G"))


def megabytes(bytes_per_second):
    """A million bytes is one."""
    if bytes_per_second is None:
        return "-"
    return three(bytes_per_second / 1e6) if bytes_per_second else "0"
