"""What isolation costs: pictures per second and CPU a picture with hops in processes of their own, against without.

    python -m benchmarks.isolation [--seconds 2] [--rounds 7] [--json]

Two embedded fleets of three workers, one of each kind, take turns in short rounds; the ratio is the median over the pairs of
neighbouring rounds. Client, orchestrator and workers share this machine's cores.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.fleet.load import Processes, one_round, progress
from benchmarks.fleet.workloads import SAMPLE_PIPELINE, sample
from benchmarks.options import parser
from pixelmill import run
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.embedded import EmbeddedFleet

CONCURRENCY = 2


@dataclass(frozen=True)
class Workload:
    """A picture, what is done with it, and how its steps are placed."""

    name: str
    source: bytes
    pipeline: str
    placement: str


@dataclass(frozen=True)
class Row:
    """A workload: medians without and with isolation, and of their ratios."""

    workload: str
    per_s: float
    per_s_isolated: float
    throughput_ratio: float
    cpu_ms: float
    cpu_ms_isolated: float
    cpu_ratio: float


def main() -> None:
    """Run the benchmark and print its table."""
    options = parser(__doc__, seconds=2.0, rounds=7).parse_args()
    rows = list(measure(workloads(), options.seconds, options.rounds))
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        show(rows)


def workloads() -> tuple[Workload, ...]:
    """Return what is measured: the demo's request, and a thumbnail of a small photograph."""
    source = sample()
    small = run(source, "resize:640x480 | jpeg").data
    return (
        Workload("sample, spread", source, SAMPLE_PIPELINE, "spread"),
        Workload("sample, fused", source, SAMPLE_PIPELINE, "fused"),
        Workload("thumbnail, spread", small, "resize:150x150 | jpeg", "spread"),
    )


def measure(several: Sequence[Workload], seconds: float, rounds: int) -> Iterator[Row]:
    """Yield a row for each workload."""
    with ExitStack() as stack:
        fleets = [
            stack.enter_context(EmbeddedFleet(resize=1, filter=1, watermark=1, isolate=isolate, log=os.devnull))
            for isolate in (False, True)
        ]
        taken: dict[str, list[list[tuple[float, float]]]] = {workload.name: [] for workload in several}
        with progress(len(several) * (rounds + 1)) as step:
            for number in range(rounds + 1):
                for workload in several:
                    # The other way round each time: what a round leaves behind hits both alike.
                    order = (0, 1) if number % 2 else (1, 0)
                    pair = {which: timed(fleets[which], workload, seconds if number else seconds / 4) for which in order}
                    if number:  # the first round only warms up
                        taken[workload.name].append([pair[0], pair[1]])
                    step()
    for name, pairs in taken.items():
        plain, isolated = (
            [statistics.median(column) for column in zip(*(pair[which] for pair in pairs), strict=True)] for which in (0, 1)
        )
        rate, cpu = (statistics.median(pair[1][field] / pair[0][field] for pair in pairs) for field in (0, 1))
        yield Row(name, plain[0], isolated[0], rate, plain[1] * 1000, isolated[1] * 1000, cpu)


def timed(fleet: EmbeddedFleet, workload: Workload, seconds: float) -> tuple[float, float]:
    """Return pictures per second, and CPU seconds a picture of this process and all of the fleet's."""
    with FleetExecutor(fleet.target, placement=workload.placement) as client:
        client.run(workload.source, workload.pipeline)
        made = one_round(lambda: client.run(workload.source, workload.pipeline), CONCURRENCY, seconds, Processes.of(fleet))
    return made.rate, made.cpu_s + made.client_s


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    table = Table(title=f"{len(os.sched_getaffinity(0))} cores; {CONCURRENCY} requests at a time")
    for heading in ("workload", "pictures/s", "isolated", "ratio", "CPU ms a picture", "isolated", "ratio"):
        table.add_column(heading, justify="left" if heading == "workload" else "right")
    for row in rows:
        table.add_row(
            row.workload,
            f"{row.per_s:.1f}",
            f"{row.per_s_isolated:.1f}",
            f"{row.throughput_ratio:.3f}",
            f"{row.cpu_ms:.2f}",
            f"{row.cpu_ms_isolated:.2f}",
            f"{row.cpu_ratio:.3f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
