"""What a worker says of its load with each answer, for those who balance by it."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Callable

LOAD_REPORT = "endpoint-load-metrics-bin"
"""Metadata at the end of a call, which gRPC's weighted_round_robin reads."""
MEMORY_S = 2.0
"""Calls count less the longer ago they were: that time ago by 1/e, seconds."""
LEAST = 1e-6
"""A load of 0 would mean that there is no report."""
_RPS, _APPLICATION = 6 << 3 | 1, 9 << 3 | 1
"""The keys of two fields of the report: numbers 6 and 9, of 8 bytes each."""


class LoadMeter:
    """Measures how many calls a worker answers a second, and how busy its places are with them.

    gRPC's weight of an instance is the one divided by the other: what it could do if it were always busy.

    Args:
        places: how many calls it works on at a time.
        clock: gives the time in seconds.
    """

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._places = places
        self._clock = clock
        self._at = clock()
        self._calls = 0.0
        self._busy_s = 0.0

    def add(self, seconds: float) -> None:
        """Take note of a call that has held a place for that long."""
        now = self._clock()
        kept = math.exp((self._at - now) / MEMORY_S)
        self._at = now
        self._calls = self._calls * kept + 1
        self._busy_s = self._busy_s * kept + seconds

    def report(self) -> bytes:
        """Return the load as an OrcaLoadReport: rps_fractional in calls a second, and application_utilization from 0 up.

        Source: xds/data/orca/v3/orca_load_report.proto.
        """
        load = max(LEAST, self._busy_s / (MEMORY_S * self._places))
        return struct.pack("<BdBd", _RPS, self._calls / MEMORY_S, _APPLICATION, load)
