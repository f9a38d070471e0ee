"""Requests at a set concurrency, and the CPU time that they take of each process."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import Progress

from pixelmill.fleet.embedded import EmbeddedFleet

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Processes:
    """The processes of a fleet whose CPU time is counted: the orchestrator, and the workers with all their children."""

    orchestrator: int
    workers: tuple[int, ...] = ()

    @classmethod
    def of(cls, fleet: EmbeddedFleet) -> Self:
        """Return those of a fleet that runs."""
        *workers, orchestrator = (process.pid for process in fleet.processes)
        return cls(orchestrator, tuple(workers))

    def cpu_s(self) -> tuple[float, float]:
        """Return the CPU time of the orchestrator and of the workers so far, in seconds."""
        everyone = {child for worker in self.workers for child in _with_children(worker)}
        return _cpu_s([self.orchestrator]), _cpu_s(everyone)


@dataclass(frozen=True)
class Round:
    """What a round of one candidate took.

    Attributes:
        rate: pictures a second.
        rate_apart: pictures a second of the time that the client left of the cores.
        latency_s: the median, seconds.
        cpu_s: CPU seconds a picture, of all but the client.
        orchestrator_s: those of them that are the orchestrator's.
        client_s: the client's.
    """

    rate: float
    rate_apart: float
    latency_s: float
    cpu_s: float
    orchestrator_s: float
    client_s: float


def one_round(once: Callable[[], object], concurrency: int, seconds: float, fleet: Processes | None) -> Round:
    """Call `once` over and over on `concurrency` threads; `fleet` None: this process does the work itself."""
    latencies: list[float] = []
    until = time.perf_counter() + seconds

    def loop() -> None:
        while (begin := time.perf_counter()) < until:
            once()
            latencies.append(time.perf_counter() - begin)

    before, own, begin = fleet.cpu_s() if fleet else (0.0, 0.0), time.process_time(), time.perf_counter()
    with ThreadPoolExecutor(concurrency) as threads:
        for future in [threads.submit(loop) for _ in range(concurrency)]:
            future.result()
    wall, own = time.perf_counter() - begin, time.process_time() - own
    after = fleet.cpu_s() if fleet else (0.0, 0.0)
    orchestrator, workers = after[0] - before[0], after[1] - before[1]
    client, working = (own, orchestrator + workers) if fleet else (0.0, own)
    count = len(latencies)
    apart = count / (wall - client / len(os.sched_getaffinity(0)))
    middle = statistics.median(latencies)
    return Round(count / wall, apart, middle, working / count, orchestrator / count, client / count)


def in_turn(candidates: Mapping[str, Callable[[], Round]], rounds: int, step: Callable[[], None]) -> dict[str, list[Round]]:
    """Run a round of each candidate in turn, `rounds` times after once to warm up; `step` is told after each turn of all."""
    taken: dict[str, list[Round]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, measure in candidates.items():
            found = measure()
            if number:
                taken[name].append(found)
        step()
    return taken


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in tasks.read_text().split():
                yield from _with_children(int(child))


def _cpu_s(pids: Collection[int]) -> float:
    total = 0.0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15])) / TICKS  # its own, and of children that have ended
    return total


@contextmanager
def progress(total: int) -> Iterator[Callable[[], None]]:
    """Show a progress bar on standard error."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring", total=total)
        yield lambda: bar.advance(task)
