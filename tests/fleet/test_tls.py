"""TLS on every hop: who is let in, who is not and what they are told, and certificates that change while requests run."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import image_processing_pb2_grpc as rpc
import pixelmill
from pixelmill.cli import main
from pixelmill.fleet.addresses import parse_host
from pixelmill.fleet.authority import pair_in
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.credentials import ClientTls, open_channel
from pixelmill.fleet.diagnosis import diagnose
from pixelmill.fleet.embedded import EmbeddedFleet
from pixelmill.fleet.health import is_serving
from tests.fleet.certificates import client_of, make, make_expired, secure_fleet, serving
from tests.fleet.processes import ORCHESTRATOR, PATIENCE_S, Fleet, Process, running, wait_for
from tests.fleet.requests import INSTANT, PICTURE, SAMPLE, request
from tests.plugins import ROOT

CLIENTS = 4


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def other_certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those of another CA."""
    return make(tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def secure(certs: Path) -> Iterator[Fleet]:
    with secure_fleet(certs) as made:
        yield made


def executor(fleet: Fleet, tls: ClientTls | None) -> FleetExecutor:
    return FleetExecutor(fleet.orchestrator.address, tls=tls)


def test_the_same_bytes_through_mutual_tls(secure: Fleet, certs: Path) -> None:
    with executor(secure, client_of(certs)) as client:
        result = client.run(PICTURE, SAMPLE)
        described = client.describe()
    assert result.data == pixelmill.run(PICTURE, SAMPLE).data
    assert {one.name for one in described.instances if one.healthy} == {"resize-1", "filter-1", "filter-2", "watermark-1"}


def test_a_stream(secure: Fleet, certs: Path) -> None:
    with open_channel(secure.orchestrator.address, [], client_of(certs)) as channel:
        stub = rpc.OrchestratorServiceStub(channel)
        answers = list(stub.RunPipelineStream((request(INSTANT, id=str(n)) for n in range(20)), timeout=PATIENCE_S))
    assert sorted(int(answer.id) for answer in answers) == list(range(20))
    assert not any(answer.HasField("error") for answer in answers)


@pytest.mark.parametrize("hop", ["orchestrator", "worker"])
def test_no_server_lets_a_client_in_without_its_certificate(secure: Fleet, certs: Path, other_certs: Path, hop: str) -> None:
    server = secure.orchestrator if hop == "orchestrator" else secure.workers["filter"][0]
    known = ClientTls(str(certs / "ca.pem"))
    stranger = pair_in(other_certs, "client")
    strange = ClientTls(str(certs / "ca.pem"), str(stranger.cert), str(stranger.key))
    assert is_serving(server.address, PATIENCE_S, client_of(certs))
    for tls in (None, known, strange):
        assert not is_serving(server.address, PATIENCE_S, tls)


def refusal(fleet: Fleet, tls: ClientTls | None) -> str:
    """Return what a client is told for both of its calls, which is the same."""
    with executor(fleet, tls) as client:
        with pytest.raises(pixelmill.NoHealthyInstance) as run:
            client.run(PICTURE, INSTANT)
        with pytest.raises(pixelmill.NoHealthyInstance) as describe:
            client.describe()
    assert str(run.value) == str(describe.value)
    start = f"expected an orchestrator at {fleet.orchestrator.address}, got: "
    assert str(run.value).startswith(start)
    return str(run.value).removeprefix(start)


def test_what_a_client_is_told(secure: Fleet, certs: Path, other_certs: Path) -> None:
    assert refusal(secure, None).startswith("it speaks TLS: use grpcs://")
    assert refusal(secure, client_of(other_certs)).startswith("its certificate is refused: ")
    ca = str(certs / "ca.pem")
    assert refusal(secure, ClientTls(ca)).startswith("it wants a client's certificate, and got none")
    cert, key = pair_in(other_certs, "client")
    said = refusal(secure, ClientTls(ca, str(cert), str(key)))
    assert said.startswith(f"it wants a client's certificate, and got one that it refuses, {cert}")
    cert, key = pair_in(certs, "client")
    assert "not valid for 'elsewhere'" in refusal(secure, ClientTls(ca, str(cert), str(key), "elsewhere"))


def test_a_client_of_tls_is_told_of_a_server_without(shared: Fleet, certs: Path) -> None:
    assert refusal(shared, client_of(certs)) == "it does not speak TLS: use grpc://"


def test_expired_certificates(tmp_path: Path) -> None:
    certs = make(tmp_path)
    make_expired(certs, "orchestrator")
    with running(server := Process("orchestrator", ORCHESTRATOR, serving(certs, "orchestrator"))):
        said = diagnose(parse_host(server.address, "it"), client_of(certs))
        assert said == "its certificate is refused: certificate has expired"
        with FleetExecutor(server.address, tls=client_of(certs)) as client, pytest.raises(pixelmill.NoHealthyInstance):
            client.describe()
        # It is read again for the next connection; the client's is refused where it has expired.
        make(certs)
        assert is_serving(server.address, PATIENCE_S, client_of(certs))
        make_expired(certs, "client")
        assert not is_serving(server.address, PATIENCE_S, client_of(certs))


def test_an_address_where_nobody_listens_has_no_diagnosis(certs: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = parse_host(f"127.0.0.1:{probe.getsockname()[1]}", "it")
        assert diagnose(host, client_of(certs)) == diagnose(host, None) == ""


@pytest.mark.parametrize("environment", [{"PIXELMILL_TLS_CA": ""}, {"PIXELMILL_TLS_WORKER_NAME": "else"}])
def test_an_orchestrator_uses_no_worker_that_it_cannot_trust(certs: Path, environment: dict[str, str]) -> None:
    with secure_fleet(certs, environment) as fleet, executor(fleet, client_of(certs)) as client:
        assert [one.problem.partition(":")[0] for one in client.describe().instances] == ["UNAVAILABLE"] * 4
        with pytest.raises(pixelmill.NoHealthyInstance):
            client.run(PICTURE, INSTANT)


def test_health_as_in_a_container(secure: Fleet, certs: Path) -> None:
    """The check in a container has the server's own variables."""
    for server, name in ((secure.orchestrator, "orchestrator"), (secure.workers["resize"][0], "worker")):
        command = [sys.executable, "-m", "pixelmill.fleet.health", "--tls", server.address]
        environment = {"PYTHONPATH": ":".join(sys.path), **serving(certs, name)}
        assert subprocess.run(command, check=False, env=environment).returncode == 0
        del environment["PIXELMILL_TLS_CA"]
        assert subprocess.run(command, check=False, env=environment).returncode == 1


def replace(file: Path, content: bytes) -> None:
    """Change a file in one step, as whatever renews certificates has to: half a file is not to be read."""
    part = file.with_name("part")
    part.write_bytes(content)
    part.replace(file)


def test_certificates_and_their_ca_change_while_requests_run(tmp_path: Path) -> None:
    """As one does it: first trust both CAs everywhere, then change the certificates, then forget the old CA."""
    certs, old, new = (make(tmp_path / name) if name != "old" else tmp_path / name for name in ("certs", "old", "new"))
    shutil.copytree(certs, old)
    enough = threading.Event()
    expected = pixelmill.run(PICTURE, SAMPLE).data

    with secure_fleet(certs) as fleet, executor(fleet, client_of(certs)) as client:
        servers = [*(one for several in fleet.workers.values() for one in several), fleet.orchestrator]

        def send_on() -> int:
            sent = 0
            while not enough.is_set():
                assert client.run(PICTURE, SAMPLE).data == expected
                sent += 1
            return sent

        def let_in(shown: Path, trusted: Path) -> bool:
            """Tell whether all servers accept a client's certificate of one CA, and have one of the other."""
            cert, key = pair_in(shown, "client")
            tls = ClientTls(str(trusted / "ca.pem"), str(cert), str(key))
            return all(is_serving(server.address, PATIENCE_S, tls) for server in servers)

        def filters_used() -> set[str]:
            return {hop.instance for _ in range(4) for hop in client.run(PICTURE, INSTANT).trace.hops}

        with ThreadPoolExecutor(CLIENTS) as clients:
            senders = [clients.submit(send_on) for _ in range(CLIENTS)]
            try:
                assert let_in(old, old)
                assert not let_in(new, old)
                replace(certs / "ca.pem", (old / "ca.pem").read_bytes() + (new / "ca.pem").read_bytes())
                assert let_in(new, old)
                for name in ("worker", "orchestrator", "client"):
                    for file in pair_in(new, name):
                        replace(certs / file.name, file.read_bytes())
                assert let_in(old, new)
                replace(certs / "ca.pem", (new / "ca.pem").read_bytes())
                assert let_in(new, new)
                assert not let_in(old, new)
                # A worker that comes back has nothing but the new ones, and so has whoever connects to it.
                filters = fleet.workers["filter"]
                filters[0].terminate()
                filters[0].restart()
                wait_for(lambda: filters_used() == {one.instance for one in filters}, "both filters to be used")
            finally:
                enough.set()
            assert all(sender.result() > 0 for sender in senders)


def command_line(certs: Path, name: str = "client") -> list[str]:
    cert, key = pair_in(certs, name)
    return ["--tls-ca", str(certs / "ca.pem"), "--tls-cert", str(cert), "--tls-key", str(key)]


def test_the_command_line(secure: Fleet, certs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address, flags = secure.orchestrator.address, command_line(certs)
    (tmp_path / "a.png").write_bytes(PICTURE)
    run = ["run", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), "--op", "sepia"]
    assert main([*run, "--executor", f"grpcs://{address}", *flags]) == 0
    assert (tmp_path / "out" / "a.png").read_bytes() == pixelmill.run(PICTURE, "sepia | png").data
    assert main(["fleet", "--target", address, "--json", *flags]) == 0
    assert main(["health", address, *flags]) == 0
    assert main(["health", secure.workers["resize"][0].address, *flags]) == 0
    capsys.readouterr()
    assert main(["health", address]) == 1
    assert "it speaks TLS" in capsys.readouterr().err
    assert main([*run, "--executor", f"grpcs://{address}", "--tls-ca", str(tmp_path / "none.pem")]) == 2
    assert f"expected to read {tmp_path / 'none.pem'}" in capsys.readouterr().err


def test_the_demo(secure: Fleet, certs: Path, tmp_path: Path) -> None:
    def demo(*flags: str) -> subprocess.CompletedProcess[str]:
        picture, target = ROOT / "examples" / "photos" / "coffee.png", secure.orchestrator.address
        command = [sys.executable, "client/pipeline_demo.py", str(picture), "--target", target, "--output", str(tmp_path)]
        return subprocess.run([*command, *flags], cwd=ROOT, capture_output=True, text=True, check=False)

    done = demo(*command_line(certs))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"coffee-processed.png", "coffee-pipeline.jpg"}
    refused = demo()
    assert refused.returncode == 1
    assert "it speaks TLS" in refused.stderr


def test_variables(secure: Fleet, certs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in serving(certs, "client").items():
        monkeypatch.setenv(name, value)
    with pixelmill.open_executor(f"grpcs://{secure.orchestrator.address}") as client:
        assert client.run(PICTURE, INSTANT).data == pixelmill.run(PICTURE, INSTANT).data


def test_a_fleet_of_local_processes(certs: Path, tmp_path: Path) -> None:
    with EmbeddedFleet(1, 1, 1, certs=certs, log=tmp_path / "log") as fleet:
        assert fleet.url == f"grpcs://{fleet.target}"
        for process in fleet.processes:
            assert not is_serving(process.address, PATIENCE_S)
            assert is_serving(process.address, PATIENCE_S, client_of(certs))
        with FleetExecutor(fleet.target, tls=client_of(certs)) as client:
            assert client.run(PICTURE, SAMPLE).data == pixelmill.run(PICTURE, SAMPLE).data
