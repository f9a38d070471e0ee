"""What every server has: health, reflection, a port of its own, and a word about what is wrong when it cannot start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from pixelmill.fleet.health import is_serving
from tests.fleet.processes import ORCHESTRATOR, PATIENCE_S, WORKER, Fleet, Process, channel_to, running, worker

STAGES = ["ResizeService", "FilterService", "WatermarkService", "FormatService", "StageService"]
COMMON = ["grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"]


@pytest.fixture(params=["worker", "orchestrator"])
def server(request: pytest.FixtureRequest, shared: Fleet) -> Iterator[tuple[Process, list[str]]]:
    """Give a server and the services that it has."""
    if request.param == "worker":
        yield shared.workers["filter"][0], [f"image_processing.{name}" for name in STAGES]
    else:
        yield shared.orchestrator, ["image_processing.OrchestratorService"]


def test_health(server: tuple[Process, list[str]]) -> None:
    process, services = server
    with channel_to(process.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", *services):
            answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=PATIENCE_S)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert is_serving(process.address, PATIENCE_S)


def test_nobody_there_is_not_serving() -> None:
    assert not is_serving("127.0.0.1:1", PATIENCE_S)


def test_reflection_lists_the_services(server: tuple[Process, list[str]]) -> None:
    process, services = server
    with channel_to(process.address) as channel:
        reflection = ProtoReflectionDescriptorDatabase(channel)
        assert sorted(reflection.get_services()) == sorted(services + COMMON)
        file = reflection.FindFileContainingSymbol(services[0])
    assert services[0].rpartition(".")[2] in [service.name for service in file.service]


def refusal(process: Process) -> str:
    """Wait until a server gives up, and return its last word."""
    try:
        assert process.process.wait(PATIENCE_S) == 1
        return process.errors().strip().splitlines()[-1]
    finally:
        process.close()


@pytest.mark.parametrize("code", [WORKER.format(pool="resize"), ORCHESTRATOR], ids=["worker", "orchestrator"])
def test_a_port_is_not_shared(code: str) -> None:
    with running(first := worker("filter", "first")):
        second = Process("second", code, {"PORT": str(first.port)})
        said = refusal(second)
    assert said.startswith(f"pixelmill: expected a free address to listen on, got {first.address}")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("RESIZE_SERVICE_HOSTS", "one", "expected host:port items separated by commas for RESIZE_SERVICE_HOSTS, got 'one'"),
        (
            "PIXELMILL_WORKER_HOSTS",
            "a:b",
            "expected host:port items separated by commas for PIXELMILL_WORKER_HOSTS, got 'a:b'",
        ),
        ("PORT", "http", "expected a whole number for port (PORT), got 'http'"),
        ("PIXELMILL_RUNNING", "0", "expected a number ≥ 1 for running (PIXELMILL_RUNNING), got '0'"),
        (
            "PIXELMILL_PLACEMENT",
            "far",
            "expected one of '', 'auto', 'spread', 'grouped' or 'fused' for placement (PIXELMILL_PLACEMENT), got 'far'",
        ),
    ],
)
def test_bad_settings_are_refused_in_one_line(variable: str, value: str, said: str) -> None:
    assert refusal(Process("orchestrator", ORCHESTRATOR, {variable: value})) == f"pixelmill: {said}"
