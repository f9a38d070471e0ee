"""Tells a fleet that is asked for more than it can do from one that is busy.

A hundred clients who each wait for their answer before they ask again make a queue of a hundred, but not a longer one: as
much arrives as is done. Only where more arrives than is done, again and again, does a queue only make everybody slow.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

SPAN_S = 0.25
"""Arrivals and ends are counted over spans of so many seconds."""
SPANS = 4
"""So many spans in a row make an overload."""
EXCESS = 1.5
"""So many arrivals for each end make a span part of an overload."""
FEWEST = 2
"""So many more arrivals than ends are too few to tell."""


class Pressure:
    """Counts what arrives and what ends, in spans of time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._arrived = self._ended = 0
        self._beyond: deque[bool] = deque(maxlen=SPANS)

    def arrive(self) -> None:
        """Take note of an arrival, whatever becomes of it."""
        self._turn()
        self._arrived += 1

    def end(self) -> None:
        """Take note that a piece of work is done."""
        self._turn()
        self._ended += 1

    @property
    def is_overload(self) -> bool:
        """Whether too much has arrived in each of the last spans."""
        self._turn()
        return len(self._beyond) == SPANS and all(self._beyond)

    def _turn(self) -> None:
        passed = int((self._clock() - self._began) / SPAN_S)
        if not passed:
            return
        self._beyond.append(self._arrived > max(EXCESS * self._ended, self._ended + FEWEST))
        self._beyond.extend([False] * min(passed - 1, SPANS))
        self._arrived = self._ended = 0
        self._began += passed * SPAN_S
