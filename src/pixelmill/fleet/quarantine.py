"""Pictures that have crashed who worked on them: refused for a while, before anybody touches them again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from pixelmill.errors import DecoderCrash
from pixelmill.pipeline import Pipeline

KEPT = 1000


class Quarantine:
    """Knows pictures by their digests: for `seconds` each, and the latest thousand at most.

    What has ended a whole worker is refused whatever is to be done with it; what has only crashed in a process of its own is
    refused for the pipeline that it crashed in.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._until: dict[tuple[int, bytes, str], float] = {}

    def check(self, source: bytes, pipeline: Pipeline) -> None:
        """Raise `DecoderCrash` where a picture, or it with this pipeline, is in quarantine."""
        self._forget()
        # A digest takes a while: it is made only for pictures that are as long as one that is here.
        if not any(size == len(source) for size, _, _ in self._until):
            return
        digest = _digest(source)
        until = max(self._until.get((len(source), digest, key), 0.0) for key in ("", pipeline.digest))
        if until:
            left = until - self._clock()
            raise DecoderCrash(
                f"expected a picture that crashes nobody, got one that did; it is refused for another {left:.0f} s"
            )

    def add(self, source: bytes, pipeline: Pipeline | None) -> None:
        """Refuse a picture from now on, with any pipeline where that is None."""
        if self.seconds:
            key = len(source), _digest(source), pipeline.digest if pipeline else ""
            self._until.pop(key, None)
            self._until[key] = self._clock() + self.seconds
            self._forget()

    def __len__(self) -> int:
        return len(self._until)

    def _forget(self) -> None:
        """Forget those whose time is over, the oldest first, and the oldest of too many."""
        while self._until:
            oldest = next(iter(self._until))
            if len(self._until) <= KEPT and self._until[oldest] > self._clock():
                return
            del self._until[oldest]


def _digest(source: bytes) -> bytes:
    return hashlib.sha256(source).digest()
