"""Parts of the fleet: fewer instances than the orchestrator's lists name, and one cluster on a machine of its own."""

from __future__ import annotations

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from tests.containers.contract import ORCHESTRATOR, POOLS, ROOT, SERVICES
from tests.containers.engine import Project
from tests.containers.requests import instances, process
from tests.fleet.processes import PATIENCE_S, Process, channel_to, running

PART = ["resize-1", "filter-1", "watermark-1", ORCHESTRATOR.name]


def service(name: str, pool: str, **environment: str) -> Process:
    """Start a service as a user does outside of containers."""
    code = f"import runpy; runpy.run_path({str(ROOT / 'services' / f'{pool}_service.py')!r}, run_name='__main__')"
    return Process(name, code, environment)


def test_a_part_of_the_fleet_works(project: Project, orchestrator: rpc.OrchestratorServiceStub) -> None:
    project.up(*PART)
    assert project.containers() == {SERVICES[name].container for name in PART}
    for _ in range(3):
        answer = process(orchestrator)
        assert [hop.instance for hop in answer.trace.hops] == [
            *("resize-1:50052", "filter-1:50053", "filter-1:50053", "filter-1:50053", "watermark-1:50054")
        ]
    fleet = orchestrator.DescribeFleet(pb.DescribeFleetRequest(), timeout=PATIENCE_S)
    assert {instance.name for instance in fleet.instances if instance.healthy} == set(PART) - {ORCHESTRATOR.name}


def test_one_cluster_alone_and_the_orchestrator_as_a_plain_process(project: Project) -> None:
    cluster = POOLS["resize"]
    project.up(*(member.name for member in cluster))
    assert project.containers() == {member.container for member in cluster}
    published = [f"127.0.0.1:{port}" for member in cluster for port in member.ports.values()]
    filters, watermark = service("filter-a", "filter"), service("watermark-a", "watermark")
    with running(filters, watermark):
        orchestrator = service(
            "orchestrator",
            "orchestrator",
            RESIZE_SERVICE_HOSTS=",".join(published),
            FILTER_SERVICE_HOSTS=filters.address,
            WATERMARK_SERVICE_HOSTS=watermark.address,
        )
        with running(orchestrator), channel_to(orchestrator.address) as channel:
            answers = [process(rpc.OrchestratorServiceStub(channel)) for _ in range(9)]
    used = [name for answer in answers for name in instances(answer, "resize")]
    assert {name: used.count(name) for name in used} == {member.instance: 3 for member in cluster}
