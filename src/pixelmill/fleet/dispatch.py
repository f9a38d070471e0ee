"""One request over the fleet, as a straight line: probe → plan → admit → hop, hop, hop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, count

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.codecs import Header, probe
from pixelmill.errors import (
    Cancelled,
    DeadlineExceeded,
    Draining,
    Internal,
    NoHealthyInstance,
    OperationNotInstalled,
    in_rendition,
)
from pixelmill.fleet import wire
from pixelmill.fleet.admission import Admission
from pixelmill.fleet.channels import Pool, Pools
from pixelmill.fleet.faults import error_from_call
from pixelmill.limits import Deadline, Limits
from pixelmill.operations import version
from pixelmill.pipeline import Pipeline, Rendition
from pixelmill.plan import Branch, Hop, Placement, Plan, plan
from pixelmill.result import HopReport, Rendered, Result, Trace

Call = grpc.aio.UnaryUnaryCall[pb.StageRequest, pb.StageResponse]
REQUEST_ID = "x-request-id"
TIME_LEFT = "pixelmill-time-left"
"""How long a hop may take, in seconds: metadata of a call to a worker."""
LATE_S = 1.0
"""How much longer than its deadline a call to a worker may take, in seconds."""
OTHERS_S = 0.5
"""How long a call that found no instance waits for the pool to list others, in seconds."""
QUICK_BYTES = 256 * 1024
QUICK_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
"""JPEG and PNG: what else there is may hold many pictures, or need a library that has to be loaded first."""
AT_ONCE_S = 0.05
"""A client that gives up so shortly before the deadline does so because of it."""


@dataclass(frozen=True)
class Request:
    """One picture to be processed."""

    id: str
    source: bytes
    pipeline: Pipeline
    placement: Placement
    deadline: Deadline
    spelling: str | bytes = ""
    """What tells its pipeline from others; empty where that is not worth while."""


@dataclass(frozen=True)
class Progress:
    """How far a request is: its plan, and the hops that are done."""

    plan: Plan
    done: tuple[HopReport, ...]


class Dispatcher:
    """Sends requests over the pools. Nothing that it holds grows with the number of requests."""

    def __init__(self, pools: Pools, limits: Limits, admission: Admission) -> None:
        self.pools = pools
        self.limits = limits
        self.admission = admission
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="probe")
        self._left: set[Call] = set()
        # Most requests are alike, and of pictures of a few sizes.
        self._remembered_plan = lru_cache(1024)(self._plan_spelled)

    async def run(self, request: Request, report: Callable[[Progress], None]) -> Result:
        """Run a request; `report` is told after its plan is made and after each hop.

        Raises:
            PixelmillError: what is wrong with the request, or with the fleet.
        """
        started = time.perf_counter()
        self.admission.check(len(request.source))
        plan = await self.plan(request)
        async with self.admission.place(request.deadline, plan.cost_s, len(request.source)) as queue_s:
            journey = _Journey(self, request, plan, report)
            outputs = await journey.outputs()
        return Result(outputs, Trace(request.id, journey.done, queue_s, time.perf_counter() - started))

    async def plan(self, request: Request) -> Plan:
        """Plan a request from its picture's header."""
        loop = asyncio.get_running_loop()
        read = partial(probe, request.source, self.limits, first_frame=request.pipeline.first_frame)
        header = read() if _is_quick(request.source) else await loop.run_in_executor(self._threads, read)
        if request.spelling and not header.profile:
            return self._remembered_plan(request.spelling, version(), header, request.placement)
        return self._plan(header, request.placement, request.pipeline)

    def _plan_spelled(self, spelling: str | bytes, version: int, header: Header, placement: Placement) -> Plan:
        return self._plan(header, placement, wire.pipeline_spelled(spelling, version))

    def _plan(self, header: Header, placement: Placement, pipeline: Pipeline) -> Plan:
        return plan(
            pipeline,
            header,
            limits=self.limits,
            placement=placement,
            has_worker_pool=self.pools.has_workers,
            has_format_pool="format" in self.pools.by_name,
        )

    async def hop(self, hop: Hop, message: pb.StageRequest, request: Request) -> tuple[pb.StageResponse, HopReport]:
        """Send one hop's input to its pool. Raises a `PixelmillError`."""
        wire.fill_stage(message, hop)
        started = time.perf_counter()
        answer, again = await self._call(self.pools[hop.pool], _rare(hop), message, request)
        kind = "renditions" if answer.renditions else answer.WhichOneof("result")
        if kind == "error":
            raise wire.error_of(answer.error)
        if kind != wire.answer_kind(hop):
            raise Internal
        wall_s = time.perf_counter() - started
        return answer, wire.report_of(answer.report, pool=hop.pool, wall_s=wall_s, again=again)

    async def _call(
        self, pool: Pool, rare: frozenset[str], message: pb.StageRequest, request: Request
    ) -> tuple[pb.StageResponse, int]:
        """Send a hop to those of a pool that have its rare operations.

        Returns the answer, and how often gRPC's own retries were not enough. They stay on the channel of the call, which
        lists the instances of the moment when it was made.
        """
        for again in count():
            stub = await pool.stub(rare)
            request.deadline.check(f"the hop to the {pool.name} pool")
            try:
                answer = await self._try(pool.name, stub, message, request)
            except (NoHealthyInstance, Draining):
                if not await pool.replaced(stub, rare, OTHERS_S):
                    raise
                continue
            if answer.error.reason != OperationNotInstalled.reason:
                return answer, again
            # It had the operation when it was last asked: another program has taken its place.
            await self.pools.ask_again()
            if await pool.stub(rare) is stub:
                return answer, again
        raise Internal

    async def _try(
        self, pool: str, stub: rpc.StageServiceAsyncStub, message: pb.StageRequest, request: Request
    ) -> pb.StageResponse:
        """Send a hop to an instance of a channel, and wait for the answer until the deadline.

        The call itself has a little longer: an instance that has run out of time says so, which is no failure. If the call
        were given up at the same moment, gRPC would count it as one, and impatient clients make good instances look bad.
        """
        remaining = request.deadline.remaining_s
        metadata = ((REQUEST_ID, request.id), (TIME_LEFT, f"{max(remaining, 0):.3f}"))
        call: Call = stub.RunStage(message, timeout=remaining + LATE_S, metadata=metadata)
        try:
            in_time = await _is_done(call, remaining)
        except asyncio.CancelledError:
            if request.deadline.remaining_s > AT_ONCE_S:
                call.cancel()
            else:
                self._leave(call)
            raise
        if not in_time:
            self._leave(call)
            raise DeadlineExceeded(f"the deadline passed before the {pool} pool answered")
        try:
            return await call
        except asyncio.CancelledError:
            # Nobody gave up: the call outlived the list of instances that it was made on.
            raise NoHealthyInstance(f"the connection to the {pool} pool was closed") from None
        except grpc.RpcError as error:
            fault = error_from_call(error)
            if isinstance(fault, Cancelled):
                # Nobody here gave up: that is how the last calls of an instance end that stops.
                fault = NoHealthyInstance(f"an instance of the {pool} pool stopped")
            elif isinstance(fault, NoHealthyInstance):
                fault = NoHealthyInstance(f"no instance of the {pool} pool answers: {fault}")
            raise fault from None

    def _leave(self, call: Call) -> None:
        """Let a call that nobody waits for any more come to its end, which is soon."""
        self._left.add(call)
        call.add_done_callback(self._left.discard)

    def close(self) -> None:
        """Free the threads."""
        self._threads.shutdown(wait=False)


