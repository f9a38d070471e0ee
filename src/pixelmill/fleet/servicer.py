"""The orchestrator's RPCs: each translates its request for the service, and the result back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.errors import expected
from pixelmill.fleet import typed, wire
from pixelmill.fleet.calls import REQUEST_ID
from pixelmill.fleet.faults import abort, answers, answers_stream, as_error, make_status
from pixelmill.fleet.journey import Request
from pixelmill.fleet.options import connection_options, message_options, watch_options
from pixelmill.fleet.server import Server, metadata
from pixelmill.fleet.service import ROLES, FleetService, new_request_id, request_id
from pixelmill.fleet.tokens import Authentication, Tokens
from pixelmill.limits import MIB, Deadline
from pixelmill.pipeline import Pipeline
from pixelmill.plan import Placement, check_placement
from pixelmill.result import HopReport, Result
from pixelmill.settings import OrchestratorSettings

Context = grpc.aio.ServicerContext[Any, Any]
PROCESS_ID = "pixelmill-process-id"
SILENCE_S = 30.0
"""Clients may be on slow lines."""


class OrchestratorServicer(rpc.OrchestratorServiceServicer):
    """The service that clients speak."""

    def __init__(self, service: FleetService, server: Server) -> None:
        self.service = service
        self.server = server

    @answers
    async def ProcessImage(self, request: pb.ProcessRequest, context: Context) -> pb.ProcessResponse:  # noqa: N802
        """Resize, filter, watermark and encode, as far as the options ask for it."""
        id = await _id(context)
        source = request.image_data
        result = await self._run(id, source, typed.pipeline_for(request.options), self.service.placement, context)
        return pb.ProcessResponse(
            success=True,
            message="done",
            process_id=id,
            processed_image=result.data,
            stats=stats_message(result.trace.hops, result.trace.total_s, len(source), result.info.bytes),
            trace=wire.trace_message(result.trace),
        )

    @answers
    async def GetProcessingStatus(self, request: pb.StatusRequest, context: Context) -> pb.StatusResponse:  # noqa: N802
        """Tell how far a running or recent request is."""
        record = self.service.history.get(request.process_id)
        if record is None:
            text = expected("the id of a running or recent request", "process_id", request.process_id)
            await abort(context, make_status(grpc.StatusCode.NOT_FOUND, "PROCESS_NOT_FOUND", text))
        return pb.StatusResponse(
            process_id=record.id,
            status=record.status,
            progress_percent=record.progress_percent,
            current_stage=record.stage,
            stats=stats_message(record.hops, record.total_s, record.original_bytes, record.processed_bytes),
        )

    @answers
    async def RunPipeline(self, request: pb.RunPipelineRequest, context: Context) -> pb.RunPipelineResponse:  # noqa: N802
        """Run any pipeline."""
        id = await _id(context)
        return await self._run_pipeline(id, request, context)

    @answers_stream
    async def RunPipelineStream(  # noqa: N802
        self, requests: AsyncIterator[pb.RunPipelineRequest], context: Context
    ) -> AsyncGenerator[pb.RunPipelineResponse, None]:
        """Run many: a bounded number at a time. Reading pauses while that many are being worked on."""
        done: asyncio.Queue[pb.RunPipelineResponse | None] = asyncio.Queue()
        window = asyncio.Semaphore(self.service.settings.stream_window)

        async def one(request: pb.RunPipelineRequest) -> None:
            try:
                answer = await self._run_pipeline(new_request_id(), request, context)
            except Exception as error:
                answer = pb.RunPipelineResponse(id=request.id, error=wire.error_message(as_error(error)))
            await done.put(answer)

        async def read() -> None:
            try:
                async with asyncio.TaskGroup() as tasks:
                    async for request in self._until_closing(requests):
                        await window.acquire()
                        tasks.create_task(one(request))
            finally:
                done.put_nowait(None)

        reader = asyncio.create_task(read())
        try:
            while (answer := await done.get()) is not None:
                yield answer
                window.release()
            await reader
        finally:
            reader.cancel()
        self.service.check_open()

    async def _until_closing(self, requests: AsyncIterator[pb.RunPipelineRequest]) -> AsyncIterator[pb.RunPipelineRequest]:
        """Yield a stream's requests until it ends or the server takes no more."""
        closing = asyncio.ensure_future(self.server.closing.wait())
        following: asyncio.Future[pb.RunPipelineRequest | None] | None = None
        try:
            while True:
                following = asyncio.ensure_future(anext(requests, None))
                await asyncio.wait((following, closing), return_when=asyncio.FIRST_COMPLETED)
                request = following.result() if following.done() else None
                if request is None:
                    return
                yield request
        finally:
            closing.cancel()
            if following:
                following.cancel()

    @answers
    async def DescribeFleet(self, request: pb.DescribeFleetRequest, context: Context) -> pb.DescribeFleetResponse:  # noqa: N802
        """Ask every instance how it is."""
        own, queued = self.service.describe(), self.service.admission.waiting
        return pb.DescribeFleetResponse(instances=await self.service.census.take(), orchestrator=own, queued=queued)

    async def _run_pipeline(self, id: str, request: pb.RunPipelineRequest, context: Context) -> pb.RunPipelineResponse:
        placement = check_placement(request.placement) if request.placement else self.service.placement
        spelling = wire.spelling_of(request)
        pipeline = wire.pipeline_of(request, spelling)
        result = await self._run(id, request.image_data, pipeline, placement, context, spelling)
        return wire.answer_message(request.id, result)

    async def _run(
        self,
        id: str,
        source: bytes,
        pipeline: Pipeline,
        placement: Placement,
        context: Context,
        spelling: str | bytes = "",
    ) -> Result:
        remaining = context.time_remaining()
        deadline = Deadline.after(self.service.limits.timeout_s if remaining is None else remaining)
        return await self.service.run(Request(id, source, pipeline, placement, deadline, spelling), "grpc")


