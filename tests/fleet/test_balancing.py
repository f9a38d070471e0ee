"""Round-robin over exactly the instances that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise

import image_processing_pb2 as pb
from tests.fleet.processes import POOLS, Fleet, fleet
from tests.fleet.requests import instances, trace

MANY = 110
CLIENTS = 8


def settle(fleet: Fleet) -> None:
    """Send requests until every instance of every pool takes its turn."""
    for pool in POOLS:
        fleet.wait_until_used(pool, fleet.workers[pool], lambda: trace(fleet))


def counts(traces: Iterable[pb.Trace], pool: str) -> Counter[str]:
    """Count a pool's calls by instance."""
    return Counter(chain.from_iterable(instances(trace, pool) for trace in traces))


def evenly(calls: Counter[str], fleet: Fleet, pool: str) -> bool:
    """Tell whether every instance of the pool had the same number of calls, but for one."""
    names = {worker.instance for worker in fleet.workers[pool]}
    return calls.keys() == names and max(calls.values()) - min(calls.values()) <= 1


def test_sequential_requests_use_consecutive_instances(shared: Fleet) -> None:
    settle(shared)
    traces = [trace(shared) for _ in range(MANY)]
    for pool, hops in (("resize", 1), ("filter", 3), ("watermark", 1)):
        calls = counts(traces, pool)
        assert calls.total() == hops * MANY
        assert evenly(calls, shared, pool), calls
        order = list(chain.from_iterable(instances(trace, pool) for trace in traces))
        following = dict(pairwise(order))
        assert len(following) == len(shared.workers[pool])
        assert all(following[one] == next for one, next in pairwise(order))


def test_concurrent_requests_are_spread_evenly(shared: Fleet) -> None:
    settle(shared)
    with ThreadPoolExecutor(CLIENTS) as clients:
        traces = list(clients.map(lambda _: trace(shared), range(MANY)))
    for pool in POOLS:
        calls = counts(traces, pool)
        assert evenly(calls, shared, pool), calls


def test_the_first_requests_are_spread_evenly() -> None:
    """The orchestrator has its connections before it says that it is ready."""
    with fleet({"filter": 3}) as made:
        calls = counts((trace(made, "negative | sepia | png", placement="spread") for _ in range(15)), "filter")
        assert evenly(calls, made, "filter"), calls


def test_hosts_that_are_not_there_are_passed_over() -> None:
    with fleet({"resize": 1, "filter": 3}, hosts={"filter": "nowhere.invalid:50053,127.0.0.1:1"}) as made:
        made.wait_until_used("filter", made.workers["filter"], lambda: trace(made, "negative | sepia | png"))
        traces = [trace(made, "resize:8x8 | negative | sepia | png", placement="spread") for _ in range(30)]
        assert evenly(counts(traces, "filter"), made, "filter")
        assert all(hop.attempts == 1 for trace in traces for hop in trace.hops)
        described = {instance.address: instance for instance in made.describe().instances}
    assert described["nowhere.invalid:50053"].problem == "its name does not resolve"
    assert "UNAVAILABLE" in described["127.0.0.1:1"].problem
    assert sum(instance.healthy for instance in described.values()) == 4


def test_bad_pictures_do_not_count_against_an_instance(shared: Fleet) -> None:
    """gRPC ejects instances that fail; a fault of the picture must not look like one of the instance."""
    settle(shared)
    from tests.fleet.failures import fails
    from tests.fleet.requests import PICTURE, run

    damaged = PICTURE[: len(PICTURE) * 2 // 3]
    for _ in range(60):
        with fails() as failure:
            run(shared, data=damaged)
        assert failure.info.reason == "CORRUPT_IMAGE"
    traces = [trace(shared) for _ in range(30)]
    for pool in POOLS:
        assert evenly(counts(traces, pool), shared, pool)
