# SPDX-License-Identifier: GPL-2.0
"""Names of guests, from XenStore or the toolstack."""

import subprocess
import time

# A guest that is migrated here has another name until it runs.
KEPT_SECONDS = 60


def output(*command):
    """Of a command that may be missing, fail, or hang."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def from_xenstore(domain):
    return output("xenstore-read", f"/local/domain/{domain}/name").strip()


def from_xl(domain):
    """The second column, after the name, is the number."""
    for line in output("xl", "list").splitlines()[1:]:
        words = line.split()
        if len(words) > 1 and words[1] == str(domain):
            return words[0]
    return ""


def printable(name):
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in name)


class Names:
    def __init__(self):
        self.known = {}     # {domain: (name or None, when)}

    def name(self, domain):
        """None when nobody knows it."""
        name, when = self.known.get(domain, (None, None))
        if when is None or time.monotonic() - when > KEPT_SECONDS:
            name = printable(from_xenstore(domain) or from_xl(domain)) or None
            self.known[domain] = (name, time.monotonic())
        return name
