"""How commands that run for a while are ended."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130
"""The exit code after Ctrl-C."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGTERM end what runs inside as Ctrl-C does, also where a shell has told background jobs to ignore that one."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
