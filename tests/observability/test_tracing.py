"""One request is one tree of spans, over real processes and a real receiver of them."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pixelmill.errors import CorruptImage, DecoderCrash
from tests.fleet.processes import Fleet, fleet, wait_for
from tests.observability.collector import Collector, Span, collector
from tests.observability.scraping import PIPELINE
from tests.plugins import ROOT

SLACK_S = 0.005
"""Clocks are read one after another."""
SERVER, CLIENT = 2, 3
POISON = ROOT / "tests" / "poison.py"
MARK = b"a picture that crashes whoever decodes it"
RUN = """
import sys
from pixelmill import Limits
from pixelmill.fleet.client import FleetExecutor
from pixelmill.telemetry import tracing

assert tracing.start("my-program", "me")
with FleetExecutor(sys.argv[1]) as client:
    print(client.run(open(sys.argv[2], "rb").read(), sys.argv[3]).trace.request_id)
tracing.stop()
"""


def traced(endpoint: str) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Collector]:
    with collector() as made:
        yield made


@pytest.fixture(scope="module", params=["0", "1"], ids=["in the worker", "isolated"])
def watched(receiver: Collector, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    environment = traced(receiver.endpoint)
    with fleet(
        {"resize": 1, "filter": 2, "watermark": 1},
        worker_environment={**environment, "PIXELMILL_ISOLATE": request.param},
        orchestrator_environment={**environment, "PIXELMILL_HTTP_PORT": "-1", "PIXELMILL_LOG_FORMAT": "json"},
    ) as made:
        yield made


def whole(receiver: Collector, trace: str, root: str) -> list[Span]:
    """Wait until all of a trace's spans have come, and return them."""

    def complete() -> bool:
        spans = receiver.of(trace)
        known = {span.id for span in spans} | {""}
        stages = [span for span in spans if span.name.endswith("RunStage")]
        hops = [span for span in spans if span.name.startswith("hop ")]
        return (
            any(span.name == root for span in spans) and len(stages) == len(hops) > 0 and known >= {s.parent for s in spans}
        )

    try:
        wait_for(complete, "a whole trace")
    except AssertionError:
        raise AssertionError([(span.name, span.id, span.parent) for span in receiver.of(trace)]) from None
    return receiver.of(trace)


def test_one_tree_from_the_client_to_the_steps_of_each_worker(
    watched: Fleet, receiver: Collector, picture: bytes, tmp_path: Path
) -> None:
    (tmp_path / "picture.jpg").write_bytes(picture)
    command = [sys.executable, "-c", RUN, watched.orchestrator.address, str(tmp_path / "picture.jpg"), PIPELINE]
    id = subprocess.check_output(command, env=os.environ | traced(receiver.endpoint), text=True).strip()
    (request,) = wait_for(
        lambda: [
            span for span in receiver.spans if span.attributes.get("pixelmill.request_id") == id and span.name == "request"
        ],
        "the request's span",
    )
    spans = whole(receiver, request.trace, "pixelmill run")
    by_id = {span.id: span for span in spans}
    (root,) = (span for span in spans if not span.parent)
    assert (root.name, root.service, root.kind) == ("pixelmill run", "my-program", CLIENT)
    assert by_id[request.parent].name == "image_processing.OrchestratorService/RunPipeline"
    assert by_id[request.parent].kind == SERVER
    assert by_id[by_id[request.parent].parent] == root
    hops = [span for span in spans if span.name.startswith("hop ")]
    assert [hop.name for hop in hops] == ["hop resize", "hop filter", "hop filter", "hop watermark"]
    assert all(hop.parent == request.id and hop.attributes["pixelmill.attempts"] == 1 for hop in hops)
    workers = {worker.name: worker for group in watched.workers.values() for worker in group}
    under = {span.parent: [one for one in spans if one.parent == span.parent] for span in spans}
    for hop in hops:
        (stage,) = under[hop.id]
        assert (stage.kind, stage.service) == (SERVER, f"pixelmill-{hop.name.removeprefix('hop ')}")
        assert hop.attributes["pixelmill.instance"] == workers[stage.instance].instance
        assert stage.attributes["pixelmill.request_id"] == id
    steps = [[step.name for step in under[under[hop.id][0].id]] for hop in hops]
    assert steps == [["header", "decode"], ["blur"], ["sepia"], ["text", "encode"]]
    assert {span.name for span in spans if span.parent == request.id} == {"queue", *(hop.name for hop in hops)}
    for span in spans:
        assert span.starts <= span.ends
        if span.parent:
            parent = by_id[span.parent]
            assert parent.starts - SLACK_S <= span.starts
            assert span.ends <= parent.ends + SLACK_S
    assert not any(span.failed for span in spans)


def test_http_joins_the_trace_that_the_caller_names(watched: Fleet, receiver: Collector, picture: bytes) -> None:
    trace, parent = secrets.token_hex(16), secrets.token_hex(8)
    url = f"{watched.orchestrator.http_url}/v1/process?pipeline=sepia"
    headers = {"traceparent": f"00-{trace}-{parent}-01"}
    assert httpx.post(url, content=picture, headers=headers).status_code == 200
    wait_for(lambda: [span for span in receiver.of(trace) if span.parent == parent], "the server's span")
    (server,) = (span for span in receiver.of(trace) if span.parent == parent)
    assert server.name == "POST /v1/process"
    assert server.attributes["http.response.status_code"] == 200
    assert '"trace_id": "' + trace in watched.orchestrator.output()


