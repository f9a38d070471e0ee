"""Machines that cannot hear each other, or not well: no request fails, and all is soon as before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.arena import under_load
from tests.faults.network import Machine, machines, reason_to_skip
from tests.fleet.processes import ORCHESTRATOR, Fleet, Process, channel_to, running, worker

pytestmark = pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip() or "-")


@dataclass
class Spread:
    """A fleet whose filter workers are each on another machine, and all else at home."""

    fleet: Fleet
    home: Machine
    others: list[Machine]

    def heal(self) -> None:
        """Put the network in good order."""
        for machine in (self.home, *self.others):
            machine.heal()


@pytest.fixture(scope="module")
def spread() -> Iterator[Spread]:
    with ExitStack() as stack:
        home, *others = stack.enter_context(machines(4))
        workers = {
            "resize": [worker("resize", "resize-1", home.inside, PIXELMILL_HOST=home.address)],
            "filter": [
                worker("filter", f"filter-{number}", each.inside, PIXELMILL_HOST=each.address)
                for number, each in enumerate(others, 1)
            ],
            "watermark": [worker("watermark", "watermark-1", home.inside, PIXELMILL_HOST=home.address)],
        }
        stack.enter_context(running(*(process for group in workers.values() for process in group)))
        variables = {
            f"{pool.upper()}_SERVICE_HOSTS": ",".join(each.address for each in group) for pool, group in workers.items()
        }
        orchestrator = Process("orchestrator", ORCHESTRATOR, {"PIXELMILL_HOST": home.address, **variables}, home.inside)
        stack.enter_context(running(orchestrator))
        yield Spread(Fleet(workers, orchestrator, stack.enter_context(channel_to("127.0.0.1:1"))), home, others)


@pytest.fixture
def place(spread: Spread) -> Iterator[Spread]:
    """Give the machines in good order."""
    yield spread
    spread.heal()


def silent(home: Machine, lost: Machine) -> None:
    home.do_not_hear(lost)
    lost.do_not_hear(home)


def deaf(home: Machine, lost: Machine) -> None:
    lost.do_not_hear(home)


def mute(home: Machine, lost: Machine) -> None:
    home.do_not_hear(lost)


def unplugged(home: Machine, lost: Machine) -> None:
    lost.unplug()


def test_machines_that_cannot_be_reached(place: Spread, tmp_path: Path) -> None:
    """Connections stay open, and nothing comes, both ways or one way; it is noticed in time."""
    workers = place.fleet.workers["filter"]
    with under_load(place.fleet, tmp_path, inside=place.home.inside) as arena:
        for fault, machine, lost in zip(
            (silent, deaf, mute, unplugged), [*place.others, place.others[0]], [*workers, workers[0]], strict=True
        ):
            fault(place.home, machine)
            met = arena.until_used("filter", [each for each in workers if each is not lost])
            assert max(call.took_s for call in met) < arena.hiccup_s, fault
            place.heal()
            arena.until_used("filter", workers)


def test_a_network_that_loses_packets(place: Spread, tmp_path: Path) -> None:
    with under_load(place.fleet, tmp_path, inside=place.home.inside, budget=1.2) as arena:
        for machine in place.others:
            machine.lose(0.05)
        arena.load.more(150)
        place.heal()
