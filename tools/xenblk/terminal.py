# SPDX-License-Identifier: GPL-2.0
"""A terminal that shows one screen and takes single keys, and is as it was afterwards."""

import os
import re
import select
import signal
import sys
import termios

# The other screen, and no cursor; and back.
ENTER, LEAVE = "\033[?1049h\033[?25l", "\033[?25h\033[?1049l"
HOME, TO_END_OF_LINE, TO_END_OF_SCREEN = "\033[H", "\033[K", "\033[J"

ARROWS = {"\033[A": "up", "\033[B": "down", "\033OA": "up", "\033OB": "down"}
KEY = re.compile(r"\033[\[O].|.", re.DOTALL)


def usable():
    """Somebody looks, and may press keys."""
    return (sys.stdin.isatty() and sys.stdout.isatty()
            and os.environ.get("TERM", "dumb") != "dumb")


def coloured():
    return usable() and "NO_COLOR" not in os.environ


def write(text):
    """Past Python's buffer, which a signal must not come to while it is written."""
    data = text.encode()
    while data:
        data = data[os.write(sys.stdout.fileno(), data):]


def end(number, _frame):
    """As any other end: whoever has the terminal gives it back."""
    sys.exit(128 + number)


class Terminal:
    """Use it in a `with`."""

    def __enter__(self):
        self.saved = termios.tcgetattr(sys.stdin)
        # A signal wakes who waits for a key.
        self.woken, self.waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGWINCH, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        signal.signal(signal.SIGTSTP, self.stop)
        self.take()
        return self

    def __exit__(self, *_):
        signal.set_wakeup_fd(-1)
        self.give_back()

    def take(self):
        raw = termios.tcgetattr(sys.stdin)
        raw[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, raw)
        write(ENTER)

    def give_back(self):
        """The terminal may be gone, too."""
        try:
            write(LEAVE)
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self.saved)
        except (OSError, termios.error):
            pass

    def stop(self, *_):
        """^Z; goes on after fg."""
        self.give_back()
        os.kill(os.getpid(), signal.SIGSTOP)
        self.take()

    def show(self, lines):
        """Each line is erased first: after the last column that would take a letter."""
        first = "".join(TO_END_OF_LINE + line + "\n" for line in lines[:-1])
        write(HOME + first + TO_END_OF_SCREEN + lines[-1])

    def keys(self, seconds):
        """Names of keys, none when the time is over, or the screen is another one."""
        ready, _, _ = select.select([sys.stdin, self.woken], [], [], max(0, seconds))
        if self.woken in ready:
            os.read(self.woken, 4096)
        if sys.stdin not in ready:
            return []
        pressed = os.read(sys.stdin.fileno(), 64).decode("ascii", "replace")
        if not pressed:
            sys.exit(0)     # nobody is there any more
        return [ARROWS.get(key, key) for key in KEY.findall(pressed)]
