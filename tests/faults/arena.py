"""A fleet under load, and what must hold of it whatever is done to it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults.checker import check_attempts, check_bytes, check_leaks, check_outcomes, check_recovery
from tests.faults.load import Load
from tests.faults.mix import MIX, expected
from tests.faults.record import History
from tests.faults.resources import Usage, usages
from tests.fleet.processes import Fleet, Process, wait_for

WARM_UP = 100
"""Requests before anything is measured: memory grows for as long as threads and arenas are new."""
NORMAL = 120
"""Requests that tell what is normal."""
NOTICE_S = 2.0
"""How soon a fault is noticed, seconds."""
RECOVERY_S = 3.0
"""How soon after healing all is as before, seconds."""
LATEST_S = 20.0
"""How long other processes of this machine may disturb what is measured then, seconds."""
TIMES = 3.0
"""How much longer calls may take than before without being slow: other processes use this machine, too."""


@dataclass
class Arena:
    """A fleet, the load on it, and how it was while all was well."""

    fleet: Fleet
    load: Load
    healthy: History

    @property
    def hiccup_s(self) -> float:
        """How long a call may take at most that has met a fault, seconds."""
        return NOTICE_S + 10 * self.healthy.took_s(0.99)

    def until_used(self, pool: str, instances: Sequence[Process]) -> History:
        """Wait until calls of a pool go to exactly these instances."""
        names = {each.instance for each in instances}
        return self.load.until(lambda history: history.used(pool) == names, f"calls to go to {sorted(names)}")

    def until_all_used(self) -> None:
        """Wait until the calls of every pool go to all of its instances."""
        for pool, instances in self.fleet.workers.items():
            self.until_used(pool, instances)

    def settle(self) -> None:
        """Check that the fleet is as it was before."""
        self.until_all_used()
        healed = time.monotonic()
        wait_for(lambda: self.load.since(healed + RECOVERY_S), "requests after the healing")
        while True:
            try:
                return check_recovery(self.healthy, self.load.more(NORMAL), TIMES)
            except AssertionError:
                if time.monotonic() > healed + LATEST_S:
                    raise


@contextmanager
def under_load(
    fleet: Fleet,
    folder: Path,
    *,
    budget: float = 1.05,
    most: int = 3,
    allowed: Sequence[str] = (),
    inside: Sequence[str] = (),
    target: str = "",
) -> Iterator[Arena]:
    """Put a fleet under load. At the end, all must be as before, and every request must have come to its right end.

    Args:
        budget: how many attempts a hop may take on average.
        most: how many attempts any hop may take.
        allowed: gRPC codes of failures that may happen.
        inside: where the load runs, as a command to put before.
        target: the orchestrators that it goes to, where not the fleet's own.
    """
    processes = [fleet.orchestrator, *(process for group in fleet.workers.values() for process in group)]
    with Load(target or fleet.orchestrator.address, folder, inside=inside) as load:
        load.more(max(WARM_UP, 2 * len(MIX)))
        before = usages(processes)
        arena = Arena(fleet, load, load.more(NORMAL))
        arena.until_all_used()
        yield arena
        arena.settle()
        _wait_until_tidy(before, processes)
    check_outcomes(load.history, allowed)
    check_bytes(load.history, expected())
    check_attempts(load.history, budget, most)


def _wait_until_tidy(before: Mapping[str, Usage], processes: Sequence[Process]) -> None:
    """Wait until no process has more than it had; connections that were given up are closed only after a while."""

    def tidy() -> bool:
        with suppress(AssertionError):
            check_leaks(before, usages(processes))
            return True
        return False

    try:
        wait_for(tidy, "files and memory to be as before")
    except AssertionError:
        check_leaks(before, usages(processes))
        raise
