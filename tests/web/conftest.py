"""The fleet that all tests share which only send it requests over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.fleet.processes import PATIENCE_S, Fleet, fleet


@pytest.fixture(scope="session")
def served() -> Iterator[Fleet]:
    """One worker of each pool and two filters, and an orchestrator that answers HTTP, too."""
    with fleet({"resize": 1, "filter": 2, "watermark": 1}, PIXELMILL_HTTP_PORT="-1") as made:
        yield made


@pytest.fixture(scope="session")
def client(served: Fleet) -> Iterator[httpx.Client]:
    """A client of that fleet."""
    with httpx.Client(base_url=served.orchestrator.http_url, timeout=PATIENCE_S, trust_env=False) as made:
        yield made