async def _id(context: Context) -> str:
    """Return the id that the client gave in its metadata, where it is a sane one, or a new one, which it is told at once."""
    given = request_id(metadata(context, REQUEST_ID))
    if given:
        return given
    made = new_request_id()
    await context.send_initial_metadata(((PROCESS_ID, made),))
    return made


def stats_message(hops: tuple[HopReport, ...], total_s: float, original: int, processed: int) -> pb.ProcessingStats:
    """Return measured times by stage: a hop's whole time is its pool's, but for encoding, which is the format's."""
    seconds = {"resize": 0.0, "filter": 0.0, "watermark": 0.0, "format": 0.0}
    for hop in hops:
        encoding = hop.total_s if hop.pool == "format" else hop.encode_s
        seconds["format"] += encoding
        if hop.pool in ROLES:
            seconds[hop.pool] += hop.total_s - encoding
    return pb.ProcessingStats(
        resize_time_ms=round(seconds["resize"] * 1000),
        filter_time_ms=round(seconds["filter"] * 1000),
        watermark_time_ms=round(seconds["watermark"] * 1000),
        format_time_ms=round(seconds["format"] * 1000),
        total_time_ms=round(total_s * 1000),
        original_size_bytes=original,
        processed_size_bytes=processed,
    )


def build(settings: OrchestratorSettings, tokens: Tokens | None) -> Server:
    """Return a server for the orchestrator's RPCs, which lets in those with one of the tokens; everyone where None."""
    # A picture somewhat beyond the limit is refused by us, with the right error; gRPC refuses what is far beyond.
    size = 2 * settings.max_input_bytes + MIB
    name = pb.DESCRIPTOR.services_by_name["OrchestratorService"].full_name
    options = message_options(size, settings.limits.max_message_bytes) + connection_options(settings)
    options += watch_options(SILENCE_S)
    return Server([name], options, [Authentication(tokens)] if tokens else ())


def serve_rpcs(service: FleetService, server: Server) -> None:
    """Have a server answer the orchestrator's RPCs."""
    rpc.add_OrchestratorServiceServicer_to_server(OrchestratorServicer(service, server), server.grpc)
