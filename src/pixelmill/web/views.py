"""What the API tells of the fleet and of requests, as JSON. Times are in seconds, sizes in bytes."""

from __future__ import annotations

from itertools import groupby
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pixelmill.fleet.history import Record
from pixelmill.fleet.monitor import Instance, Snapshot
from pixelmill.fleet.service import FleetService
from pixelmill.fleet.timeline import Second
from pixelmill.result import HopReport, Rendered, Trace


class View(BaseModel):
    """What is sent."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class InstanceView(View):
    """One process of the fleet."""

    pool: str
    name: str
    address: str = Field(description="host:port")
    state: Literal["healthy", "draining", "down"] = Field(description="draining: finishes what it has, takes nothing new")
    problem: str = Field(description="why it is not healthy")
    pid: int
    id: str = Field(description="another one after each start; empty where it does not answer")
    version: str
    machine: str = Field(description="the same for all instances on one machine")
    cores: int = Field(description="how many it may use")
    machine_cores: int = Field(description="how many its machine has")
    calls: int = Field(description="answered since it started")
    calls_per_s: float
    in_flight: int
    queued: int = Field(description="of those in flight, how many wait for their turn")
    cpu: float = Field(description="1 is one core, all the time")
    cpu_s: float = Field(description="CPU time since it started")
    memory_bytes: int = Field(description="resident")
    p50_s: float = Field(description="of the calls of the last minute")
    p99_s: float
    uptime_s: int


class PoolView(View):
    """The instances of one pool."""

    name: str
    instances: list[InstanceView]


class FleetView(View):
    """The whole fleet."""

    orchestrator: InstanceView
    pools: list[PoolView]
    placement: str = Field(description="how the steps of a request are spread, unless it says so")
    balancing: str
    places: int = Field(description="requests that are worked on at a time; others wait")
    queued: int = Field(description="requests that wait for their turn")


class HopView(View):
    """One call to an instance."""

    instance: str
    pool: str
    operations: list[str]
    rendition: str = Field(description="the one that it was made for alone; empty: for the picture, or for several")
    started_s: float = Field(description="after the request came")
    queue_s: float
    decode_s: float
    operations_s: list[float] = Field(description="of each of the operations")
    encode_s: float
    transfer_s: float = Field(description="the rest: network, copies, serialization")
    total_s: float
    bytes_in: int
    bytes_out: int
    attempts: int


class OutputView(View):
    """One picture that was made."""

    name: str = Field(description="its rendition's; empty where there is one picture")
    format: str
    width: int
    height: int
    bytes: int
    frames: int


class RequestView(View):
    """One request, in short."""

    id: str
    began_at: float = Field(description="seconds since 1970")
    entrance: Literal["grpc", "http"]
    placement: str
    status: Literal["queued", "processing", "completed", "failed"]
    progress_percent: int
    stages: list[str] = Field(description="the operations of each hop")
    stage: str = Field(description="what is being done now")
    queue_s: float = Field(description="how long it waited for its turn")
    total_s: float = Field(description="0 before its end")
    original_bytes: int
    processed_bytes: int
    outputs: list[OutputView]
    attempts: int = Field(description="calls beyond one for each hop")
    reason: str = Field(description="why it failed: the error's name")
    message: str = Field(description="why it failed, for people")


class RequestDetail(RequestView):
    """One request, with all of its hops."""

    hops: list[HopView]


class TraceView(View):
    """Where the time of a request went."""

    request_id: str
    queue_s: float
    total_s: float
    hops: list[HopView]


class SecondView(View):
    """What came to its end in one second."""

    at: int = Field(description="its start, seconds since 1970")
    completed: int
    failed: int
    rejected: int
    cancelled: int
    bytes_in: int
    bytes_out: int
    p50_s: float
    p99_s: float


class Requests(View):
    """The last requests."""

    requests: list[RequestView] = Field(description="the one that came last first")


class Timeline(View):
    """The last minutes, second by second."""

    seconds: list[SecondView] = Field(description="without gaps, the oldest first")


def instance_view(instance: Instance) -> InstanceView:
    """Return what is told of an instance."""
    return InstanceView.model_validate(instance)


def fleet_view(service: FleetService, snapshot: Snapshot) -> FleetView:
    """Return what is told of the fleet."""
    pools = groupby(snapshot.instances, lambda instance: instance.pool)
    return FleetView(
        orchestrator=instance_view(snapshot.orchestrator),
        pools=[PoolView(name=name, instances=[*map(instance_view, several)]) for name, several in pools],
        placement=service.placement,
        balancing=service.settings.balancing,
        places=service.admission.places,
        queued=service.admission.waiting,
    )


def hop_view(hop: HopReport) -> HopView:
    """Return what is told of a hop."""
    return HopView.model_validate(hop)


def output_view(name: str, info: object) -> OutputView:
    """Return what is told of a picture."""
    fields = {field: getattr(info, field) for field in OutputView.model_fields if field != "name"}
    return OutputView(name=name, **fields)


def request_view(record: Record) -> RequestView:
    """Return what is told of a request in a list."""
    return RequestView(**_fields(record))


def request_detail(record: Record) -> RequestDetail:
    """Return all that is known of a request."""
    return RequestDetail(**_fields(record), hops=[hop_view(hop) for hop in record.hops])


def _fields(record: Record) -> dict[str, object]:
    own = ("id", "began_at", "entrance", "placement", "status", "progress_percent", "stages", "stage", "queue_s", "total_s")
    more = ("original_bytes", "processed_bytes", "reason", "message")
    return {
        **{name: getattr(record, name) for name in (*own, *more)},
        "outputs": [output_view(name, info) for name, info in record.outputs],
        "attempts": sum(hop.attempts - 1 for hop in record.hops),
    }


def trace_view(trace: Trace) -> TraceView:
    """Return what is told of a trace."""
    return TraceView(
        request_id=trace.request_id,
        queue_s=trace.queue_s,
        total_s=trace.total_s,
        hops=[hop_view(hop) for hop in trace.hops],
    )


def rendered_view(rendered: Rendered) -> OutputView:
    """Return what is told of a picture that was made."""
    return output_view(rendered.name, rendered.info)


def second_view(second: Second) -> SecondView:
    """Return what is told of a second."""
    counts = {name: getattr(second, name) for name in SecondView.model_fields if not name.endswith("_s")}
    p50_s, p99_s = second.quantiles(0.5, 0.99)
    return SecondView(**counts, p50_s=p50_s, p99_s=p99_s)
