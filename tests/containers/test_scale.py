"""One number a pool: containers that are added take their share, and those that are taken away cost no request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

import image_processing_pb2_grpc as rpc
from tests.containers.contract import ROOT
from tests.containers.engine import Project
from tests.containers.requests import instances, process
from tests.fleet.processes import wait_for

REQUESTS = 20


@pytest.fixture
def scaled() -> Iterator[Project]:
    made = Project([ROOT / "deploy" / "compose.scale.yml"])
    try:
        yield made
    finally:
        made.down()


def test_more_filters_take_their_share_and_fewer_cost_no_request(
    scaled: Project, orchestrator: rpc.OrchestratorServiceStub
) -> None:
    scaled.compose("up", "--build", "--detach", "--wait", "--scale", "filter=2")
    use(orchestrator, 2)
    scaled.compose("up", "--detach", "--no-recreate", "--wait", "--scale", "filter=10")
    use(orchestrator, 10)
    calls = Counter(name for _ in range(REQUESTS) for name in instances(process(orchestrator), "filter"))
    assert len(calls) == 10
    assert max(calls.values()) - min(calls.values()) <= 1
    scaled.compose("up", "--detach", "--no-recreate", "--scale", "filter=1")
    use(orchestrator, 1)


def use(orchestrator: rpc.OrchestratorServiceStub, count: int) -> None:
    """Send requests, all of which succeed, until the last ones have gone to so many filters, each as often as the others."""
    names: list[str] = []

    def settled() -> bool:
        names.extend(instances(process(orchestrator), "filter"))
        last = names[-2 * count :]
        return len(last) == 2 * count and len(set(last)) == count and last == last[:count] * 2

    wait_for(settled, f"filter calls to go over {count} instances")
