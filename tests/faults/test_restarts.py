"""Everything is restarted, one after another: no request fails. And the fleet grows: who is new takes its share."""

from __future__ import annotations

import time
from collections import Counter
from itertools import chain
from pathlib import Path

from tests.faults.arena import under_load
from tests.faults.record import History
from tests.fleet.names import Names
from tests.fleet.processes import ORCHESTRATOR, Fleet, Process, fleet, running, wait_for, worker

SHARED_S = 10.0
"""How soon a new instance takes its share, seconds. It is about the time between two look-ups of a name, 3 s."""


def hosts(workers: Fleet) -> dict[str, str]:
    """Return the variables that name a fleet's workers."""
    return {
        f"{pool.upper()}_SERVICE_HOSTS": ",".join(each.address for each in group) for pool, group in workers.workers.items()
    }


def test_everything_is_restarted_one_after_another(tmp_path: Path) -> None:
    """Every worker, then each of the two orchestrators, each once the one before is back; all drain, and exit with 0."""
    with fleet({"resize": 2, "filter": 2, "watermark": 2}) as made:
        second = Process("second", ORCHESTRATOR, hosts(made))
        with running(second), under_load(made, tmp_path, target=f"{made.orchestrator.address},{second.address}") as arena:
            for process in (*(each for group in made.workers.values() for each in group), made.orchestrator, second):
                assert process.terminate() == 0
                process.restart()
                wait_for(lambda: all(each.healthy for each in made.describe().instances), "all to be healthy")
                arena.load.more(40)


def test_who_is_new_takes_its_share(tmp_path: Path) -> None:
    """A name gains an address, as a headless service does when it is scaled, and loses it again."""
    names = Names(tmp_path / "names")
    first = worker("filter", "filter-1")
    with running(first):
        second = worker("filter", "filter-2", PIXELMILL_HOST="127.0.0.2", PORT=str(first.port))
        with (
            running(second),
            fleet(
                {"resize": 1, "watermark": 1}, hosts={"filter": f"filters:{first.port}"}, orchestrator_code=names.code
            ) as made,
            under_load(made, tmp_path) as arena,
        ):
            assert arena.healthy.used("filter") == {first.instance}
            names.set(filters="127.0.0.1 127.0.0.2")
            added = time.monotonic()

            def shared(history: History) -> bool:
                calls = Counter(chain.from_iterable(call.instances("filter") for call in history))
                return calls[second.instance] > 0.9 * calls[first.instance]

            arena.load.until(shared, "the new instance to take its share")
            assert time.monotonic() - added < SHARED_S
            names.set(filters="127.0.0.1")
            arena.until_used("filter", [first])
