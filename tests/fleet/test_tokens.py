"""Tokens at the orchestrator: who is let in, who is not, and that nobody else sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from pydantic import SecretStr

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
import pixelmill
from pixelmill.cli import main
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.embedded import EmbeddedFleet
from pixelmill.fleet.faults import error_from_call
from pixelmill.fleet.health import is_serving
from pixelmill.settings import ClientSettings
from tests.fleet.certificates import make
from tests.fleet.processes import PATIENCE_S, Fleet, fleet
from tests.fleet.requests import INSTANT, PICTURE, request

FIRST, SECOND, THIRD = "first-0123456789abcdef", "second-0123456789abcdef", "third-0123456789abcdef"
WRONG = "wrong-0123456789abcdef"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fleet, Path]]:
    """Give a fleet that lets in FIRST, and what its file has."""
    file = tmp_path_factory.mktemp("tokens") / "tokens"
    file.write_text(f"# two of them\n{SECOND}\n")
    variables = {"PIXELMILL_TOKENS": FIRST, "PIXELMILL_TOKENS_FILE": str(file)}
    with fleet({"worker": 1}, orchestrator_environment=variables) as made:
        yield made, file


def client(fleet: Fleet, token: str | None) -> FleetExecutor:
    return FleetExecutor(fleet.orchestrator.address, token=token)


def is_let_in(fleet: Fleet, token: str | None) -> bool:
    """Tell whether three calls, one of them a stream, succeed, or are all refused for want of a token."""
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    stub, reasons = fleet.stub, set()
    calls: list[Callable[[], object]] = [
        lambda: stub.RunPipeline(request(INSTANT), timeout=PATIENCE_S, metadata=metadata),
        lambda: list(stub.RunPipelineStream(iter([request(INSTANT)]), timeout=PATIENCE_S, metadata=metadata)),
        lambda: stub.DescribeFleet(pb.DescribeFleetRequest(), timeout=PATIENCE_S, metadata=metadata),
    ]
    for call in calls:
        try:
            call()
            reasons.add("")
        except grpc.RpcError as error:
            reasons.add(error_from_call(error).reason)
    assert reasons in ({""}, {pixelmill.Unauthenticated.reason})
    return reasons == {""}


def test_the_right_tokens_come_in_and_no_others(guarded: tuple[Fleet, Path]) -> None:
    fleet, _ = guarded
    assert is_let_in(fleet, FIRST)
    assert is_let_in(fleet, SECOND)
    for wrong in (None, WRONG, FIRST[:-1], FIRST + "0", f"{FIRST},{SECOND}", "#"):
        assert not is_let_in(fleet, wrong)


@pytest.mark.parametrize("header", [FIRST, f"Basic {FIRST}", f"bearer{FIRST}", "Bearer", "Bearer "])
def test_other_headers(guarded: tuple[Fleet, Path], header: str) -> None:
    fleet, _ = guarded
    with pytest.raises(grpc.RpcError) as refused:
        fleet.stub.DescribeFleet(pb.DescribeFleetRequest(), timeout=PATIENCE_S, metadata=(("authorization", header),))
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_clear_text(guarded: tuple[Fleet, Path]) -> None:
    fleet, _ = guarded
    for token, got in ((None, "none"), (WRONG, "one that is not valid")):
        with client(fleet, token) as executor:
            for call in (executor.describe, lambda executor=executor: executor.run(PICTURE, INSTANT)):
                with pytest.raises(pixelmill.Unauthenticated) as refused:
                    call()
                assert str(refused.value) == f"expected a token (authorization: Bearer …, or PIXELMILL_TOKEN), got {got}"


def test_tokens_change_while_clients_are_connected(guarded: tuple[Fleet, Path], tmp_path: Path) -> None:
    """Both are valid for a while; the client reads its own again as well."""
    fleet, file = guarded
    mine = tmp_path / "mine"
    mine.write_text(SECOND + "\n")
    settings = ClientSettings(token_file=str(mine))
    with FleetExecutor.from_url(f"grpc://{fleet.orchestrator.address}", settings=settings) as executor:
        executor.run(PICTURE, INSTANT)
        file.write_text(f"{SECOND}\n{THIRD}\n")
        executor.run(PICTURE, INSTANT)
        mine.write_text(THIRD)
        executor.run(PICTURE, INSTANT)
        file.write_text(f"{THIRD}\n")
        executor.run(PICTURE, INSTANT)
        assert not is_let_in(fleet, SECOND)
        file.write_text("too short\n")  # cannot be used, so what it had before goes on
        executor.run(PICTURE, INSTANT)
        file.write_text("")
        assert not is_let_in(fleet, THIRD)
        assert is_let_in(fleet, FIRST)
        file.write_text(f"{SECOND}\n")


def test_health_is_open_and_reflection_is_not(guarded: tuple[Fleet, Path]) -> None:
    fleet, _ = guarded
    assert is_serving(fleet.orchestrator.address, PATIENCE_S)
    with pytest.raises(grpc.RpcError) as refused:
        ProtoReflectionDescriptorDatabase(fleet.channel).get_services()
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_nothing_is_read_from_a_stranger(guarded: tuple[Fleet, Path]) -> None:
    """A stream that never ends its first message would keep a server that reads it waiting."""
    fleet, _ = guarded
    calls = fleet.stub.RunPipelineStream((request(INSTANT) for _ in iter(int, 1)), timeout=PATIENCE_S)
    with pytest.raises(grpc.RpcError) as refused:
        next(calls)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_no_token_in_a_log(guarded: tuple[Fleet, Path]) -> None:
    fleet, _ = guarded
    assert not is_let_in(fleet, WRONG)
    assert is_let_in(fleet, FIRST)
    logs = [each.output() + each.errors() for each in (fleet.orchestrator, *fleet.workers["worker"])]
    assert "without a valid token" in logs[0]
    for log in logs:
        assert not any(token in log for token in (FIRST, SECOND, THIRD, WRONG))


def test_the_command_line(
    guarded: tuple[Fleet, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet, _ = guarded
    (tmp_path / "a.png").write_bytes(PICTURE)
    (tmp_path / "token").write_text(FIRST)
    run = ["run", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), "--op", "sepia"]
    run += ["--executor", f"grpc://{fleet.orchestrator.address}"]
    assert main(run) == 1
    assert "expected a token" in capsys.readouterr().err
    assert main([*run, "--token-file", str(tmp_path / "token")]) == 0
    monkeypatch.setenv("PIXELMILL_TOKEN", FIRST)
    assert main(run) == 0
    assert main(["fleet", "--target", fleet.orchestrator.address, "--json"]) == 0
    assert FIRST not in "".join(capsys.readouterr())


def test_tls_with_tokens_instead_of_clients_certificates(tmp_path: Path) -> None:
    certs = make(tmp_path / "certs")
    (tmp_path / "tokens").write_text(FIRST)
    with EmbeddedFleet(1, 1, 1, certs=certs, tokens_file=tmp_path / "tokens", log=tmp_path / "log") as fleet:
        for token, comes_in in ((FIRST, True), (WRONG, False)):
            settings = ClientSettings(tls_ca=str(certs / "ca.pem"), token=SecretStr(token))
            with FleetExecutor.from_url(fleet.url, settings=settings) as executor:
                if comes_in:
                    assert executor.run(PICTURE, INSTANT).data == pixelmill.run(PICTURE, INSTANT).data
                else:
                    with pytest.raises(pixelmill.Unauthenticated):
                        executor.run(PICTURE, INSTANT)
        orchestrator = fleet.processes[-1].address
        with grpc.insecure_channel(orchestrator) as channel, pytest.raises(grpc.RpcError):
            rpc.OrchestratorServiceStub(channel).DescribeFleet(pb.DescribeFleetRequest(), timeout=PATIENCE_S)
