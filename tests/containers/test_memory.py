"""Containers and their memory: one that has too little for a picture, and those that share theirs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

import pixelmill
from pixelmill.errors import OutOfMemory
from pixelmill.fleet.client import FleetExecutor
from tests.containers.contract import COMPOSE_FILE, ROOT, SERVICES
from tests.containers.engine import Project
from tests.fleet.processes import wait_for
from tests.fleet.requests import PICTURE, SAMPLE, large

PART = ("resize-1", "filter-1", "watermark-1", "orchestrator")
ORCHESTRATOR = f"localhost:{next(iter(SERVICES['orchestrator'].ports.values()))}"


def huge() -> bytes:
    """Return a small file of 64 megapixels."""
    buffer = io.BytesIO()
    Image.new("RGB", (8000, 8000), "#123456").save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_that_takes_more_than_the_container_has_fails_alone() -> None:
    variables = {"PIXELMILL_WORKER_MEMORY": "320m", "PIXELMILL_ISOLATE": "1", "PIXELMILL_PLACEMENT": "grouped"}
    project = Project(variables=variables)
    try:
        project.up(*PART)
        with FleetExecutor(ORCHESTRATOR) as client:
            wanted = pixelmill.run(PICTURE, SAMPLE).data
            assert client.run(PICTURE, SAMPLE).data == wanted
            with pytest.raises(OutOfMemory):
                client.run(huge(), "blur:20 | sharpen | jpeg")
            assert client.run(PICTURE, SAMPLE).data == wanted
        assert [project.inspect(name)["RestartCount"] for name in PART] == [0] * len(PART)
    finally:
        project.down()


def test_containers_of_one_machine_can_share_pixels() -> None:
    project = Project([COMPOSE_FILE, ROOT / "deploy" / "compose.shared-memory.yml"])
    try:
        project.up(*PART)
        with FleetExecutor(ORCHESTRATOR) as client:

            def seen() -> bool:
                described = client.describe()
                memories = {one.shared_memory for one in (*described.instances, described.orchestrator) if one.healthy}
                return len(memories) == 1 and memories != {""}

            wait_for(seen, "all to see the same memory")
            pipeline = "resize:2000x | blur:2 | sepia | text:me | jpeg"
            assert client.run(large(), pipeline).data == pixelmill.run(large(), pipeline).data
        slots = project.run_inside("filter-1", "find /dev/shm -type f -size +1M").split()
        assert slots, "expected pixels in shared memory, got none"
        assert all(Path(slot).is_relative_to("/dev/shm") for slot in slots)
    finally:
        project.down()
