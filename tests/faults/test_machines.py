"""Twelve processes on four machines, with nothing but the three lists of hosts to join them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.arena import TIMES, under_load
from tests.faults.network import Machine, machines, reason_to_skip
from tests.fleet.processes import Fleet, Process, channel_to, running

pytestmark = pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip() or "-")

SERVICES = Path(__file__).resolve().parents[2] / "services"
SCRIPT = "import runpy; runpy.run_path({path!r}, run_name='__main__')"
CLUSTERS = {"resize": (50052, 3), "filter": (50053, 5), "watermark": (50054, 3)}
ORCHESTRATOR_PORT = 50055


def service(machine: Machine, pool: str, name: str, port: int, **environment: str) -> Process:
    """Start one of the services on a machine, listening on all of its addresses."""
    code = SCRIPT.format(path=str(SERVICES / f"{pool}_service.py"))
    return Process(name, code, {"PIXELMILL_HOST": "[::]", "PORT": str(port), **environment}, machine.inside)


@pytest.fixture
def four() -> Iterator[tuple[Fleet, list[Machine]]]:
    """Three clusters, each on its own machine, and the orchestrator on a fourth."""
    with ExitStack() as stack:
        made = stack.enter_context(machines(4))
        workers: dict[str, list[Process]] = {}
        lists: dict[str, str] = {}
        for machine, (pool, (port, count)) in zip(made, CLUSTERS.items(), strict=False):
            ports = [port + 10 * number for number in range(count)]
            lists[f"{pool.upper()}_SERVICE_HOSTS"] = ",".join(f"{machine.address}:{each}" for each in ports)
            workers[pool] = [service(machine, pool, f"{pool}-{n}", each) for n, each in enumerate(ports, 1)]
        stack.enter_context(running(*(process for group in workers.values() for process in group)))
        orchestrator = service(made[3], "orchestrator", "orchestrator", ORCHESTRATOR_PORT, **lists)
        stack.enter_context(running(orchestrator))
        yield Fleet(workers, orchestrator, stack.enter_context(channel_to("127.0.0.1:1"))), made


def test_a_cluster_that_is_cut_off(four: tuple[Fleet, list[Machine]], tmp_path: Path) -> None:
    """Only what needs it fails, and says so at once; everything else goes on, and it is used again when it is back."""
    fleet, (_, _, watermarks, home) = four
    target = f"{home.address}:{ORCHESTRATOR_PORT}"
    with under_load(
        fleet, tmp_path, allowed=["UNAVAILABLE"], budget=1.2, most=5, inside=home.inside, target=target
    ) as arena:
        watermarks.unplug()
        arena.load.until(lambda history: any(not call.ok for call in history), "the cluster to be missed")
        cut_off = arena.load.more(100)
        failed = cut_off.where(lambda call: not call.ok)
        assert {call.end.reason for call in failed} == {"NO_HEALTHY_INSTANCE"}
        assert {call.begun.work for call in failed} <= {
            f"{name}, {placement}" for name in ("classic", "several") for placement in ("spread", "grouped")
        }
        assert failed.took_s(0.9) < TIMES * arena.healthy.took_s(0.9)
        watermarks.heal()
        arena.until_all_used()
