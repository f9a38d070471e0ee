"""An orchestrator that is told to stop: leaves, finishes what it has begun, and ends with 0."""

from __future__ import annotations

import queue
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from tests.fleet.failures import fails
from tests.fleet.pictures import noise, png
from tests.fleet.processes import PATIENCE_S, channel_to, fleet, wait_for
from tests.fleet.requests import INSTANT, LONG, busy, large, request

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def test_running_requests_are_finished() -> None:
    with fleet({"filter": 1}) as made:
        call = made.stub.RunPipeline.future(request(LONG, large(), placement="grouped"), timeout=PATIENCE_S)
        wait_for(lambda: busy(made.workers["filter"]), "the worker to begin")
        assert made.orchestrator.terminate() == 0
        assert call.result(PATIENCE_S).image_data


def test_health_tells_that_it_leaves() -> None:
    with fleet({"filter": 1}, PIXELMILL_DRAIN_S=str(10 * PATIENCE_S)) as made:
        health = health_pb2_grpc.HealthStub(made.channel)
        watch = health.Watch(health_pb2.HealthCheckRequest(), timeout=PATIENCE_S)
        assert next(watch).status == SERVING
        made.orchestrator.signal(signal.SIGTERM)
        assert next(watch).status == NOT_SERVING
        for service in ("", "image_processing.OrchestratorService"):
            check = health_pb2_grpc.HealthStub(made.channel).Check(health_pb2.HealthCheckRequest(service=service))
            assert check.status == NOT_SERVING
        assert not made.describe().orchestrator.healthy
        # It goes on for those who have not seen it yet. A second signal ends it at once.
        assert made.stub.RunPipeline(request(INSTANT), timeout=PATIENCE_S).image_data
        assert made.orchestrator.terminate() == 1


def test_an_open_stream_gets_its_answers_and_is_told() -> None:
    with fleet({"filter": 1}) as made:
        requests: queue.Queue[pb.RunPipelineRequest] = queue.Queue()
        requests.put(request(LONG, large(), id="begun", placement="grouped"))

        def endless() -> Iterator[pb.RunPipelineRequest]:
            while True:
                yield requests.get()

        answers = made.stub.RunPipelineStream(endless(), timeout=PATIENCE_S)
        wait_for(lambda: busy(made.workers["filter"]), "the worker to begin")
        made.orchestrator.signal(signal.SIGTERM)
        assert next(answers).id == "begun"
        with fails() as failure:
            next(answers)
        assert (failure.code, failure.info.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
        assert made.orchestrator.process.wait(PATIENCE_S) == 0
        requests.put(request())


def test_an_answer_on_a_slow_line_gets_through() -> None:
    """It takes longer than everything else: the picture is computed and sent off, and only the network is slow."""
    big = png(noise(1200, 1000))
    with fleet({"filter": 1}) as made, closing(SlowLine(made.orchestrator.port)) as line:
        with channel_to(f"127.0.0.1:{line.port}") as channel:
            call = rpc.OrchestratorServiceStub(channel).RunPipeline.future(request(INSTANT, big), timeout=PATIENCE_S)
            wait_for(lambda: line.answered > 10_000, "the answer to be on its way")
            made.orchestrator.signal(signal.SIGTERM)
            wait_for(lambda: "stopping" in made.orchestrator.errors(), "the orchestrator to stop")
            wait_for(lambda: line.answered > 600_000 or call.done(), "more of the answer")
            line.quick.set()
            assert len(call.result(PATIENCE_S).image_data) > 1_000_000
        assert made.orchestrator.process.wait(PATIENCE_S) == 0


class SlowLine:
    """A connection to a port through which answers come at a few hundred kilobytes a second, until `quick` is set."""

    def __init__(self, port: int) -> None:
        self.answered = 0
        self.quick = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._to = port
        self._sockets = [self._listener]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        client, _ = self._listener.accept()
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        server.connect(("127.0.0.1", self._to))
        self._sockets += [client, server]
        threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
        with suppress(OSError):
            while data := server.recv(4096):
                self.answered += len(data)
                self.quick.wait(0.01)
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _forward(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)

    def close(self) -> None:
        self.quick.set()
        for each in self._sockets:
            each.close()
