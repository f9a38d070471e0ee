"""The fleet that all tests share which only send it requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fleet.processes import Fleet, fleet

COUNTS = {"resize": 3, "filter": 5, "watermark": 3}


@pytest.fixture(scope="session")
def shared() -> Iterator[Fleet]:
    """Three, five and three workers and an orchestrator, as in the compose file."""
    with fleet(COUNTS) as made:
        yield made
