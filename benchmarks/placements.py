"""Pictures per second of each placement on the embedded fleet, against the bare engine, in one run.

    python benchmarks/placements.py [--seconds 5] [--picture FILE] [--pipeline TEXT] [--json]

The client, the orchestrator and all workers share this machine's cores, so the figures are of the whole. Rounds of all
candidates are interleaved and the median is reported: compare the ratios, not the absolute figures.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from client.pipeline_demo import create_sample_image
from pixelmill import Pipeline, run
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.embedded import EmbeddedFleet

SAMPLE_PIPELINE = 'resize:1280x720 | blur:20 | sharpen:2 | sepia | text:"© Pixelmill" | png'
CONCURRENCIES = (1, 10)
ENGINE = "bare engine"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Row:
    """One candidate at one concurrency: medians over the rounds."""

    candidate: str
    concurrency: int
    pictures_per_s: float
    latency_p50_ms: float
    cpu_ms: float
    to_engine: float


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one round, seconds (default 2)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each candidate (default 3)")
    parser.add_argument("--picture", type=Path, help="a picture; default: the demo's sample, 1920×1080 PNG")
    parser.add_argument("--pipeline", default=SAMPLE_PIPELINE, help="a pipeline; default: the demo's")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    source = options.picture.read_bytes() if options.picture else sample()
    rows = list(measure(source, Pipeline.parse(options.pipeline), options.seconds, options.rounds))
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        show(rows)


def sample() -> bytes:
    """Return the demo's sample picture as PNG."""
    buffer = io.BytesIO()
    create_sample_image().save(buffer, "PNG")
    return buffer.getvalue()


def measure(source: bytes, pipeline: Pipeline, seconds: float, rounds: int) -> Iterator[Row]:
    """Yield a row for each candidate and concurrency."""
    with ExitStack() as stack:
        fleet = stack.enter_context(EmbeddedFleet(resize=3, filter=5, watermark=3, log=os.devnull))
        expected = run(source, pipeline).data
        candidates: dict[str, Callable[[], bytes]] = {ENGINE: lambda: run(source, pipeline).data}
        for placement in ("spread", "grouped", "fused"):
            client = stack.enter_context(FleetExecutor(fleet.target, placement=placement))
            candidates[placement] = lambda client=client: client.run(source, pipeline).data  # type: ignore[misc]
        for name, once in candidates.items():
            if once() != expected:
                raise SystemExit(f"{name} gives other bytes than the bare engine")
        pids = [process.pid for process in fleet.processes]
        keys = [(name, concurrency) for concurrency in CONCURRENCIES for name in candidates]
        taken: dict[tuple[str, int], list[tuple[float, float, float]]] = {key: [] for key in keys}
        with progress(len(keys) * (rounds + 1)) as step:
            for number in range(rounds + 1):
                for name, concurrency in keys:
                    figures = one_round(candidates[name], concurrency, seconds if number else seconds / 4, pids)
                    if number:  # the first round only warms up
                        taken[name, concurrency].append(figures)
                    step()
    medians = {key: [statistics.median(column) for column in zip(*figures, strict=True)] for key, figures in taken.items()}
    for (name, concurrency), (rate, latency, cpu) in medians.items():
        yield Row(name, concurrency, rate, latency * 1000, cpu * 1000, rate / medians[ENGINE, concurrency][0])


def one_round(once: Callable[[], bytes], concurrency: int, seconds: float, pids: list[int]) -> tuple[float, float, float]:
    """Return pictures per second, median latency in seconds, and CPU seconds a picture over all processes."""
    until = time.perf_counter() + seconds
    latencies: list[float] = []

    def loop() -> None:
        while (begin := time.perf_counter()) < until:
            once()
            latencies.append(time.perf_counter() - begin)

    cpu, begin = cpu_seconds(pids), time.perf_counter()
    with ThreadPoolExecutor(concurrency) as threads:
        for future in [threads.submit(loop) for _ in range(concurrency)]:
            future.result()
    wall = time.perf_counter() - begin
    return len(latencies) / wall, statistics.median(latencies), (cpu_seconds(pids) - cpu) / len(latencies)


def cpu_seconds(pids: list[int]) -> float:
    """Return the CPU time that this process and `pids` have used, in seconds."""
    total = time.process_time()
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


@contextmanager
def progress(total: int) -> Iterator[Callable[[], None]]:
    """Show a progress bar on standard error."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring", total=total)
        yield lambda: bar.advance(task)


def show(rows: list[Row]) -> None:
    """Print the table."""
    table = Table(title=f"{len(os.sched_getaffinity(0))} cores; client, orchestrator and workers share them")
    for heading in ("placement", "concurrency", "pictures/s", "to bare engine", "latency p50, ms", "CPU a picture, ms"):
        table.add_column(heading, justify="left" if heading == "placement" else "right")
    for row in rows:
        table.add_row(
            row.candidate,
            str(row.concurrency),
            f"{row.pictures_per_s:.1f}",
            f"{row.to_engine:.0%}",
            f"{row.latency_p50_ms:.1f}",
            f"{row.cpu_ms:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
