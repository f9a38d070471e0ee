"""`pixelmill bench` over HTTP, beside gRPC: the same counts, and what is wrong with a connection is said."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pixelmill.bench.figures import read
from pixelmill.bench.over_http import MOST_IN_ADDRESS, HttpFleet
from pixelmill.bench.tables import verdict
from pixelmill.cli import main
from pixelmill.errors import CorruptImage, DeadlineExceeded
from pixelmill.fleet.authority import pair_in
from pixelmill.fleet.embedded import EmbeddedFleet
from pixelmill.limits import Deadline
from pixelmill.pipeline import Pipeline
from pixelmill.settings import ClientSettings
from tests.bench.conftest import PIPELINE
from tests.bench.test_bench import bench, check
from tests.fleet.certificates import make
from tests.fleet.processes import PATIENCE_S

TOKEN = "a-token-of-at-least-32-characters-for-this-test"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedFleet, list[str]]]:
    """A fleet with TLS and tokens, and the options by which a client gets in."""
    folder = tmp_path_factory.mktemp("secured")
    certs = make(folder / "certs")
    tokens = folder / "tokens"
    tokens.write_text(f"{TOKEN}\n")
    tokens.chmod(0o600)
    with EmbeddedFleet(1, 1, 1, http_port=-1, certs=certs, tokens_file=tokens, log=folder / "log") as fleet:
        yield fleet, ["--tls-ca", str(pair_in(certs, "ca").cert), "--token-file", str(tokens)]


def opened(fleet: EmbeddedFleet, pipeline: str, placement: str = "") -> HttpFleet:
    return HttpFleet(fleet.http_url, Pipeline.parse(pipeline), placement, ClientSettings())


def test_a_running_fleet(running: EmbeddedFleet, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = bench(picture, tmp_path / "a.json", "--target", running.http_url, "-n", "30", "--rounds", "2")
    (run,) = document.runs
    assert (run.place, run.target) == ("fleet", running.http_url)
    check(run, 60)
    assert [one.name for one in run.instances] == ["resize-1", "filter-1", "filter-2", "watermark-1", "orchestrator"]
    assert "—" in capsys.readouterr().out


def test_beside_grpc(running: EmbeddedFleet, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--compare", running.url, running.http_url, "-n", "8", "--rounds", "3"]
    document = bench(picture, tmp_path / "a.json", *options)
    for run in document.runs:
        check(run, 24)
    assert [run.target for run in document.runs] == [running.url, running.http_url]
    assert document.comparison
    assert len(document.comparison.throughput.pairs) == 3
    assert f"{running.http_url} against {running.url}: {verdict(document.comparison)}" in capsys.readouterr().out


def test_a_report(running: EmbeddedFleet, picture: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    options = ["-p", PIPELINE, "--picture", str(picture), "-n", "8", "--rounds", "1", "--target", running.http_url]
    assert main(["report", "-o", str(page), *options]) == 0
    text = page.read_text(encoding="utf-8")
    assert "do not tell the steps' own times" in text
    assert "None" not in text
    assert 'id="request"' not in text


@pytest.mark.parametrize("placement", ["spread", "fused"])
def test_the_way_that_an_answer_tells(running: EmbeddedFleet, picture: Path, placement: str) -> None:
    fleet = opened(running, PIPELINE, placement)
    try:
        trace = fleet.send(picture.read_bytes(), Deadline.after(PATIENCE_S))
    finally:
        fleet.close()
    steps = [hop.operations for hop in trace.hops]
    every = ("resize", "blur", "sharpen", "sepia", "text")
    assert steps == ([every] if placement == "fused" else [(one,) for one in every])
    assert all(":" in hop.instance for hop in trace.hops)


def test_renditions_and_pipelines_that_are_long(running: EmbeddedFleet, picture: Path) -> None:
    logo = base64.b64encode(picture.read_bytes() + bytes(MOST_IN_ADDRESS)).decode()  # what follows a PNG is left unread
    for pipeline in ("sepia | { a = resize:8x | png; b = png }", f'{{"operations": [{{"op": "logo", "image": "{logo}"}}]}}'):
        fleet = opened(running, pipeline)
        try:
            assert fleet.send(picture.read_bytes(), Deadline.after(PATIENCE_S)).hops
        finally:
            fleet.close()


def test_errors_are_those_of_the_fleet(running: EmbeddedFleet, picture: Path) -> None:
    fleet = opened(running, PIPELINE)
    try:
        with pytest.raises(CorruptImage):
            fleet.send(picture.read_bytes()[:-200], Deadline.after(PATIENCE_S))
        with pytest.raises(DeadlineExceeded):
            fleet.send(picture.read_bytes(), Deadline.after(0))
    finally:
        fleet.close()


def test_with_tls_and_tokens(secured: tuple[EmbeddedFleet, list[str]], picture: Path, tmp_path: Path) -> None:
    fleet, access = secured
    document = bench(
        picture, tmp_path / "a.json", "-n", "8", "--compare", fleet.url, fleet.http_url, "--rounds", "1", *access
    )
    for run in document.runs:
        check(run, 8)


def test_who_may_not_come_in_is_told_why(
    secured: tuple[EmbeddedFleet, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet, access = secured
    ca, token = access[:2], access[2:]
    wrong = tmp_path / "token"
    wrong.write_text("another-token-of-at-least-32-characters")
    wrong.chmod(0o600)
    plain = fleet.http_url.replace("https", "http")
    refused = {
        "its certificate is refused": ["--target", fleet.http_url, *token],
        "another name by --tls-name": ["--target", fleet.http_url, *access, "--tls-name", "elsewhere.example"],
        "got none (--token-file, or PIXELMILL_TOKEN)": ["--target", fleet.http_url, *ca],
        "got one that is not valid (--token-file": ["--target", fleet.http_url, *ca, "--token-file", str(wrong)],
        "use https:// where it speaks TLS": ["--target", plain, *token],
    }
    for said, options in refused.items():
        assert main(["bench", "-n", "1", *options]) == 1
        shown = capsys.readouterr()
        assert said in shown.err
        assert len(shown.err.splitlines()) == 1
        assert not shown.out


def test_grpc_at_the_port_for_http(running: EmbeddedFleet, capsys: pytest.CaptureFixture[str]) -> None:
    address = running.http_url.removeprefix("http://")
    assert main(["bench", "-n", "1", "--target", f"grpc://{address}"]) == 1
    error = capsys.readouterr().err
    assert f"expected an orchestrator at {address}, got: it speaks HTTP, not gRPC" in error
    assert len(error.splitlines()) == 1


def test_other_servers_are_told_from_an_orchestrator(running: EmbeddedFleet, capsys: pytest.CaptureFixture[str]) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404 if "missing" in self.path else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    with HTTPServer(("127.0.0.1", 0), Other) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        other = f"http://127.0.0.1:{server.server_port}"
        told = {
            other: "another server",
            f"{other}/missing": "the status 404 Not Found",
            f"http://127.0.0.1:{closed}": "Connection refused; `pixelmill up`",
            running.http_url.replace("http", "https"): "it does not speak TLS: use http://",
            running.url.replace("grpc", "http"): "grpc:// for the port of gRPC",
        }
        for url, said in told.items():
            assert main(["bench", "-n", "1", "--target", url]) == 1
            shown = capsys.readouterr().err
            assert f"expected an orchestrator at {url}, got: " in shown
            assert said in shown
        server.shutdown()


def test_the_document_says_what_it_was_not_told(running: EmbeddedFleet, picture: Path, tmp_path: Path) -> None:
    bench(picture, tmp_path / "a.json", "--target", running.http_url, "-n", "4")
    assert '"retries": null' in (tmp_path / "a.json").read_text()
    assert read(tmp_path / "a.json").runs[0].retries is None
