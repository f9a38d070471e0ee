"""Workers that die, stop, come back, leave: no request fails."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain

import grpc
import pytest

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
import pixelmill
from tests.fleet.failures import fails
from tests.fleet.processes import PATIENCE_S, Fleet, Process, channel_to, fleet, wait_for, worker
from tests.fleet.requests import INSTANT, LONG, PICTURE, busy, instances, large, request, trace

CLIENTS = 4


@pytest.fixture(scope="module")
def pair() -> Iterator[Fleet]:
    """Two filter workers that need not be the same from one test to the next."""
    with fleet({"resize": 1, "filter": 2}, worker_environment={"PIXELMILL_DRAIN_S": "1"}) as made:
        yield made


@pytest.fixture
def two(pair: Fleet) -> Iterator[Fleet]:
    """Give the two filter workers, in good health; whatever the test does to them is put right."""
    workers = pair.workers["filter"]
    pair.wait_until_used("filter", workers, lambda: trace(pair, INSTANT))
    yield pair
    for process in workers:
        if process.process.poll() is None:
            process.signal(signal.SIGCONT)
        else:
            process.restart()


@pytest.fixture(scope="module")
def picture() -> bytes:
    return large()


@contextmanager
def load(fleet: Fleet) -> Iterator[list[pb.Trace]]:
    """Send requests from several clients all the time; gives their traces, and fails where one fails."""
    traces: list[pb.Trace] = []
    stopped = False

    def client() -> None:
        while not stopped:
            traces.append(trace(fleet, INSTANT))

    with ThreadPoolExecutor(CLIENTS) as clients:
        running = [clients.submit(client) for _ in range(CLIENTS)]
        try:
            yield traces
        finally:
            stopped = True
        for each in running:
            each.result()


def more(traces: list[pb.Trace], count: int = 40) -> list[pb.Trace]:
    """Wait until so many more requests are done, and return them."""
    start = len(traces)
    wait_for(lambda: len(traces) >= start + count, f"{count} requests")
    return traces[start:]


def used(traces: list[pb.Trace]) -> set[str]:
    """Return the instances that requests went to."""
    return set(chain.from_iterable(instances(trace, "filter") for trace in traces))


def long_request(fleet: Fleet, picture: bytes) -> grpc.Future[pb.RunPipelineResponse]:
    """Start a request that takes a while."""
    return fleet.stub.RunPipeline.future(request(LONG, picture, placement="grouped"), timeout=PATIENCE_S)


def caught(workers: Sequence[Process]) -> Process:
    """Wait until a worker is at work, and return it."""
    return wait_for(lambda: busy(workers), "a worker at work")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_what_a_lost_instance_had_begun_is_done_by_another(two: Fleet, picture: bytes, number: signal.Signals) -> None:
    """The other gets the frame again, which is larger than what gRPC keeps for a retry by default."""
    pipeline = f"resize:2900x1900,fit=fill | {LONG}"
    call = two.stub.RunPipeline.future(request(pipeline, picture, placement="grouped"), timeout=PATIENCE_S)
    lost = caught(two.workers["filter"])
    lost.signal(number)
    answer = call.result(PATIENCE_S)
    hop = answer.trace.hops[1]
    assert hop.instance != lost.instance
    assert hop.attempts > 1
    assert hop.bytes_in == 2900 * 1900 * 3
    assert answer.image_data == pixelmill.run(picture, pipeline).data


def test_a_killed_instance_is_passed_over_until_it_is_back(two: Fleet) -> None:
    lost, other = two.workers["filter"]
    with load(two) as traces:
        more(traces)
        lost.kill()
        wait_for(lambda: used(more(traces)) == {other.instance}, "all requests to go to the other instance")
        lost.restart()
        wait_for(lambda: used(more(traces)) == {lost.instance, other.instance}, "the instance to be used again")
    two.wait_until_used("filter", [lost, other], lambda: trace(two, INSTANT))


def test_a_stopped_instance_is_passed_over_until_it_goes_on(two: Fleet) -> None:
    lost, other = two.workers["filter"]
    with load(two) as traces:
        more(traces)
        lost.signal(signal.SIGSTOP)
        wait_for(lambda: used(more(traces)) == {other.instance}, "all requests to go to the other instance")
        described = {instance.address: instance for instance in two.describe().instances}
        assert not described[lost.address].healthy
        assert described[other.address].healthy
        lost.signal(signal.SIGCONT)
        wait_for(lambda: used(more(traces)) == {lost.instance, other.instance}, "the instance to be used again")
    two.wait_until_used("filter", [lost, other], lambda: trace(two, INSTANT))


def test_a_leaving_worker_fails_no_request(two: Fleet) -> None:
    leaving, other = two.workers["filter"]
    with load(two) as traces:
        more(traces)
        assert leaving.terminate() == 0
        wait_for(lambda: used(more(traces)) == {other.instance}, "all requests to go to the other instance")
    # It had left before it stopped: nothing had to be done twice.
    assert all(hop.attempts == 1 for trace in traces for hop in trace.hops)


def test_restarting_one_after_another_fails_no_request(two: Fleet) -> None:
    """Also where the second leaves as soon as the first is back: there is always one that serves."""
    with load(two) as traces:
        more(traces)
        for process in two.workers["filter"]:
            assert process.terminate() == 0
            process.restart()
            wait_for(lambda: all(each.healthy for each in two.describe().instances), "both to be healthy")
        more(traces)


def test_a_leaving_worker_finishes_what_it_has_begun(two: Fleet, picture: bytes) -> None:
    call = long_request(two, picture)
    leaving = caught(two.workers["filter"])
    assert leaving.terminate() == 0
    hop = call.result(PATIENCE_S).trace.hops[0]
    assert (hop.instance, hop.attempts) == (leaving.instance, 1)


def test_a_worker_that_is_not_serving_gets_no_calls() -> None:
    """It still answers while it leaves the pool: only its health, as gRPC watches it, keeps calls away."""
    with fleet({"filter": 1}, worker_environment={"PIXELMILL_DRAIN_S": "0"}) as made:
        staying = made.workers["filter"][0]
        leaving = worker("filter", "leaving", PIXELMILL_DRAIN_S=str(10 * PATIENCE_S))
        try:
            leaving.wait_until_ready()
            with fleet({}, hosts={"filter": f"{staying.address},{leaving.address}"}) as over:
                over.wait_until_used("filter", [staying, leaving], lambda: trace(over, INSTANT))
                leaving.signal(signal.SIGTERM)
                wait_for(lambda: not leaving.describe().healthy, "the worker to leave")
                over.wait_until_used("filter", [staying], lambda: trace(over, INSTANT))
                before = leaving.describe().calls
                traces = [trace(over, INSTANT) for _ in range(20)]
                assert used(traces) == {staying.instance}
                assert leaving.describe().calls == before
                assert trace_directly(leaving)
        finally:
            leaving.close()


def trace_directly(process: Process) -> bool:
    """Tell whether a worker does a hop that it is asked for, past the orchestrator."""
    with channel_to(process.address) as channel:
        asked = pb.StageRequest(encoded=PICTURE, output=pb.Output(format="png"))
        return bool(rpc.StageServiceStub(channel).RunStage(asked, timeout=PATIENCE_S).encoded)


def test_a_pool_without_any_instance(two: Fleet) -> None:
    for process in two.workers["filter"]:
        process.kill()
    with fails() as failure:
        trace(two, INSTANT)
    assert failure.code.name == "UNAVAILABLE"
    assert failure.info.reason == "NO_HEALTHY_INSTANCE"
    assert failure.message.startswith("no instance of the filter pool answers")
    two.workers["filter"][0].restart()
    wait_for(lambda: answers(lambda: trace(two, INSTANT)), "the pool to answer again")


def answers(call: Callable[[], object]) -> bool:
    """Tell whether a call is answered."""
    try:
        call()
    except grpc.RpcError:
        return False
    return True