class _Journey:
    """One request on its way: through the hops that all its pictures need, then each rendition through its own."""

    def __init__(self, dispatcher: Dispatcher, request: Request, plan: Plan, report: Callable[[Progress], None]) -> None:
        self.dispatcher = dispatcher
        self.request = request
        self.plan = plan
        self.report = report
        self.done: tuple[HopReport, ...] = ()

    async def outputs(self) -> tuple[Rendered, ...]:
        """Go the whole way; branches at the same time."""
        self.report(Progress(self.plan, self.done))
        answer = await self._follow(self.plan.hops, pb.StageRequest(encoded=self.request.source))
        if not self.plan.branches:
            return wire.stage_outputs(answer, self.plan.ends)
        tasks = [asyncio.ensure_future(self._branch(branch, end, answer)) for branch, end in self._branches()]
        try:
            return tuple(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()

    def _branches(self) -> Iterable[tuple[Branch, Rendition]]:
        return zip(self.plan.branches, self.plan.ends, strict=True)

    async def _branch(self, branch: Branch, end: Rendition, trunk: pb.StageResponse) -> Rendered:
        with in_rendition(branch.name):
            answer = await self._follow(branch.hops, pb.StageRequest(frame=trunk.frame))
        (made,) = wire.stage_outputs(answer, [end])
        return made

    async def _follow(self, hops: Sequence[Hop], message: pb.StageRequest) -> pb.StageResponse:
        answer = pb.StageResponse()
        for number, hop in enumerate(hops):
            if number:
                message = pb.StageRequest(frame=answer.frame)
            message.request_id = self.request.id
            answer, report = await self.dispatcher.hop(hop, message, self.request)
            self.done += (report,)
            self.report(Progress(self.plan, self.done))
        return answer


def _is_quick(source: bytes) -> bool:
    """Tell whether a picture's header is read in less time than handing it to a thread takes."""
    return len(source) <= QUICK_BYTES and source.startswith(QUICK_STARTS)


def _rare(hop: Hop) -> frozenset[str]:
    """Return the names of a hop's operations that not every instance has."""
    operations = chain(hop.operations, *(end.operations for end in hop.ends))
    return frozenset(operation.name for operation in operations if not operation.everywhere)


async def _is_done(call: Call, within_s: float) -> bool:
    """Wait for a call's end, and tell whether it came in time; the call goes on where it did not."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def wake(_: object = None) -> None:
        if not over.done():
            over.set_result(None)

    call.add_done_callback(wake)
    timer = loop.call_later(within_s, wake)
    try:
        await over
    finally:
        timer.cancel()
    return call.done()
