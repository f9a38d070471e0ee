"""Ctrl-C in each phase of a benchmark: it ends soon, shows what came back, and leaves no process behind.

As on a terminal, the signal goes to all processes of the group.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from pixelmill.bench.figures import read
from tests.bench.conftest import PIPELINE
from tests.fleet.processes import PATIENCE_S, wait_for
from tests.fleet.test_embedded import is_gone

COUNTS = ("--resize", "1", "--filter", "1", "--watermark", "1")
PROCESSES = 4
NOTHING = "interrupted before anything was measured\n"
ENOUGH = 100
"""Hundredths of a second of all processes together, in which some requests are answered."""


@dataclass(frozen=True)
class Benchmark:
    """A benchmark that runs. What it prints and what it says of its progress go to files."""

    process: subprocess.Popen[bytes]
    printed: Path
    told: Path

    def fleet(self, count: int = PROCESSES) -> list[int]:
        """Return the processes of its fleet, once there are so many."""

        def found() -> list[int]:
            pids = [one.pid for one in psutil.Process(self.process.pid).children()]
            return pids if len(pids) >= count else []

        return wait_for(found, "the fleet's processes")

    def wait_until_told(self, text: str) -> None:
        wait_for(lambda: text in self.told.read_text(), text)

    def interrupt(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)

    def wait_for_end(self, fleet: Sequence[int]) -> int:
        """Wait for the end of all its processes, and return its exit code."""
        code = self.process.wait(PATIENCE_S)
        wait_for(lambda: all(map(is_gone, fleet)), "the end of the fleet's processes")
        assert "Traceback" not in self.told.read_text()
        return code


@contextmanager
def benchmark(picture: Path, folder: Path, *options: str) -> Iterator[Benchmark]:
    """Run a benchmark in a process group of its own, which is ended in any case."""
    arguments = ["bench", "--picture", str(picture), "-p", PIPELINE, *COUNTS, *options]
    printed, told = folder / "printed", folder / "told"
    with (
        printed.open("wb") as out,
        told.open("wb") as err,
        subprocess.Popen(
            [sys.executable, "-m", "pixelmill", *arguments], stdout=out, stderr=err, start_new_session=True
        ) as process,
    ):
        try:
            yield Benchmark(process, printed, told)
        finally:
            process.kill()


def busy(pids: Sequence[int]) -> int:
    """Return how long processes have computed, in hundredths of a second."""
    return sum(int(100 * sum(psutil.Process(pid).cpu_times()[:2])) for pid in pids)


@pytest.mark.parametrize("count", [1, PROCESSES])
def test_while_the_fleet_starts(picture: Path, tmp_path: Path, count: int) -> None:
    with benchmark(picture, tmp_path) as running:
        fleet = running.fleet(count)
        running.interrupt()
        assert running.wait_for_end(fleet) == 130
    assert running.told.read_text() == NOTHING
    assert not running.printed.read_text()


def test_while_it_warms_up(picture: Path, tmp_path: Path) -> None:
    with benchmark(picture, tmp_path, "--warm-up", "1000000") as running:
        fleet = running.fleet()
        before = busy(fleet)
        wait_for(lambda: busy(fleet) > before + ENOUGH, "some work to be done")
        running.interrupt()
        assert running.wait_for_end(fleet) == 130
    assert running.told.read_text() == NOTHING
    assert not running.printed.read_text()


def test_in_a_round(picture: Path, tmp_path: Path) -> None:
    output = tmp_path / "a.json"
    with benchmark(picture, tmp_path, "-d", "3600", "--output", str(output)) as running:
        running.wait_until_told("warming up: 20 requests")
        fleet = running.fleet()
        before = busy(fleet)
        wait_for(lambda: busy(fleet) > before + ENOUGH, "some work to be done")
        running.interrupt()
        assert running.wait_for_end(fleet) == 130
    assert "interrupted" in running.printed.read_text()
    document = read(output)
    assert document.interrupted
    assert document.runs[0].completed > 0
    assert document.failed == 0


@pytest.mark.parametrize("times", [1, 3])
def test_while_the_fleet_is_ended(picture: Path, tmp_path: Path, times: int) -> None:
    """Who presses it again and again loses nothing either."""
    output = tmp_path / "a.json"
    with benchmark(picture, tmp_path, "-n", "5", "--output", str(output)) as running:
        fleet = running.fleet()
        running.wait_until_told("round 1 of 1: 5 requests")
        for _ in range(times):
            running.interrupt()
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(0.05)
        # It may have ended already, or been in its very last steps.
        assert running.wait_for_end(fleet) in (0, 130, -signal.SIGINT)
    assert "pictures/s" in running.printed.read_text()
    assert read(output).runs[0].completed == 5