def test_a_caller_that_does_not_sample_is_not_traced(watched: Fleet, receiver: Collector, picture: bytes) -> None:
    url = f"{watched.orchestrator.http_url}/v1/process?pipeline=sepia"
    unwanted, wanted = secrets.token_hex(16), secrets.token_hex(16)
    for trace, flags in ((unwanted, "00"), (wanted, "01")):
        httpx.post(url, content=picture, headers={"traceparent": f"00-{trace}-{secrets.token_hex(8)}-{flags}"})
    wait_for(lambda: receiver.of(wanted), "the trace that is wanted")
    assert not receiver.of(unwanted)


def test_failures_say_their_reason_and_no_more(watched: Fleet, receiver: Collector, picture: bytes) -> None:
    with watched.client() as client, pytest.raises(CorruptImage):
        client.run(picture[: len(picture) // 2], 'resize:99x | text:"a secret text"')
    (failed,) = wait_for(
        lambda: [
            span for span in receiver.spans if span.failed and span.name == "request" and span.instance == "orchestrator"
        ][-1:],
        "the failed request",
    )
    assert failed.attributes["error.type"] == "CORRUPT_IMAGE"
    assert not failed.events
    with watched.client() as client:
        client.run(picture, 'text:"a secret text"')
    query = {"pipeline": 'flip | text:"a secret text"'}
    assert httpx.post(f"{watched.orchestrator.http_url}/v1/process", content=picture, params=query).status_code == 200
    wait_for(lambda: [span for span in receiver.spans if span.name == "flip"], "the last one's spans")
    assert b"secret" not in receiver.raw


def test_a_retry_is_an_event_of_its_hop(receiver: Collector, picture: bytes) -> None:
    environment = traced(receiver.endpoint)
    crashing = {**environment, "PIXELMILL_ISOLATE": "1", "PIXELMILL_PLUGINS": str(POISON)}
    with fleet({"worker": 2}, worker_environment=crashing, orchestrator_environment=environment) as made:
        with made.client(placement="fused") as client, pytest.raises(DecoderCrash):
            client.run(picture + MARK, "sepia")
        (hop,) = wait_for(lambda: [span for span in receiver.spans if span.name == "hop worker"], "the hop's span")
    assert hop.events == ("retry",)
    assert hop.attributes["pixelmill.attempts"] == 2
    assert hop.attributes["error.type"] == "DECODER_CRASH"


def test_the_command_line_is_the_root_of_its_requests(
    watched: Fleet, receiver: Collector, picture: bytes, tmp_path: Path
) -> None:
    (tmp_path / "one.jpg").write_bytes(picture)
    arguments = ["run", "one.jpg", "-o", "output", "--op", "sepia", "--executor", f"grpc://{watched.orchestrator.address}"]
    environment = os.environ | traced(receiver.endpoint)
    subprocess.run([sys.executable, "-m", "pixelmill", *arguments], cwd=tmp_path, env=environment, check=True)
    mine = [span for span in receiver.spans if span.service == "pixelmill-run"]
    assert mine
    assert all((span.name, span.parent, span.kind) == ("pixelmill run", "", CLIENT) for span in mine)
    spans = whole(receiver, mine[-1].trace, "pixelmill run")
    assert {span.service for span in spans} == {"pixelmill-run", "pixelmill-orchestrator", "pixelmill-filter"}


def test_exemplars_name_the_trace(watched: Fleet, receiver: Collector, picture: bytes) -> None:
    trace = secrets.token_hex(16)
    url = watched.orchestrator.http_url
    headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
    httpx.post(f"{url}/v1/process?pipeline=sepia", content=picture, headers=headers)
    text = httpx.get(f"{url}/metrics", headers={"Accept": "application/openmetrics-text"}).text
    assert f'# {{trace_id="{trace}"}}' in text


def test_what_is_not_sent_yet_is_sent_before_the_end(picture: bytes) -> None:
    with collector() as receiver:
        late = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "3600000"}
        with fleet({"worker": 1}, worker_environment=late, orchestrator_environment=late) as made:
            with made.client() as client:
                client.run(picture, "sepia")
            assert not receiver.spans
            assert made.orchestrator.terminate() == 0
            assert made.workers["worker"][0].terminate() == 0
        assert {span.service for span in receiver.spans} == {"pixelmill-orchestrator", "pixelmill-worker"}


def test_without_a_collector_requests_succeed_and_servers_stop(picture: bytes) -> None:
    nowhere = traced("http://127.0.0.1:1")
    with fleet({"worker": 1}, worker_environment=nowhere, orchestrator_environment=nowhere) as made:
        with made.client() as client:
            for _ in range(5):
                assert client.run(picture, "sepia").data
        wait_for(lambda: "exporting traces" in made.orchestrator.errors(), "a warning")
        made.orchestrator.signal(signal.SIGTERM)
        assert made.orchestrator.process.wait(30) == 0


def test_without_the_sdk_servers_say_so_and_run(picture: bytes) -> None:
    hidden = "import sys; sys.modules['opentelemetry.sdk'] = None; from pixelmill.orchestrator import main; main()"
    with fleet({"worker": 1}, orchestrator_code=hidden, OTEL_TRACES_EXPORTER="otlp") as made:
        with made.client() as client:
            assert client.run(picture, "sepia").data
        assert "pip install 'pixelmill[otel]'" in made.orchestrator.errors()
