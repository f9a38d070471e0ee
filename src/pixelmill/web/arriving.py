"""Bounds on what all bodies that are coming in may take of the memory together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from pixelmill.errors import Overloaded
from pixelmill.limits import MIB

MOST = 512 * MIB
"""Bytes of all bodies that are coming in."""
RETRY_S = 1.0


class Arrived(Protocol):
    """Takes note of so many more bytes of one body. Raises `Overloaded` where that is more than there is room for."""

    def __call__(self, more: int, /) -> None: ...


class Arriving:
    """The bodies that are coming in. `most` is how many bytes they may have together."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.bytes = 0

    @contextmanager
    def one(self, size: int) -> Iterator[Arrived]:
        """Account for one body of `size` bytes, as far as it is known, while it comes in.

        What has come counts, not what is promised: otherwise, a few who promise much and send nothing would keep all others
        out. Whoever would not find room now is refused before anything is read.

        Raises:
            Overloaded: there is no room for it.
        """
        self._check(size)
        held = 0

        def arrived(more: int) -> None:
            nonlocal held
            self._check(more)
            held += more
            self.bytes += more

        try:
            yield arrived
        finally:
            self.bytes -= held

    def _check(self, more: int) -> None:
        if self.bytes + more > self.most:
            raise Overloaded(f"expected at most {self.most} bytes of pictures on their way here, got more", RETRY_S)
