"""What became of each request: running ones, and the most recent of those that are done."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal

from pixelmill.fleet.journey import Progress
from pixelmill.result import HopReport, ImageInfo, Result

Status = Literal["queued", "processing", "completed", "failed"]
KEPT = 10_000


@dataclass
class Record:
    """One request. It keeps no picture and no pipeline: a logo may be megabytes, and there are many records."""

    id: str
    original_bytes: int
    status: Status = "queued"
    stages: tuple[str, ...] = ()
    hops: tuple[HopReport, ...] = ()
    total_s: float = 0.0
    outputs: tuple[tuple[str, ImageInfo], ...] = ()
    problem: str = ""

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
        if not self.stages:
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

    def fail(self, problem: str, total_s: float) -> None:
        """Take note of the failure."""
        self.status = "failed"
        self.problem = problem
        self.total_s = total_s


@dataclass
class History:
    """Records by id; the oldest that are done are forgotten first."""

    kept: int = KEPT
    _records: OrderedDict[str, Record] = field(default_factory=OrderedDict)

    def open(self, id: str, original_bytes: int) -> Record:
        """Return a new record, in place of any of the same id."""
        record = Record(id, original_bytes)
        self._records.pop(id, None)
        self._records[id] = record
        while len(self._records) > self.kept:
            oldest = next(iter(self._records.values()))
            if oldest.status in ("queued", "processing"):
                break
            del self._records[oldest.id]
        return record

    def get(self, id: str) -> Record | None:
        """Return the record of that id, where there still is one."""
        return self._records.get(id)
