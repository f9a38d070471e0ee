"""The last results that were made, in a bounded part of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray


class Box(NamedTuple):
    """A part of a picture: left, top, right, bottom; the last two are not part of it."""

    left: int
    top: int
    right: int
    bottom: int


class Mark(NamedTuple):
    """What is drawn: its color and how much it covers.

    Attributes:
        color: uint8 of shape (h, w, 3), or (3,) for one color.
        coverage: 0 to 255, of shape (h, w).
        key: what it was made from.
        framed: whether a transparent border is part of the mark, as a logo's is, where distances are measured.
    """

    color: NDArray[np.uint8]
    coverage: NDArray[np.uint8]
    key: Hashable = None
    framed: bool = False


Value = TypeVar("Value", Mark, tuple[tuple[Box, Mark], ...])


class Kept(Generic[Value]):
    """Marks, or what they look like in a picture, by what they were made from. The one unused for the longest goes first.

    The same watermark is usually drawn on many pictures. Threads may make the same one twice, which is harmless.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value of that key, made now where it is not kept; one above a quarter of the memory never is."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
                return value
        value = make()
        weight = _weight(value)
        if weight <= self.max_bytes // 4:
            with self._lock:
                self._keep(key, value, weight)
        return value

    def _keep(self, key: Hashable, value: Value, weight: int) -> None:
        if key in self._values:
            return
        self._values[key] = value
        self.held_bytes += weight
        while self.held_bytes > self.max_bytes:
            self.held_bytes -= _weight(self._values.popitem(last=False)[1])


def _weight(value: Mark | tuple[tuple[Box, Mark], ...]) -> int:
    """Return the bytes of the pixels, and some for the key."""
    marks = [value] if isinstance(value, Mark) else [mark for _, mark in value]
    return 4096 + sum(mark.color.nbytes + mark.coverage.nbytes for mark in marks)
