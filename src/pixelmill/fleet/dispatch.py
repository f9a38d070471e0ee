"""One request over the fleet, as a straight line: probe → plan → admit → hop, hop, hop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc

import image_processing_pb2 as pb
from pixelmill.codecs import probe
from pixelmill.errors import Internal, NoHealthyInstance
from pixelmill.fleet import wire
from pixelmill.fleet.admission import Admission
from pixelmill.fleet.channels import Pools
from pixelmill.fleet.faults import error_from_call
from pixelmill.limits import Deadline, Limits
from pixelmill.pipeline import Pipeline
from pixelmill.plan import Hop, Placement, Plan, plan
from pixelmill.result import HopReport, ImageInfo, Result, Trace

REQUEST_ID = "x-request-id"


@dataclass(frozen=True)
class Request:
    """One picture to be processed."""

    id: str
    source: bytes
    pipeline: Pipeline
    placement: Placement
    deadline: Deadline


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

    async def run(self, request: Request, report: Callable[[Progress], None]) -> Result:
        """Run a request; `report` is told after its plan is made and after each hop.

        Raises:
            PixelmillError: what is wrong with the request, or with the fleet.
        """
        started = time.perf_counter()
        async with self.admission.place(request.deadline) as queue_s:
            planned = await self.plan(request)
            message = pb.StageRequest(request_id=request.id, encoded=request.source)
            answer = pb.StageResponse()
            done: tuple[HopReport, ...] = ()
            report(Progress(planned, done))
            for hop in planned.hops:
                if done:
                    message = pb.StageRequest(request_id=request.id, frame=answer.frame)
                answer, hop_report = await self._hop(hop, message, request)
                done += (hop_report,)
                report(Progress(planned, done))
        info = ImageInfo(planned.output.format, answer.width, answer.height, len(answer.encoded))
        trace = Trace(request.id, done, queue_s, time.perf_counter() - started)
        return Result(answer.encoded, info, trace)

    async def plan(self, request: Request) -> Plan:
        """Plan a request from its picture's header."""
        loop = asyncio.get_running_loop()
        header = await loop.run_in_executor(self._threads, probe, request.source, self.limits)
        return plan(
            request.pipeline,
            header,
            limits=self.limits,
            placement=request.placement,
            has_worker_pool=self.pools.has_workers,
            has_format_pool="format" in self.pools.by_name,
        )

    async def _hop(self, hop: Hop, message: pb.StageRequest, request: Request) -> tuple[pb.StageResponse, HopReport]:
        request.deadline.check(f"the hop to the {hop.pool} pool")
        message.operations.extend(wire.operation_message(operation) for operation in hop.operations)
        if hop.output:
            message.output.CopyFrom(wire.output_message(hop.output))
        started = time.perf_counter()
        try:
            answer: pb.StageResponse = await self.pools[hop.pool].stub.RunStage(
                message, timeout=request.deadline.remaining_s, metadata=((REQUEST_ID, request.id),)
            )
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody gave up: the call outlived the list of instances that it was made on.
            raise NoHealthyInstance(f"the connection to the {hop.pool} pool was closed") from None
        except grpc.RpcError as error:
            fault = error_from_call(error)
            if isinstance(fault, NoHealthyInstance):
                fault = NoHealthyInstance(f"no instance of the {hop.pool} pool answers: {fault}")
            raise fault from None
        kind = answer.WhichOneof("result")
        if kind == "error":
            raise wire.error_of(answer.error)
        if kind != ("encoded" if hop.output else "frame"):
            raise Internal
        return answer, wire.report_of(answer.report, pool=hop.pool, wall_s=time.perf_counter() - started)

    def close(self) -> None:
        """Free the threads."""
        self._threads.shutdown(wait=False)
