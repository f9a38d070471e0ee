"""Pictures per second of each placement on the embedded fleet, against the bare engine, in one run.

    python -m benchmarks.fleet [--quick] [--only sample photo thumbnail] [--concurrency 10] [--json]
    python -m benchmarks.fleet --instances 1/1/1 3/5/3 6/10/6      # of fleets of these sizes, spread

The client, the orchestrator and all workers share this machine's cores. The bare engine runs in the benchmark's own
process, on as many threads. Rounds of all candidates are interleaved and medians are reported: compare the ratios, not
the absolute figures.
"""

from __future__ import annotations

import json
import os
import statistics
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.engine.process import ROOT
from benchmarks.fleet.load import Processes, Round, in_turn, one_round, progress
from benchmarks.fleet.workloads import Workload, make
from benchmarks.options import parser
from pixelmill import run
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.embedded import EmbeddedFleet

FOLDER = ROOT / "build/engine/pictures"
ENGINE = "bare engine"
PLACEMENTS = ("spread", "grouped", "fused")
NAMES = ("sample", "photo", "thumbnail")


class Candidate(NamedTuple):
    """What takes its turn: the bare engine, or a fleet under one placement."""

    name: str
    fleet: FleetExecutor | None = None
    processes: Processes | None = None

    def once(self, workload: Workload) -> bytes:
        """Run a workload's request once, and return what it makes."""
        if self.fleet is None:
            return run(workload.source, workload.pipeline).data
        return self.fleet.run(workload.source, workload.pipeline).data


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
    command.add_argument(
        "--instances",
        nargs="+",
        type=counts,
        default=[],
        metavar="R/F/W",
        help="fleets of so many resize, filter and watermark workers, each with the placement spread",
    )
    options = command.parse_args()
    if options.quick:
        options.seconds, options.rounds = 1.0, 3
    workloads = [workload for workload in make(FOLDER) if workload.name in options.only]
    with ExitStack() as stack:
        candidates = [Candidate(ENGINE), *(fleets(stack, options.instances) if options.instances else placements(stack))]
        step = stack.enter_context(progress(len(workloads) * (options.rounds + 1)))
        rows = [
            row
            for workload in workloads
            for row in measure(workload, candidates, options.concurrency, options.seconds, options.rounds, step)
        ]
    if options.json:
        print(json.dumps([flat(row) for row in rows], indent=2))
    else:
        show(rows, workloads, options.concurrency)


def counts(text: str) -> tuple[int, int, int]:
    """Return the three counts of a fleet's size, as argparse wants it."""
    try:
        resize, filter, watermark = map(int, text.split("/"))
    except ValueError:
        raise ArgumentTypeError(f"expected three counts like 3/5/3, got {text}") from None
    return resize, filter, watermark


def placements(stack: ExitStack) -> Iterator[Candidate]:
    """Start a fleet, and give one candidate for each placement."""
    fleet = stack.enter_context(EmbeddedFleet(log=os.devnull))
    for name in PLACEMENTS:
        yield Candidate(name, stack.enter_context(FleetExecutor(fleet.target, placement=name)), Processes.of(fleet))


def fleets(stack: ExitStack, sizes: Sequence[tuple[int, int, int]]) -> Iterator[Candidate]:
    """Start fleets of these sizes, and give each; those that have no turn do nothing."""
    for size in sizes:
        fleet = stack.enter_context(EmbeddedFleet(*size, log=os.devnull))
        executor = stack.enter_context(FleetExecutor(fleet.target, placement="spread"))
        yield Candidate("/".join(map(str, size)), executor, Processes.of(fleet))


def measure(
    workload: Workload,
    candidates: Sequence[Candidate],
    concurrency: int,
    seconds: float,
    rounds: int,
    step: Callable[[], None],
) -> Iterator[Row]:
    """Measure each candidate in turn, the bare engine first, `rounds` times, after once to warm up."""
    expected = run(workload.source, workload.pipeline).data
    for candidate in candidates:
        if candidate.once(workload) != expected:
            raise SystemExit(f"{candidate.name} gives other bytes than the bare engine")
    turns = {
        candidate.name: partial(one_round, partial(candidate.once, workload), concurrency, seconds, candidate.processes)
        for candidate in candidates
    }
    taken = in_turn(turns, rounds, step)
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
    table.add_column("candidate")
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
