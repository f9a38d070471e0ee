"""Time that runs out, callers that give up, queues that are full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

import image_processing_pb2 as pb
from pixelmill import Deadline, DeadlineExceeded, Overloaded, Pipeline
from pixelmill.executors.base import Item
from pixelmill.fleet.client import FleetExecutor
from tests.fleet.failures import Failure, fails
from tests.fleet.processes import PATIENCE_S, Fleet, fleet, wait_for
from tests.fleet.requests import INSTANT, LONG, PICTURE, busy, instances, large, request, run, trace


@pytest.fixture(scope="module")
def narrow() -> Iterator[Fleet]:
    """One filter worker, one request at a time, one more waiting."""
    with fleet({"filter": 1}, PIXELMILL_RUNNING="1", PIXELMILL_QUEUE="1", PIXELMILL_QUEUE_S="60") as made:
        yield made


@pytest.fixture(scope="module")
def picture() -> bytes:
    return large()


def start(fleet: Fleet, picture: bytes, timeout_s: float = PATIENCE_S) -> grpc.Future[pb.RunPipelineResponse]:
    """Start a request that takes a while."""
    return fleet.stub.RunPipeline.future(request(LONG, picture, placement="grouped"), timeout=timeout_s)


def is_idle(fleet: Fleet) -> bool:
    """Tell whether nobody in the fleet is doing anything."""
    told = fleet.describe()
    return not told.queued and not told.orchestrator.in_flight and not any(each.in_flight for each in told.instances)


def test_a_deadline_ends_a_request(narrow: Fleet, picture: bytes) -> None:
    with fails() as failure:
        start(narrow, picture, 0.3).result(PATIENCE_S)
    assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
    wait_for(lambda: is_idle(narrow), "the worker to stop working on it")


def test_a_worker_knows_the_deadline(narrow: Fleet, picture: bytes) -> None:
    """It stops by itself: the request is over long before the work would be."""
    with narrow.client("grouped") as client, pytest.raises(DeadlineExceeded):
        client.run(picture, Pipeline.parse(LONG), deadline=Deadline.after(0.3))
    wait_for(lambda: is_idle(narrow), "the worker to stop working on it")
    assert run(narrow, INSTANT).image_data


def test_a_request_without_a_deadline_gets_one(picture: bytes) -> None:
    with fleet({"filter": 1}, PIXELMILL_TIMEOUT_S="0.3") as made:
        with fails() as failure:
            made.stub.RunPipeline(request(LONG, picture, placement="grouped"), wait_for_ready=True)
        assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert (failure.info.reason, failure.info.domain) == ("DEADLINE_EXCEEDED", "pixelmill")


def test_giving_up_frees_the_place(narrow: Fleet, picture: bytes) -> None:
    call = start(narrow, picture)
    wait_for(lambda: busy(narrow.workers["filter"]), "the worker to begin")
    call.cancel()
    wait_for(lambda: is_idle(narrow), "the worker to stop working on it")
    assert run(narrow, INSTANT).image_data


def test_giving_up_while_waiting_frees_the_place_in_the_queue(narrow: Fleet, picture: bytes) -> None:
    first = start(narrow, picture)
    wait_for(lambda: busy(narrow.workers["filter"]), "the worker to begin")
    for _ in range(3):
        waiting = start(narrow, picture)
        wait_for(lambda: narrow.describe().queued == 1, "the second to wait")
        waiting.cancel()
        wait_for(lambda: narrow.describe().queued == 0, "the second to be gone")
    first.cancel()
    wait_for(lambda: is_idle(narrow), "the worker to stop working on it")


def test_a_deadline_passes_while_waiting(narrow: Fleet, picture: bytes) -> None:
    first = start(narrow, picture)
    wait_for(lambda: busy(narrow.workers["filter"]), "the worker to begin")
    with fails() as failure:
        run_with_deadline(narrow, 0.2)
    assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert narrow.describe().queued == 0
    assert not first.done()
    first.cancel()
    wait_for(lambda: is_idle(narrow), "the worker to stop working on it")


def run_with_deadline(fleet: Fleet, seconds: float) -> None:
    """Run an instant request with a deadline."""
    fleet.stub.RunPipeline(request(INSTANT), timeout=seconds)


def test_a_full_queue_answers_at_once(narrow: Fleet, picture: bytes) -> None:
    first = start(narrow, picture)
    wait_for(lambda: busy(narrow.workers["filter"]), "the worker to begin")
    second = start(narrow, picture)
    wait_for(lambda: narrow.describe().queued == 1, "the second to wait")
    with fails() as failure:
        run(narrow, INSTANT)
    assert failure.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (failure.info.reason, failure.info.domain) == ("OVERLOADED", "pixelmill")
    assert failure.retry is not None
    assert failure.retry.retry_delay.ToTimedelta().total_seconds() > 0
    with narrow.client() as client, pytest.raises(Overloaded) as refusal:
        client.run(PICTURE, Pipeline.parse(INSTANT))
    assert refusal.value.retry_after_s == pytest.approx(0.1)  # nothing small is before it
    assert not first.done()
    first.cancel()
    second.cancel()
    wait_for(lambda: is_idle(narrow), "the worker to stop working on them")


def test_many_pictures_wait_for_their_turn() -> None:
    """The fleet takes one at a time and lets none wait: what it refuses is sent again when it said."""
    with fleet({"filter": 1}, PIXELMILL_RUNNING="1", PIXELMILL_QUEUE="0") as made:
        made.wait_until_used("filter", made.workers["filter"], lambda: trace(made, INSTANT))
        with FleetExecutor(made.orchestrator.address, in_flight=8) as client:
            done = list(client.map([Item(str(number), PICTURE) for number in range(24)], Pipeline.parse(INSTANT)))
    assert sorted(int(outcome.key) for outcome in done) == list(range(24))
    assert [outcome.error for outcome in done] == [None] * 24


def test_an_overloaded_worker_sends_calls_elsewhere(picture: bytes) -> None:
    """Each of two workers takes one picture and queues none: what meets a busy one goes on to the other."""
    with fleet({"filter": 2}, worker_environment={"PIXELMILL_QUEUE": "0", "PIXELMILL_THREADS": "1"}) as made:
        first = start(made, picture)
        full = wait_for(lambda: busy(made.workers["filter"]), "a worker to begin")
        other = next(worker for worker in made.workers["filter"] if worker is not full)
        traces = [trace(made, INSTANT) for _ in range(10)]
        assert {name for each in traces for name in instances(each, "filter")} == {other.instance}
        assert max(hop.attempts for each in traces for hop in each.hops) > 1
        assert not first.done()
        first.cancel()


def test_impatient_clients_do_not_count_against_an_instance(picture: bytes) -> None:
    """gRPC ejects instances that fail; that a client gave a request too little time must not look like a failure."""
    # Room for all of them: on a busy machine, it would else be said of some that they are too many.
    with fleet({"filter": 2}, PIXELMILL_RUNNING="100") as made:
        workers = made.workers["filter"]
        made.wait_until_used("filter", workers, lambda: trace(made, INSTANT))

        def hurry(_: int) -> grpc.StatusCode:
            try:
                made.stub.RunPipeline(request("blur:3 | png", picture), timeout=0.12)
            except grpc.RpcError as error:
                failure = Failure()
                failure.read(error)
                return failure.code
            return grpc.StatusCode.OK

        with ThreadPoolExecutor(8) as clients:
            # For longer than the interval at which gRPC looks for outliers.
            codes = Counter(clients.map(hurry, range(240)))
        assert codes[grpc.StatusCode.DEADLINE_EXCEEDED] > 120, codes
        wait_for(lambda: is_idle(made), "the last of them to be over")
        turns = Counter(name for _ in range(20) for name in instances(trace(made, INSTANT), "filter"))
        assert turns == {worker.instance: 10 for worker in workers}
