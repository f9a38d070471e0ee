"""Prometheus in a container beside the fleet, as deploy/compose.monitoring.yml has it: Debian's, which takes no registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import image_processing_pb2_grpc as rpc
from tests.containers.contract import COMPOSE_FILE, ORCHESTRATOR, ROOT
from tests.containers.engine import Project, docker
from tests.containers.requests import process
from tests.fleet.processes import wait_for

IMAGE = "pixelmill-test-prometheus"
DOCKERFILE = """
FROM python:3.11-slim
RUN apt-get -qq update && apt-get -qq install --yes --no-install-recommends prometheus \\
 && mkdir /prometheus && chown 65534:65534 /prometheus
USER 65534:65534
ENTRYPOINT ["prometheus"]
"""
API = "http://localhost:9090/api/v1"


@pytest.fixture
def monitored(tmp_path: Path) -> Iterator[Project]:
    """A part of the fleet, and Prometheus."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    docker("build", "--quiet", "--tag", IMAGE, str(tmp_path))
    other_image = tmp_path / "image.yml"
    other_image.write_text(f"services: {{prometheus: {{image: {IMAGE}, pull_policy: never}}}}")
    project = Project([COMPOSE_FILE, ROOT / "deploy" / "compose.monitoring.yml", other_image])
    try:
        project.up("resize-1", "filter-1", "watermark-1", ORCHESTRATOR.name)
        project.compose("up", "--detach", "prometheus")
        yield project
    finally:
        project.down()


def asked(path: str, **query: str) -> Any:
    """Return what Prometheus' API says; None while it does not answer."""
    try:
        return httpx.get(f"{API}/{path}", params=query).raise_for_status().json()["data"]
    except httpx.HTTPError:
        return None


@pytest.mark.usefixtures("monitored")
def test_prometheus_beside_the_fleet_scrapes_it_and_has_its_alerts(orchestrator: rpc.OrchestratorServiceStub) -> None:
    process(orchestrator)
    counted = 'sum(pixelmill_requests_total{job="pixelmill",status="completed"}) == 1'
    wait_for(lambda: (asked("query", query=counted) or {}).get("result"), "the request to be counted")
    (group,) = asked("rules")["groups"]
    assert {rule["health"] for rule in group["rules"]} <= {"ok", "unknown"}
    assert not (asked("query", query='ALERTS{alertstate="firing"}')["result"])
