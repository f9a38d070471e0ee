"""Logs of real servers: for people as before, or JSON for programs, and never a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pixelmill.errors import OperationFailed
from pixelmill.fleet.client import FleetExecutor
from tests.fleet.processes import Fleet, Process, fleet, wait_for
from tests.observability.scraping import PIPELINE

TOKEN = "a-token-that-nobody-may-see"
PLUGIN = '''
import logging
import numpy as np
import pixelmill

@pixelmill.operation
def warns(image: np.ndarray, *, secret: str = "") -> np.ndarray:
    """Warn, and fail where it is told a secret."""
    logging.getLogger("plugin").warning("here I am")
    if secret:
        raise ValueError("it fails")
    return image
'''


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module", params=["0", "1"], ids=["in the worker", "isolated"])
def told(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    plugin = tmp_path_factory.mktemp("plugin") / "warning_plugin.py"
    plugin.write_text(PLUGIN, encoding="utf-8")
    environment = {"PIXELMILL_LOG_FORMAT": "json", "PIXELMILL_PLUGINS": str(plugin)}
    with fleet(
        {"resize": 1, "filter": 1, "watermark": 1},
        worker_environment={**environment, "PIXELMILL_ISOLATE": request.param},
        orchestrator_environment={**environment, "PIXELMILL_TOKENS": TOKEN, "PIXELMILL_HTTP_PORT": "-1"},
    ) as made:
        yield made


def client_of(made: Fleet) -> FleetExecutor:
    return FleetExecutor(made.orchestrator.address, token=TOKEN)


def post(made: Fleet, picture: bytes, pipeline: str, id: str) -> httpx.Response:
    """Send a request that asks for what only the fleet has."""
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Request-Id": id}
    return httpx.post(
        f"{made.orchestrator.http_url}/v1/process", params={"pipeline": pipeline}, content=picture, headers=headers
    )


def test_one_line_for_each_request(told: Fleet, picture: bytes) -> None:
    with client_of(told) as client:
        result = client.run(picture, PIPELINE)
    (line,) = (one for one in lines(told.orchestrator.output()) if one["request_id"] == result.trace.request_id)
    assert (line["event"], line["service"], line["level"]) == ("request", "orchestrator", "info")
    assert (line["entrance"], line["placement"], line["status"]) == ("grpc", "spread", "completed")
    assert (line["bytes_in"], line["bytes_out"]) == (len(picture), len(result.data))
    assert line["duration_s"] == pytest.approx(result.trace.total_s, abs=2e-6)
    assert [hop["instance"] for hop in line["hops"]] == [hop.instance for hop in result.trace.hops]
    assert [hop["operations"] for hop in line["hops"]] == [["resize"], ["blur"], ["sepia"], ["text"]]
    assert all(hop["attempts"] == 1 for hop in line["hops"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"])


def test_a_servers_lines_say_which_request_they_are_about(told: Fleet, picture: bytes) -> None:
    assert post(told, picture, "warns", "of-this-test").status_code == 200
    worker = told.workers["filter"][0]
    (line,) = wait_for(lambda: [one for one in lines(worker.errors()) if one["event"] == "here I am"], "the warning")
    assert {name: line[name] for name in ("level", "logger", "service", "request_id")} == {
        "level": "warning",
        "logger": "plugin",
        "service": "filter-1",
        "request_id": "of-this-test",
    }
    started = next(one for one in lines(worker.errors()) if one["event"].startswith("listening on"))
    assert "request_id" not in started


def test_exceptions_are_one_line_without_what_variables_held(told: Fleet, picture: bytes) -> None:
    assert post(told, picture, "warns:secret=hush-hush", "failing").json()["reason"] == OperationFailed.reason
    worker = told.workers["filter"][0]
    failed = [one for one in lines(worker.errors()) if "exception" in one]
    assert failed
    assert failed[-1]["request_id"] == "failing"
    assert "it fails" in json.dumps(failed[-1]["exception"])
    assert "hush-hush" not in worker.errors()


def test_no_log_holds_a_token(told: Fleet, picture: bytes) -> None:
    url = told.orchestrator.http_url
    other = "another-token-that-is-wrong"
    assert httpx.get(f"{url}/v1/fleet", headers={"Authorization": f"Bearer {other}"}).status_code == 401
    with FleetExecutor(told.orchestrator.address, token=other) as client, pytest.raises(Exception, match="token"):
        client.run(picture, "sepia")
    processes: list[Process] = [told.orchestrator, *(worker for group in told.workers.values() for worker in group)]
    wait_for(lambda: "without a valid token" in told.orchestrator.errors(), "the warning")
    for process in processes:
        for secret in (TOKEN, other):
            assert secret not in process.output() + process.errors()


def test_lines_for_people_name_the_request(picture: bytes, tmp_path: Path) -> None:
    plugin = tmp_path / "warning_plugin.py"
    plugin.write_text(PLUGIN, encoding="utf-8")
    environment = {"PIXELMILL_PLUGINS": str(plugin)}
    orchestrator_environment = {**environment, "PIXELMILL_HTTP_PORT": "-1"}
    with fleet({"worker": 1}, worker_environment=environment, orchestrator_environment=orchestrator_environment) as made:
        id = "one-for-people"
        assert post(made, picture, "warns", id).status_code == 200
        errors = wait_for(
            lambda: made.workers["worker"][0].errors() if "here" in made.workers["worker"][0].errors() else "", ""
        )
        assert re.search(rf"^\S+ \S+ worker-1 WARNING here I am \[request {id}\]$", errors, re.MULTILINE)
        assert re.search(r"^\S+ \S+ worker-1 INFO listening on \S+, .*[^\]]$", errors, re.MULTILINE)
        assert f"✅ DONE {id}: " in made.orchestrator.output()
