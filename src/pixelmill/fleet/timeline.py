"""What the orchestrator has done in each second of the last minutes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pixelmill.errors import Cancelled, Overloaded
from pixelmill.fleet.history import Record
from pixelmill.fleet.usage import quantile

KEPT_S = 600
MOST = 2000
"""Durations of one second that are kept."""


@dataclass
class Second:
    """What came to its end in one second.

    Attributes:
        at: its start, in seconds since 1970.
        completed, failed, rejected, cancelled: requests by how they ended.
        bytes_in, bytes_out: of those that were completed.
        took_s: how long each of those took, seconds.
    """

    at: int
    completed: int = 0
    failed: int = 0
    rejected: int = 0
    cancelled: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    took_s: list[float] = field(default_factory=list)

    def quantiles(self, *shares: float) -> tuple[float, ...]:
        """Return the times that these shares of the completed requests did not exceed, seconds; 0 where there were none."""
        ordered = sorted(self.took_s)
        return tuple(quantile(ordered, share) for share in shares)


class Timeline:
    """The last seconds. `clock` gives the time in seconds since 1970."""

    def __init__(self, kept_s: int = KEPT_S, clock: Callable[[], float] = time.time) -> None:
        self.kept_s = kept_s
        self._clock = clock
        self._seconds: deque[Second] = deque(maxlen=kept_s)

    def add(self, record: Record) -> None:
        """Take note of a request that is done."""
        if not record.is_done:
            return
        second = self._now()
        if record.status == "completed":
            second.completed += 1
            second.bytes_in += record.original_bytes
            second.bytes_out += record.processed_bytes
            if len(second.took_s) < MOST:
                second.took_s.append(record.total_s)
        elif record.reason == Overloaded.reason:
            second.rejected += 1
        elif record.reason == Cancelled.reason:
            second.cancelled += 1
        else:
            second.failed += 1

    def seconds(self) -> tuple[Second, ...]:
        """Return the seconds that are over, without gaps, the oldest first."""
        self._now()
        return tuple(self._seconds)[:-1]

    def _now(self) -> Second:
        """Return the second that is now, after those that nothing happened in."""
        now = int(self._clock())
        last = self._seconds[-1].at if self._seconds else now - 1
        first = max(last + 1, now + 1 - (self._seconds.maxlen or 1))
        for at in range(first, now + 1):
            self._seconds.append(Second(at))
        return self._seconds[-1]
