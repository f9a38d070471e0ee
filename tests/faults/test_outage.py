"""All workers are down: requests fail at once and are not tried over and over; all goes on by itself when they are back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from tests.faults.arena import under_load
from tests.fleet.failures import Failure
from tests.fleet.processes import PATIENCE_S, Fleet, fleet
from tests.fleet.requests import INSTANT, request

MANY = 1500
AT_A_TIME = 100


def test_all_workers_are_down(workers: Fleet, tmp_path: Path) -> None:
    with under_load(workers, tmp_path, allowed=["UNAVAILABLE"], budget=1.1, most=5) as arena:
        everyone = [process for group in workers.workers.values() for process in group]
        for process in everyone:
            process.kill()
        arena.load.until(lambda history: not any(call.ok for call in history), "all requests to fail")
        failed = arena.load.more(200)
        assert {call.end.reason for call in failed} == {"NO_HEALTHY_INSTANCE"}
        assert failed.took_s(0.9) < arena.healthy.median_s
        for process in everyone:
            process.restart()


class Failing(rpc.StageServiceServicer):
    """A worker that is reached, but answers every hop that it is UNAVAILABLE."""

    def __init__(self) -> None:
        self.calls = 0
        self._lock = threading.Lock()

    def RunStage(self, request: pb.StageRequest, context: Any) -> pb.StageResponse:  # noqa: N802
        with self._lock:
            self.calls += 1
        context.abort(grpc.StatusCode.UNAVAILABLE, "out of order")
        raise AssertionError

    def DescribeInstance(self, request: pb.DescribeInstanceRequest, context: Any) -> pb.InstanceInfo:  # noqa: N802
        return pb.InstanceInfo(pool="filter", name="failing", healthy=True)


@contextmanager
def failing() -> Iterator[tuple[Failing, str]]:
    """Run such a worker; gives it and its address."""
    servicer, healthy = Failing(), health.HealthServicer()
    healthy.set("", health_pb2.HealthCheckResponse.SERVING)
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        server = grpc.server(threads)
        rpc.add_StageServiceServicer_to_server(servicer, server)
        health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield servicer, f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


def test_retries_do_not_add_to_an_outage() -> None:
    """What is tried again is a tenth of all at most, however long it lasts."""
    with (
        failing() as (servicer, address),
        fleet({}, hosts={"filter": address}, PIXELMILL_RUNNING=str(AT_A_TIME)) as made,
        ThreadPoolExecutor(AT_A_TIME) as clients,
    ):

        def send(_: int) -> str:
            with pytest.raises(grpc.RpcError) as caught:
                made.stub.RunPipeline(request(INSTANT), timeout=PATIENCE_S)
            failure = Failure()
            failure.read(caught.value)
            return str(failure.info.reason)

        assert set(clients.map(send, range(MANY))) == {"NO_HEALTHY_INSTANCE"}
        assert MANY <= servicer.calls <= 1.1 * MANY
