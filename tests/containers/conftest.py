"""A whole fleet in containers, for the tests that share it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import image_processing_pb2_grpc as rpc
from tests.containers.contract import ORCHESTRATOR_PORT
from tests.containers.engine import Project
from tests.fleet.processes import channel_to


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark these tests, and pass over them where there is no engine; `make test-containers` insists on one."""
    try:
        missing = subprocess.run(["docker", "info"], check=False, capture_output=True).returncode != 0
    except FileNotFoundError:
        missing = True
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.containers)
            if missing:
                item.add_marker(pytest.mark.skip(reason="no Docker engine"))


@pytest.fixture
def project() -> Iterator[Project]:
    """A compose project of the test's own, which is gone afterwards."""
    made = Project()
    try:
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def fleet() -> Iterator[Project]:
    """All twelve services, healthy."""
    made = Project()
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture
def orchestrator() -> Iterator[rpc.OrchestratorServiceStub]:
    """The orchestrator as published on this machine."""
    with channel_to(f"localhost:{ORCHESTRATOR_PORT}") as channel:
        yield rpc.OrchestratorServiceStub(channel)
