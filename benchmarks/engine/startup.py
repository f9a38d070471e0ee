"""How long the command line and the package take to start."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from benchmarks.engine.process import ROOT

COMMANDS = {
    "pixelmill --help": ["-c", "import sys; from pixelmill.cli import main; sys.exit(main(['--help']))"],
    "import pixelmill": ["-c", "import pixelmill"],
    "from pixelmill import Pipeline, run": ["-c", "from pixelmill import Pipeline, run"],
    "python -c pass": ["-c", "pass"],
}


@dataclass(frozen=True)
class Start:
    """Median of the wall-clock and CPU seconds of a whole process."""

    what: str
    wall_s: float
    cpu_s: float


def measure(rounds: int) -> list[Start]:
    """Start each in turn, `rounds` times."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, arguments in COMMANDS.items():
            taken[name].append(_once(arguments))
    return [Start(name, *map(statistics.median, zip(*figures, strict=True))) for name, figures in taken.items()]


def _once(arguments: list[str]) -> tuple[float, float]:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    before, begin = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - begin, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu
