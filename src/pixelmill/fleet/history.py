"""What became of each request: running ones, and the most recent of those that are done."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from pixelmill.errors import PixelmillError
from pixelmill.fleet.journey import Progress
from pixelmill.plan import Placement
from pixelmill.result import HopReport, ImageInfo, Result

Status = Literal["queued", "processing", "completed", "failed"]
Entrance = Literal["grpc", "http"]
KEPT = 10_000


@dataclass
class Record:
    """One request. It keeps no picture and no pipeline: a logo may be megabytes, and there are many records.

    Attributes:
        id: the request's.
        original_bytes: of the picture that came.
        original_pixels: its width × height × frames; 0 before its header is read.
        trace_id: of its trace, as hexadecimal digits; empty where nobody traces it.
        placement: how its steps were to be spread.
        entrance: which way it came in.
        began_at: when, in seconds since 1970.
        stages: what is done in each hop.
        hops: those that are done.
        queue_s: how long it waited for its turn, seconds.
        total_s: how long it took, seconds; 0 before its end.
        outputs: the names of what was made ("" where it is one picture), and what it is.
        reason, message: why it failed.
    """

    id: str
    original_bytes: int
    placement: Placement
    entrance: Entrance
    began_at: float = field(default_factory=time.time)
    status: Status = "queued"
    stages: tuple[str, ...] = ()
    hops: tuple[HopReport, ...] = ()
    queue_s: float = 0.0
    total_s: float = 0.0
    outputs: tuple[tuple[str, ImageInfo], ...] = ()
    reason: str = ""
    message: str = ""
    original_pixels: int = 0
    trace_id: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it has come to its end, good or bad."""
        return self.status in ("completed", "failed")

    @property
    def problem(self) -> str:
        """Why it failed; empty where it did not."""
        return f"{self.reason}: {self.message}" if self.message else self.reason

    @property
    def processed_bytes(self) -> int:
        """Size of all that was made, in bytes."""
        return sum(info.bytes for _, info in self.outputs)

    @property
    def progress_percent(self) -> int:
        """How much of the work is done, by hops: 0 to 100."""
        if self.status == "completed":
            return 100
        return 100 * len(self.hops) // len(self.stages) if self.stages else 0

    @property
    def stage(self) -> str:
        """What is being done, or was when it failed; empty before it starts and when it is done."""
        return self.stages[len(self.hops)] if len(self.hops) < len(self.stages) else ""

    def advance(self, progress: Progress) -> None:
        """Take note of a step."""
        self.status = "processing"
        self.hops = progress.done
        self.queue_s = progress.queue_s
        if not self.stages:
            size = progress.plan.source
            self.original_pixels = size.width * size.height * progress.plan.frames
            hops = [*progress.plan.hops, *(hop for branch in progress.plan.branches for hop in branch.hops)]
            self.stages = tuple(
                ", ".join(operation.name for operation in hop.operations) or ("encode" if hop.ends else "decode")
                for hop in hops
            )

    def complete(self, result: Result) -> None:
        """Take note of the end."""
        self.status = "completed"
        self.hops = result.trace.hops
        self.total_s = result.trace.total_s
        self.outputs = tuple((output.name, output.info) for output in result.outputs)

    def fail(self, error: PixelmillError, total_s: float) -> None:
        """Take note of the failure."""
        self.status = "failed"
        self.reason, self.message = error.reason, str(error)
        self.total_s = total_s


@dataclass
class History:
    """Records by id; the oldest that are done are forgotten first."""

    kept: int = KEPT
    _records: OrderedDict[str, Record] = field(default_factory=OrderedDict)

    def add(self, record: Record) -> None:
        """Keep a record, in place of any of the same id."""
        self._records.pop(record.id, None)
        self._records[record.id] = record
        while len(self._records) > self.kept:
            oldest = next(iter(self._records.values()))
            if not oldest.is_done:
                break
            del self._records[oldest.id]

    def get(self, id: str) -> Record | None:
        """Return the record of that id, where there still is one."""
        return self._records.get(id)

    def recent(self, most: int) -> Iterator[Record]:
        """Yield the last requests, the one that came last first."""
        return islice(reversed(self._records.values()), most)
