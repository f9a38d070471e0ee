"""What instances did between two looks, also where one was started anew in between."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from pixelmill.bench.containers import parse_size
from pixelmill.bench.looks import Growth, Look, Seen, Watch, growth, of_fleet
from pixelmill.bench.recording import apart
from pixelmill.errors import NoHealthyInstance
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.embedded import EmbeddedFleet
from tests.bench.conftest import PIPELINE
from tests.fleet.processes import wait_for

KEY = ("filter", "filter-1", "")


def seen(id: str, calls: int, cpu_s: float) -> Seen:
    return Seen(KEY, "filter", "filter-1", "127.0.0.1:1", id, "m", 2, 2, calls, cpu_s, 1000)


def looks(*instances: Seen | None) -> list[Look]:
    return [Look(float(at), (one,) if one else (), 0.0, 0.0) for at, one in enumerate(instances)]


def test_what_was_before_the_first_look_does_not_count() -> None:
    assert growth(looks(seen("a", 10, 5.0), seen("a", 14, 5.5), seen("a", 20, 7.0)), KEY) == Growth(10, 2.0, 0)


def test_a_look_without_an_answer_is_bridged() -> None:
    assert growth(looks(seen("a", 10, 5.0), None, seen("a", 20, 7.0)), KEY) == Growth(10, 2.0, 0)


def test_one_that_was_started_anew_begins_from_nothing() -> None:
    assert growth(looks(seen("a", 10, 5.0), seen("a", 12, 6.0), seen("b", 3, 0.5)), KEY) == Growth(5, 1.5, 1)


def test_a_real_worker_that_dies_meanwhile(picture: Path, tmp_path: Path) -> None:
    with EmbeddedFleet(1, 1, 1, log=tmp_path / "log") as fleet, FleetExecutor(fleet.target) as executor:
        watch = Watch(lambda: of_fleet(executor, by_name=True))
        watch.look()
        executor.run(picture.read_bytes(), PIPELINE)
        watch.look()
        victim = next(process for process in fleet.processes if process.name == "filter-1")
        os.kill(victim.pid, signal.SIGKILL)

        def back() -> bool:
            ids = {one.id for one in of_fleet(executor, by_name=True) if one.name == "filter-1"}
            return bool(ids) and ids != {one.id for one in watch.looks[0].instances if one.name == "filter-1"}

        wait_for(back, "filter-1 to come back")

        def runs() -> bool:
            try:
                return bool(executor.run(picture.read_bytes(), PIPELINE).data)
            except NoHealthyInstance:  # not everybody has seen yet that it is back
                return False

        wait_for(runs, "the fleet to work")
        watch.look()
    key = ("filter", "filter-1", "")
    assert growth(watch.looks, key).starts == 1
    assert growth(watch.looks, key).calls >= 6
    assert growth(watch.looks, ("resize", "resize-1", "")).starts == 0


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0B", 0),
        ("81.5MiB ", 85458944),
        (" 2GiB", 2 << 30),
        ("1.2kB", 1200),
        ("12.5KiB", 12800),
        ("--", 0),
        ("3MB", 3000000),
    ],
)
def test_sizes_as_docker_writes_them(text: str, size: int) -> None:
    assert parse_size(text) == size


def test_looks_that_are_close_together_tell_nothing_of_cpu() -> None:
    def at(*moments: float) -> list[float]:
        return [look.at for look in apart([Look(moment, (), 0.0, 0.0) for moment in moments])]

    assert at(0.0, 0.5, 1.0, 1.1) == [0.0, 0.5, 1.1]
    assert at(0.0, 0.1, 0.6, 1.1) == [0.0, 0.6, 1.1]
    assert at(0.0, 0.1) == [0.0, 0.1]
    assert at(0.0) == [0.0]
    assert at() == []
