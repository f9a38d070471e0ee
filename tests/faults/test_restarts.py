"""Everything is restarted, one after another: no request fails. And the fleet grows: who is new takes its share."""

from __future__ import annotations

from pathlib import Path

from tests.faults.arena import under_load
from tests.fleet.processes import ORCHESTRATOR, Fleet, Process, fleet, running, wait_for


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
