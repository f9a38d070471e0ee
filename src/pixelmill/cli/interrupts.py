"""How commands that run for a while are ended."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit code after Ctrl-C."""


@contextmanager
def interruptible(*, once: bool = False) -> Iterator[Callable[[], None]]:
    """Make SIGTERM end what runs inside as Ctrl-C does, also where a shell has told background jobs to ignore that one.

    Args:
        once: whether signals after the first one change nothing any more, as what has been done by then is being shown.

    Yields what raises `KeyboardInterrupt` once a signal has come: called now and then, as a library that is interrupted in
    compiled code may lose the exception.
    """
    came = False

    def end(signum: int, frame: FrameType | None) -> None:
        nonlocal came
        if not (came and once):
            came = True
            raise KeyboardInterrupt

    def check() -> None:
        if came:
            raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, end) for number in numbers]
    try:
        yield check
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
