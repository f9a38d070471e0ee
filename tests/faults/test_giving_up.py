"""A client's deadline holds for all hops and attempts together; who gives up is not worked for any longer."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import grpc
import pytest

from tests.fleet.failures import fails
from tests.fleet.processes import PATIENCE_S, Fleet, fleet, wait_for
from tests.fleet.requests import INSTANT, LONG, busy, instances, large, request, trace

HOPS = 12
STEPS = " | ".join(["blur:3", "sharpen"] * (HOPS // 2)) + " | jpeg"


@pytest.fixture(scope="module")
def pair() -> Iterator[Fleet]:
    with fleet({"filter": 2}) as made:
        yield made


def calls(made: Fleet) -> int:
    """Return how many hops the workers have done, or have begun and given up."""
    return sum(each.describe().calls for each in made.workers["filter"])


def is_idle(made: Fleet) -> bool:
    return not any(each.describe().in_flight for each in made.workers["filter"])


def test_a_deadline_holds_for_all_hops_together(pair: Fleet) -> None:
    """Each hop alone would be done in time."""
    started = time.monotonic()
    hops = trace(pair, STEPS, data=large(), placement="spread").hops
    whole_s = time.monotonic() - started
    assert len(hops) == HOPS
    before = calls(pair)
    with fails() as failure:
        pair.stub.RunPipeline(request(STEPS, large(), placement="spread"), timeout=whole_s / 4)
    assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
    wait_for(lambda: is_idle(pair), "the workers to stop")
    done = calls(pair)
    assert done - before < HOPS
    # Whatever would have come after it never starts.
    for _ in range(10):
        trace(pair, INSTANT)
    assert calls(pair) - done == 10


def test_a_deadline_holds_for_all_attempts_together(pair: Fleet) -> None:
    """The second attempt would be answered, but there is no time left for it."""
    stopped, other = pair.workers["filter"]
    pair.wait_until_used("filter", [stopped, other], lambda: trace(pair, INSTANT))
    if instances(trace(pair, INSTANT), "filter") == [stopped.instance]:
        trace(pair, INSTANT)
    stopped.signal(signal.SIGSTOP)
    try:
        with fails() as failure:
            pair.stub.RunPipeline(request(INSTANT), timeout=0.5)
        assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
    finally:
        stopped.signal(signal.SIGCONT)
    pair.wait_until_used("filter", [stopped, other], lambda: trace(pair, INSTANT))


def test_who_gives_up_is_not_worked_for_any_longer(pair: Fleet) -> None:
    """The step that is being done is finished, and none begun; its place is free for others."""
    steps = LONG.count("|")
    started = time.monotonic()
    trace(pair, LONG, data=large(), placement="grouped")
    step_s = (time.monotonic() - started) / steps
    took: list[float] = []
    for _ in range(5):
        call = pair.stub.RunPipeline.future(request(LONG, large(), placement="grouped"), timeout=PATIENCE_S)
        worker = wait_for(lambda: busy(pair.workers["filter"]), "a worker to begin")
        call.cancel()
        cancelled = time.monotonic()
        wait_for(lambda worker=worker: not worker.describe().in_flight, "it to stop")  # type: ignore[misc]
        took.append(time.monotonic() - cancelled)
    assert min(took) < 0.1 + 4 * step_s
