"""Workers that are killed, or stopped: no request fails, and all is soon as before."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.faults.arena import under_load
from tests.fleet.processes import Fleet

ROUNDS = 3


def test_workers_that_are_killed(workers: Fleet, tmp_path: Path) -> None:
    """Under load a worker is always in the middle of something; over and over, so that every moment is met."""
    with under_load(workers, tmp_path) as arena:
        for lost in workers.workers["filter"][:ROUNDS]:
            others = [each for each in workers.workers["filter"] if each is not lost]
            lost.kill()
            arena.until_used("filter", others)
            lost.restart()
            arena.until_used("filter", workers.workers["filter"])


def test_a_worker_that_is_stopped(workers: Fleet, tmp_path: Path) -> None:
    """It is noticed in time: the calls that it has are done by others, and it gets no more until it goes on."""
    lost, *others = workers.workers["filter"]
    with under_load(workers, tmp_path) as arena:
        stopped = time.monotonic()
        lost.signal(signal.SIGSTOP)
        met = arena.until_used("filter", others)
        assert max(call.took_s for call in met.between(stopped)) < arena.hiccup_s
        lost.signal(signal.SIGCONT)
        arena.until_used("filter", workers.workers["filter"])
