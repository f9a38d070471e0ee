"""How a benchmark goes, on standard error: a bar on a terminal, a line for each round elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

    from pixelmill.bench.drive import Tally
    from pixelmill.bench.session import Progress as Telling
    from pixelmill.bench.workload import Workload


class Lines:
    """A line for each round that has ended."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._title = ""

    def begin(self, what: str, workload: Workload) -> None:
        """Take note of a round's title."""
        self._title = what

    def advance(self, tally: Tally) -> None:
        """Say nothing before the end."""
        self._check()

    def end(self, tally: Tally) -> None:
        """Print what the round gave."""
        rate = len(tally.latencies_s) / tally.seconds if tally.seconds else 0.0
        failed = f", {tally.failed} failed" if tally.failed else ""
        print(f"{self._title}: {tally.done} requests, {rate:.2f} pictures/s{failed}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing is left to take away."""


class Bar:
    """A bar of the round that runs, by requests or by time."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._shown: Progress | None = None
        self._requests: int | None = None
        self._began = 0.0

    def begin(self, what: str, workload: Workload) -> None:
        """Show the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._requests = workload.requests
        self._began = time.monotonic()
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(None),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}", markup=False),
        )
        self.close()
        self._shown = Progress(*columns, console=Console(stderr=True), transient=True)
        self._shown.add_task(what, total=self._requests or workload.duration_s, rate="")
        self._shown.start()

    def advance(self, tally: Tally) -> None:
        """Move the bar."""
        self._check()
        if self._shown:
            seconds = time.monotonic() - self._began
            failed = f", {tally.failed} failed" if tally.failed else ""
            rate = f"{len(tally.latencies_s) / seconds:.1f}/s{failed}" if seconds else ""
            task = self._shown.task_ids[0]
            self._shown.update(task, completed=seconds if self._requests is None else tally.done, rate=rate)

    def end(self, tally: Tally) -> None:
        """Take the bar away."""
        self.close()

    def close(self) -> None:
        """Take the bar away, also where the round has not ended."""
        if self._shown:
            self._shown.stop()
            self._shown = None


def progress(check: Callable[[], None]) -> Telling:
    """Return what suits where standard error goes; `check` is called now and then, and raises where all is to end."""
    return Bar(check) if sys.stderr.isatty() else Lines(check)
