"""A client that knows several orchestrators: it calls them by turns, and passes over whoever is gone or leaving."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
import pixelmill
from pixelmill import InvalidPipeline
from pixelmill.errors import NoHealthyInstance
from pixelmill.fleet.client import FleetExecutor
from tests.fleet.processes import ORCHESTRATOR, PATIENCE_S, Fleet, Process, channel_to, fleet, running, wait_for
from tests.fleet.requests import INSTANT, LONG, PICTURE, busy, large

NOWHERE = "127.0.0.1:1,127.0.0.1:2"


@pytest.fixture
def two() -> Iterator[tuple[Fleet, Process]]:
    """A fleet, and another orchestrator over its workers. They are given time to leave."""
    with fleet({"filter": 1}) as made:
        hosts = {"FILTER_SERVICE_HOSTS": made.workers["filter"][0].address}
        second = Process("second", ORCHESTRATOR, {**hosts, "PIXELMILL_DRAIN_S": "0"})
        with running(second):
            yield made, second


def both(two: tuple[Fleet, Process]) -> str:
    made, second = two
    return f"grpc://{made.orchestrator.address},{second.address}"


def calls(address: str) -> int:
    """Return how many requests an orchestrator has had."""
    with channel_to(address) as channel:
        stub = rpc.OrchestratorServiceStub(channel)
        answer: pb.DescribeFleetResponse = stub.DescribeFleet(
            pb.DescribeFleetRequest(), timeout=PATIENCE_S, wait_for_ready=True
        )
    return answer.orchestrator.calls


def test_orchestrators_are_called_by_turns(two: tuple[Fleet, Process]) -> None:
    made, second = two
    expected = pixelmill.run(PICTURE, INSTANT).data
    with pixelmill.open_executor(both(two)) as client:
        assert [client.run(PICTURE, INSTANT).data for _ in range(6)] == [expected] * 6
        assert [calls(each) for each in (made.orchestrator.address, second.address)] == [3, 3]
        # What is wrong with a request is wrong everywhere.
        with pytest.raises(pixelmill.PixelmillError, match="expected a picture"):
            client.run(b"no picture", INSTANT)
        assert sum(calls(each) for each in (made.orchestrator.address, second.address)) == 7


def test_who_is_gone_is_passed_over_until_it_is_back(two: tuple[Fleet, Process]) -> None:
    _, second = two
    with pixelmill.open_executor(both(two)) as client:
        second.kill()
        for _ in range(4):
            assert client.run(PICTURE, INSTANT).data
        second.restart()
        wait_for(lambda: client.run(PICTURE, INSTANT).data and calls(second.address), "the second to be called again")


def test_what_a_lost_orchestrator_had_begun_is_done_by_another(two: tuple[Fleet, Process]) -> None:
    made, second = two
    with FleetExecutor(f"{second.address},{made.orchestrator.address}") as client, ThreadPoolExecutor(1) as thread:
        running_one = thread.submit(client.run, large(), LONG)
        wait_for(lambda: busy(made.workers["filter"]), "it to begin")
        second.kill()
        assert running_one.result(PATIENCE_S).data == pixelmill.run(large(), LONG).data


def test_one_that_leaves_finishes_and_is_passed_over(two: tuple[Fleet, Process]) -> None:
    made, second = two
    with FleetExecutor(f"{second.address},{made.orchestrator.address}") as client, ThreadPoolExecutor(1) as thread:
        running_one = thread.submit(client.run, large(), LONG)
        wait_for(lambda: busy(made.workers["filter"]), "it to begin")
        second.signal(signal.SIGTERM)
        for _ in range(4):
            assert client.run(PICTURE, INSTANT).data
        assert running_one.result(PATIENCE_S).data
        assert second.process.wait(PATIENCE_S) == 0
        assert client.run(PICTURE, INSTANT).data


def test_nobody_is_there() -> None:
    with FleetExecutor(NOWHERE) as client, pytest.raises(NoHealthyInstance, match=f"expected an orchestrator at {NOWHERE}"):
        client.run(PICTURE, INSTANT)


@pytest.mark.parametrize("url", ["grpc://", "grpc://,", "grpc://a:1,b", "grpcs://a:1,:2"])
def test_what_is_no_list_of_hosts_is_refused(url: str) -> None:
    with pytest.raises(InvalidPipeline, match="expected grpc://HOST:PORT"):
        pixelmill.open_executor(url)
