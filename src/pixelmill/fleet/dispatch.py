"""One request over the fleet, as a straight line: probe → plan → admit → hop, hop, hop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from opentelemetry.trace import SpanKind

import image_processing_pb2 as pb
from pixelmill.codecs import Header
from pixelmill.errors import DecoderCrash, Internal
from pixelmill.fleet import wire
from pixelmill.fleet.admission import Admission
from pixelmill.fleet.calls import Calling, Calls
from pixelmill.fleet.channels import Pools
from pixelmill.fleet.headers import Headers
from pixelmill.fleet.journey import Journey, Progress, Request
from pixelmill.fleet.losses import WorkersLost
from pixelmill.fleet.quarantine import Quarantine
from pixelmill.fleet.slots import Slots
from pixelmill.fleet.traced import rpc_attributes
from pixelmill.limits import Limits
from pixelmill.operations import version
from pixelmill.pipeline import Pipeline
from pixelmill.plan import Hop, Placement, Plan, plan
from pixelmill.result import HopReport, Result, Trace
from pixelmill.telemetry import tracing

_CALL = rpc_attributes("image_processing.StageService/RunStage")


@dataclass(frozen=True)
class _Wanted:
    """What a plan is made for; those of the same spelling are of the same pipeline."""

    spelling: str | bytes
    version: int
    header: Header
    placement: Placement
    pipeline: Pipeline = field(compare=False)


class Dispatcher:
    """Sends requests over the pools. Nothing that it holds grows with the number of requests."""

    def __init__(
        self,
        pools: Pools,
        limits: Limits,
        admission: Admission,
        slots: Slots,
        quarantine: Quarantine,
        headers: Headers,
    ) -> None:
        self.pools = pools
        self.limits = limits
        self.admission = admission
        self.slots = slots
        self._headers = headers
        # Most requests are alike, and of pictures of a few sizes.
        self._remembered_plan = lru_cache(1024)(self._plan)
        self.quarantine = quarantine
        self._calls = Calls(pools, slots)

    async def run(self, request: Request, report: Callable[[Progress], None]) -> Result:
        """Run a request; `report` is told after its plan is made and after each hop.

        Raises:
            PixelmillError: what is wrong with the request, or with the fleet.
        """
        started = time.perf_counter()
        self.admission.check(len(request.source))
        self.quarantine.check(request.source, request.pipeline)
        try:
            plan = await self.plan(request)
        except DecoderCrash:
            self.quarantine.add(request.source, None)
            raise
        async with self.admission.place(request.deadline, plan.cost_s, len(request.source)) as queue_s:
            tracing.past("queue", queue_s)
            with self.slots.lease() as lease:
                journey = Journey(self, request, plan, report, lease, started, queue_s)
                try:
                    outputs = await journey.outputs()
                except DecoderCrash as error:
                    anyhow = isinstance(error, WorkersLost)
                    self.quarantine.add(request.source, None if anyhow else request.pipeline)
                    raise
        return Result(outputs, Trace(request.id, journey.in_order(), queue_s, time.perf_counter() - started))

    async def plan(self, request: Request) -> Plan:
        """Plan a request from its picture's header."""
        header = await self._headers.read(request)
        wanted = _Wanted(request.spelling, version(), header, request.placement, request.pipeline)
        return (self._remembered_plan if request.spelling and not header.profile else self._plan)(wanted)

    def _plan(self, wanted: _Wanted) -> Plan:
        return plan(
            wanted.pipeline,
            wanted.header,
            limits=self.limits,
            placement=wanted.placement,
            has_worker_pool=self.pools.has_workers,
            has_format_pool="format" in self.pools.by_name,
        )

    async def hop(
        self, hop: Hop, message: pb.StageRequest, request: Request, rendition: str, started_s: float
    ) -> tuple[pb.StageResponse, HopReport]:
        """Send one hop's input to its pool, for one rendition alone where it has a name. Raises a `PixelmillError`.

        `started_s` is how long ago the request came, in seconds.
        """
        wire.fill_stage(message, hop)
        started = time.perf_counter()
        with tracing.span(f"hop {hop.pool}", _CALL, SpanKind.CLIENT):
            answer, again = await self._calls.send(
                self.pools[hop.pool], hop.rare, message, Calling(request.id, request.deadline)
            )
            _note(answer, again, rendition)
        kind = "renditions" if answer.renditions else answer.WhichOneof("result")
        if kind == "error":
            raise wire.error_of(answer.error)
        if kind == "shared":
            kind = "encoded"
        if kind != wire.answer_kind(hop):
            raise Internal
        wall_s = time.perf_counter() - started
        calling = wire.Called(hop.pool, rendition, started_s, wall_s, again)
        return answer, wire.report_of(answer.report, calling)

    def can_share(self, hops: Iterable[Hop]) -> bool:
        """Tell whether those who run these hops, whoever it will be, can open the slots."""
        return all(self.pools[hop.pool].sees(self.slots.space) for hop in hops)


def _note(answer: pb.StageResponse, again: int, rendition: str) -> None:
    """Tell the hop's span who did what."""
    if tracing.active():
        report = answer.report
        tracing.note(
            {
                "pixelmill.instance": report.instance,
                "pixelmill.operations": list(report.operations),
                "pixelmill.attempts": max(1, report.attempts) + again,
            }
        )
        if rendition:
            tracing.note({"pixelmill.rendition": rendition})
        if answer.error.reason:
            tracing.failed(answer.error.reason)
