"""An instance of one fifth of the speed of the others."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from tests.faults.arena import under_load
from tests.faults.record import History
from tests.fleet.processes import Process, fleet

ON_S, OFF_S = 0.004, 0.016
CALLS = 400


@contextmanager
def slowed(process: Process) -> Iterator[None]:
    """Let a process run for a fifth of the time only, in slices that are short beside any call."""
    over = threading.Event()

    def slow_down() -> None:
        while not over.wait(ON_S):
            process.signal(signal.SIGSTOP)
            over.wait(OFF_S)
            process.signal(signal.SIGCONT)

    thread = threading.Thread(target=slow_down)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        process.signal(signal.SIGCONT)


def shares(history: History) -> Counter[str]:
    return Counter(chain.from_iterable(call.instances("filter") for call in history))


def test_a_slow_instance_gets_less_to_do(tmp_path: Path) -> None:
    with (
        fleet({"resize": 1, "filter": 3, "watermark": 1}, PIXELMILL_BALANCING="weighted_round_robin") as made,
        under_load(made, tmp_path) as arena,
    ):
        slow, *others = made.workers["filter"]
        with slowed(slow):
            arena.load.until(
                lambda history: 2 * shares(history)[slow.instance] < min(shares(history)[each.instance] for each in others),
                "the slow instance to get less",
                count=100,
            )
            bound_s = 3 * arena.healthy.took_s(0.99)
            arena.load.until(lambda history: history.took_s(0.99) <= bound_s, f"99 % to be done in {bound_s:.3f} s", CALLS)
