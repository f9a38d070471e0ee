"""Very many instances and requests: workers that do nothing, so that the orchestrator is all that is looked at."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from benchmarks.routing.measure import Routed, Routing

MANY, FEW = 200, 4
CLIENTS = 64
SECONDS = 3.0
IDLE_S = 2.0
MEMORY = 300 * 10**6


@pytest.fixture(scope="module")
def many() -> Iterator[Routing]:
    with Routing(MANY, 0.05) as made:
        yield made


@pytest.fixture(scope="module")
def routed(many: Routing) -> Routed:
    return many.measure(CLIENTS, SECONDS)


def test_no_request_is_lost_among_many_instances(routed: Routed) -> None:
    assert routed.failures == 0
    assert routed.requests > 0


def test_each_of_many_instances_does_as_much_as_the_others(routed: Routed) -> None:
    """But for a call or two: those in flight when the counting begins."""
    assert len(routed.shares) == MANY
    assert max(routed.shares.values()) - min(routed.shares.values()) <= 2


def cost_s(routing: Routing, routed: Routed) -> float:
    """Return what a request takes of a core, without what watching the instances takes of each second."""
    before = routing.cpu_s()
    time.sleep(IDLE_S)
    watching = (routing.cpu_s() - before) / IDLE_S
    return (routed.cpu_s - watching * routed.seconds) / routed.requests


def test_a_request_costs_no_more_where_there_are_many_instances(many: Routing, routed: Routed) -> None:
    """Half as much again is allowed, as other processes disturb the caches."""
    with Routing(FEW, 0.05) as few:
        assert cost_s(many, routed) < 1.5 * cost_s(few, few.measure(CLIENTS, SECONDS))


def test_a_thousand_requests_in_flight_fit_into_memory() -> None:
    with Routing(FEW, 0.5) as routing:
        routed = routing.measure(1000, SECONDS)
    assert routed.failures == 0
    assert routed.memory < MEMORY
