"""Pictures per second of each placement on the embedded fleet, against the bare engine, in one run.

    python -m benchmarks.fleet [--quick] [--only sample photo thumbnail] [--concurrency 10] [--json]

The client, the orchestrator and all workers share this machine's cores. The bare engine runs in the benchmark's own
process, on as many threads. Rounds of all candidates are interleaved and medians are reported: compare the ratios, not
the absolute figures.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.engine.process import ROOT
from benchmarks.fleet.load import Processes, Round, one_round, progress
from benchmarks.fleet.workloads import Workload, make
from benchmarks.options import parser
from pixelmill import run
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.embedded import EmbeddedFleet

FOLDER = ROOT / "build/engine/pictures"
ENGINE = "bare engine"
PLACEMENTS = ("spread", "grouped", "fused")
NAMES = ("sample", "photo", "thumbnail")


@dataclass(frozen=True)
class Row:
    """One candidate on one workload: medians over the rounds; `to_engine` and `cpu_to_engine` are medians of ratios."""

    workload: str
    candidate: str
    median: Round
    to_engine: float
    apart_to_engine: float
    cpu_to_engine: float


def main() -> None:
    """Run the benchmark and print its table."""
    command = parser(__doc__, seconds=2.0, rounds=7)
    command.add_argument("--quick", action="store_true", help="3 rounds of a second")
    command.add_argument("--concurrency", type=int, default=10, help="requests at a time (%(default)d)")
    command.add_argument(
        "--only", nargs="+", choices=NAMES, default=NAMES, metavar="WORKLOAD", help=f"of {', '.join(NAMES)}"
    )
    options = command.parse_args()
    if options.quick:
        options.seconds, options.rounds = 1.0, 3
    workloads = [workload for workload in make(FOLDER) if workload.name in options.only]
    rows = measure(workloads, options.concurrency, options.seconds, options.rounds)
    if options.json:
        print(json.dumps([flat(row) for row in rows], indent=2))
    else:
        show(rows, workloads, options.concurrency)


def measure(workloads: Sequence[Workload], concurrency: int, seconds: float, rounds: int) -> list[Row]:
    """Measure every candidate on every workload."""
    with ExitStack() as stack:
        fleet = stack.enter_context(EmbeddedFleet(log=os.devnull))
        processes = Processes.of(fleet)
        executors = {name: stack.enter_context(FleetExecutor(fleet.target, placement=name)) for name in PLACEMENTS}
        step = stack.enter_context(progress(len(workloads) * (rounds + 1)))
        return [
            row
            for workload in workloads
            for row in measure_one(workload, executors, processes, concurrency, seconds, rounds, step)
        ]


def measure_one(
    workload: Workload,
    executors: dict[str, FleetExecutor],
    processes: Processes,
    concurrency: int,
    seconds: float,
    rounds: int,
    step: Callable[[], None],
) -> Iterator[Row]:
    """Measure the bare engine and each placement in turn, `rounds` times, after once to warm up."""
    source, pipeline = workload.source, workload.pipeline
    expected = run(source, pipeline).data
    calls: dict[str, Callable[[], bytes]] = {ENGINE: lambda: run(source, pipeline).data}
    for name, executor in executors.items():
        calls[name] = lambda executor=executor: executor.run(source, pipeline).data  # type: ignore[misc]
    for name, once in calls.items():
        if once() != expected:
            raise SystemExit(f"{name} gives other bytes than the bare engine")
    taken: dict[str, list[Round]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, once in calls.items():
            found = one_round(once, concurrency, seconds, None if name == ENGINE else processes)
            if number:
                taken[name].append(found)
        step()
    for name, several in taken.items():
        pairs = list(zip(several, taken[ENGINE], strict=True))
        yield Row(
            workload.name,
            name,
            Round(*(statistics.median(getattr(one, field.name) for one in several) for field in fields(Round))),
            statistics.median(one.rate / engine.rate for one, engine in pairs),
            statistics.median(one.rate_apart / engine.rate for one, engine in pairs),
            statistics.median(one.cpu_s / engine.cpu_s for one, engine in pairs),
        )


def flat(row: Row) -> dict[str, Any]:
    """Return a row as values that JSON knows."""
    figures = asdict(row)
    return {**figures.pop("median"), **figures}


def show(rows: list[Row], workloads: Sequence[Workload], concurrency: int) -> None:
    """Print the table."""
    cores = len(os.sched_getaffinity(0))
    table = Table(title=f"{concurrency} requests at a time; client, orchestrator and workers share {cores} cores")
    table.add_column("workload")
    table.add_column("placement")
    for heading in (
        "pictures/s",
        "to bare engine",
        "client's CPU apart",
        "p50, ms",
        "CPU, ms",
        "to bare engine",
        "orchestrator",
        "client",
    ):
        table.add_column(heading, justify="right")
    for row in rows:
        if row.candidate == ENGINE:
            table.add_section()
        figures = row.median
        table.add_row(
            row.workload if row.candidate == ENGINE else "",
            row.candidate,
            f"{figures.rate:.1f}",
            f"{row.to_engine:.0%}",
            f"{row.apart_to_engine:.0%}",
            f"{figures.latency_s * 1000:.1f}",
            f"{figures.cpu_s * 1000:.1f}",
            f"{row.cpu_to_engine:.2f}",
            f"{figures.orchestrator_s * 1000:.1f}",
            f"{figures.client_s * 1000:.1f}",
        )
    console = Console(width=max(130, Console().width))
    console.print(table)
    for workload in workloads:
        console.print(f"{workload.name}: {workload.meaning}")


if __name__ == "__main__":
    main()
