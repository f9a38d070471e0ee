"""How a fleet is, as metrics: instances that cannot be told apart by name are counted all the same."""

from __future__ import annotations

from pixelmill.fleet.monitor import Instance
from pixelmill.telemetry.state import FleetState


def test_instances_behind_one_name_are_all_there() -> None:
    behind = [
        Instance("filter", "filter", "workers:50053", "healthy" if calls else "down", calls=calls) for calls in (7, 0, 9)
    ]
    state = FleetState(behind, in_flight=0, queued=0, places=1, quarantined=0, slots={}, slot_bytes=0)
    samples = {
        family.name: {sample.labels["name"]: sample.value for sample in family.samples}
        for family in state.collect()
        if family.name.startswith("pixelmill_instance_")
    }
    assert samples["pixelmill_instance_up"] == {"filter": 1, "filter#2": 0, "filter#3": 1}
    assert samples["pixelmill_instance_calls"] == {"filter": 7, "filter#3": 9}
