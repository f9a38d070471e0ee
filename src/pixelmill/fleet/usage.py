"""What a process of the fleet says of its own use of the machine, and of how long its calls take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import NamedTuple

import psutil

MINUTE_S = 60.0
MOST = 2048
"""Durations that are kept: of a busy minute, the last ones."""
CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_process = psutil.Process()


class Usage(NamedTuple):
    """CPU time in seconds since the start, and memory in bytes, of a process and those that it started."""

    cpu_s: float
    rss_bytes: int


def usage(with_children: bool) -> Usage:
    """Return what this process uses, and those that it has started, where there are some. Time of ended ones counts."""
    # Looking for children reads about every process of the machine.
    processes = [_process, *(_process.children(recursive=True) if with_children else ())]
    cpu_s, rss_bytes = 0.0, 0
    for process in processes:
        with suppress(psutil.Error):
            cpu_s += sum(process.cpu_times()[:4])
            rss_bytes += process.memory_info().rss
    return Usage(cpu_s, rss_bytes)


def memory_limit(cgroups: Sequence[Path] = CGROUPS) -> int:
    """Return the memory that this process's container may use, or else that of the machine, in bytes.

    Source: Linux, Documentation/admin-guide/cgroup-v2.rst, memory.max, and cgroup-v1/memory.rst, memory.limit_in_bytes.
    """
    limit = int(psutil.virtual_memory().total)
    for path in cgroups:
        with suppress(OSError, ValueError):  # no limit is written as "max", or as a number beyond any machine's memory
            limit = min(limit, int(path.read_text()))
    return limit


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the least of `ordered`, which go up, that `share` of them do not exceed; 0 where there are none."""
    return ordered[min(len(ordered), max(1, ceil(share * len(ordered)))) - 1] if ordered else 0.0


class Durations:
    """How long the calls of the last minute took. `clock` gives the time in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._took: deque[tuple[float, float]] = deque(maxlen=MOST)

    def add(self, seconds: float) -> None:
        """Take note of a call that has ended now."""
        self._took.append((self._clock(), seconds))

    def quantiles(self, *shares: float) -> tuple[float, ...]:
        """Return the times that these shares of the calls did not exceed, in seconds; 0 where there were none."""
        since = self._clock() - MINUTE_S
        ordered = sorted(seconds for at, seconds in self._took if at >= since)
        return tuple(quantile(ordered, share) for share in shares)
