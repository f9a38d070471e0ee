"""The fleet that the tests of faults share: each puts right what it has broken."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.fleet.processes import Fleet, fleet

COUNTS = {"resize": 1, "filter": 3, "watermark": 1}


@pytest.fixture(scope="session")
def lasting() -> Iterator[Fleet]:
    """Workers of all pools, and an orchestrator that lists more: a name that does not resolve, a port that is closed."""
    with fleet(COUNTS, hosts={"filter": "nowhere.invalid:50053,127.0.0.1:1"}) as made:
        yield made


@pytest.fixture
def workers(lasting: Fleet) -> Iterator[Fleet]:
    """Give the fleet with all its workers; those that a failed test left stopped or dead are brought back."""
    yield lasting
    for process in (process for group in lasting.workers.values() for process in group):
        if process.process.poll() is None:
            process.signal(signal.SIGCONT)
        else:
            process.restart()
