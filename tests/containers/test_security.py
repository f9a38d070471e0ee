"""Containers with TLS on every hop, as docs/security.md says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import pixelmill
from pixelmill.errors import NoHealthyInstance
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.health import is_serving
from tests.containers.contract import COMPOSE_FILE, ROOT, SERVICES
from tests.containers.engine import Project
from tests.fleet.certificates import client_of, make
from tests.fleet.processes import PATIENCE_S, wait_for
from tests.fleet.requests import PICTURE, SAMPLE

PART = ("resize-1", "filter-1", "watermark-1", "orchestrator")
TOKEN = "token-0123456789abcdef"


def test_tls_on_every_hop(tmp_path: Path) -> None:
    certs = make(tmp_path / "certs")
    variables = {"PIXELMILL_CERTS": str(certs), "PIXELMILL_USER": f"{os.getuid()}:{os.getgid()}", "PIXELMILL_TOKENS": TOKEN}
    project = Project([COMPOSE_FILE, ROOT / "deploy" / "compose.tls.yml"], variables)
    try:
        project.up(*PART)
        with FleetExecutor("localhost:50055", tls=client_of(certs), token=TOKEN) as client:

            def healthy() -> bool:
                return {one.name for one in client.describe().instances if one.healthy} == set(PART) - {"orchestrator"}

            wait_for(healthy, "the orchestrator to reach the workers")
            assert client.run(PICTURE, SAMPLE).data == pixelmill.run(PICTURE, SAMPLE).data
        for name in PART:
            address = f"localhost:{next(iter(SERVICES[name].ports.values()))}"
            assert is_serving(address, PATIENCE_S, client_of(certs))
            assert not is_serving(address)
            log = project.log(name, errors=True)
            assert "encrypted, for clients with a certificate" in log
            assert "WARNING" not in log
            assert TOKEN not in log + project.log(name)
        with FleetExecutor("localhost:50055") as client, pytest.raises(NoHealthyInstance, match="it speaks TLS"):
            client.describe()
    finally:
        project.down()
