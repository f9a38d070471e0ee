"""A line on which everything takes a while: no request fails, and none is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.arena import under_load
from tests.faults.relay import Relay, relay_to
from tests.fleet.processes import Fleet, fleet, running, worker

DELAY_S = 0.1


@pytest.fixture
def far() -> Iterator[tuple[Fleet, Relay]]:
    """Two filter workers, one of them at the other end of a line."""
    with ExitStack() as stack:
        distant = worker("filter", "distant")
        stack.enter_context(running(distant))
        line = stack.enter_context(relay_to(distant.port))
        hosts = {"filter": f"127.0.0.1:{line.port}"}
        made = stack.enter_context(fleet({"resize": 1, "filter": 1, "watermark": 1}, hosts=hosts))
        made.workers["filter"].append(distant)  # type: ignore[attr-defined]
        yield made, line


def test_a_line_with_delay(far: tuple[Fleet, Relay], tmp_path: Path) -> None:
    made, line = far
    with under_load(made, tmp_path, budget=1.0, most=1) as arena:
        line.delay_s = DELAY_S
        delayed = arena.load.until(lambda history: history.took_s(0.9) > 2 * DELAY_S, "the delay to be felt")
        assert delayed.used("filter") == {each.instance for each in made.workers["filter"]}
        line.delay_s = 0.0
