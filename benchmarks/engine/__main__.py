"""CPU time a picture, bytes and quality, against what else one would use; memory; start-up. All in one run.

    python -m benchmarks.engine [--quick] [--only A B …] [--json]

Each peer runs in a process of its own, with one thread; their turns are interleaved. sharp (npm) and pillow-simd (PyPI)
are installed into the benchmark's own folder, build/engine, the first time; what cannot be had is skipped, and says so.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchmarks.engine import memory, pictures, startup
from benchmarks.engine.install import start_all
from benchmarks.engine.measure import FLOOR, Measured, measure
from benchmarks.engine.memory import Peak, Soak
from benchmarks.engine.process import ROOT, Peer
from benchmarks.engine.report import Report
from benchmarks.engine.workloads import WORKLOADS

FOLDER = ROOT / "build/engine"
WIDTH = 140
PARTS = ("memory", "soak", "startup")


def main() -> None:
    """Run the benchmark and print its tables."""
    names = [workload.name for workload in WORKLOADS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each workload (default 15)")
    parser.add_argument("--pictures", type=int, default=1000, help="pictures that memory is watched over (default 1000)")
    parser.add_argument("--quick", action="store_true", help="3 rounds, 100 pictures")
    parser.add_argument(
        "--only", nargs="+", choices=[*names, *PARTS], metavar="PART", help=f"of {', '.join((*names, *PARTS))}"
    )
    parser.add_argument("--fresh", action="store_true", help="make the pictures anew")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.pictures = 3, 100
    if options.fresh:
        shutil.rmtree(FOLDER / "pictures", ignore_errors=True)
    report = run(options.rounds, options.pictures, options.only or [*names, *PARTS])
    if options.json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        report.show(Console(width=max(WIDTH, Console().width)))


def run(rounds: int, soaked: int, only: list[str]) -> Report:
    """Measure the parts that are named in `only`."""
    folder = FOLDER / "pictures"
    origin = pictures.make(folder)
    with ExitStack() as stack:
        found = list(start_all(stack, FOLDER))
        peers = [peer for peer in found if isinstance(peer, Peer)]
        skipped = [line for line in found if isinstance(line, str)]
        workloads = [name for name in only if name not in PARTS]
        with progress("workloads", len(workloads) * (rounds + 1)) as step:
            measured = measure(peers, folder, rounds, step, workloads) if workloads else Measured()
    return Report(
        pictures=origin,
        rounds=rounds,
        versions={peer.name: peer.version for peer in peers},
        skipped=skipped,
        measured=measured,
        peaks=peaks(folder) if "memory" in only else [],
        soak=soak(folder, soaked) if "soak" in only else None,
        starts=startup.measure(rounds) if "startup" in only else [],
    )


def peaks(folder: Path) -> list[Peak]:
    """Measure a 100-megapixel picture in peers just started."""
    huge = pictures.make_huge(folder)
    with ExitStack() as stack:
        peers = [peer for peer in start_all(stack, FOLDER) if isinstance(peer, Peer) and peer.name != FLOOR]
        found = [memory.peak(peer, folder / "soak0.jpg", huge) for peer in peers]
    return [peak for peak in found if peak]


def soak(folder: Path, soaked: int) -> Soak:
    """Watch memory over many pictures."""
    with progress("memory", soaked) as step:
        return memory.soak(folder, soaked, step)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a progress bar on standard error."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


if __name__ == "__main__":
    main()
