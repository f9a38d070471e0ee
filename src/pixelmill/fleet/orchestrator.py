"""The orchestrator: takes requests from clients, spreads their hops over the pools, and tells what became of them."""

from __future__ import annotations

import asyncio
import re
import sys
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from io import TextIOWrapper
from typing import Any

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill import plugins
from pixelmill.engine import tune_malloc
from pixelmill.errors import Cancelled, Draining, expected
from pixelmill.fleet import typed, wire
from pixelmill.fleet.addresses import parse_hosts
from pixelmill.fleet.admission import Admission
from pixelmill.fleet.calls import REQUEST_ID
from pixelmill.fleet.census import Census
from pixelmill.fleet.channels import Pools
from pixelmill.fleet.credentials import worker_tls
from pixelmill.fleet.dispatch import Dispatcher
from pixelmill.fleet.faults import abort, answers, answers_stream, as_error, make_status
from pixelmill.fleet.history import History, Record
from pixelmill.fleet.journey import Request
from pixelmill.fleet.quarantine import Quarantine
from pixelmill.fleet.server import (
    Server,
    connection_options,
    instance_info,
    message_options,
    metadata,
    run_or_refuse,
    run_server,
    serve_until_stopped,
    watch_options,
)
from pixelmill.fleet.slots import Slots
from pixelmill.fleet.stagelog import stage_lines
from pixelmill.fleet.tokens import authentication
from pixelmill.limits import MIB, Deadline
from pixelmill.pipeline import Pipeline
from pixelmill.plan import Placement, check_placement
from pixelmill.result import HopReport, Result
from pixelmill.settings import OrchestratorSettings, hosts_variable, load

Context = grpc.aio.ServicerContext[Any, Any]
PROCESS_ID = "pixelmill-process-id"
SILENCE_S = 30.0
"""Clients may be on slow lines."""
UNKNOWN_PLACES = 64
"""Requests worked on at a time where no instance has told how many cores it has: most fail soon."""
ROLES = ("resize", "filter", "watermark")
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class Orchestrator(rpc.OrchestratorServiceServicer):
    """The service that clients speak."""

    def __init__(self, settings: OrchestratorSettings) -> None:
        self.settings = settings
        self.limits = settings.limits
        hosts = {name: parse_hosts(text, hosts_variable(name)) for name, text in settings.hosts.items()}
        self.pools = Pools(hosts, self.limits, settings.resolve_s, worker_tls(settings), settings.balancing)
        self.admission = Admission(self._places, queue=settings.queue, queue_s=settings.queue_s)
        self.slots = Slots()
        quarantine = Quarantine(settings.quarantine_s)
        self.dispatcher = Dispatcher(self.pools, self.limits, self.admission, self.slots, quarantine)
        self.census = Census(self.pools)
        self.history = History()
        self.calls = 0
        self.in_flight = 0
        self.server: Server | None = None
        spread = all(role in hosts for role in ROLES)
        self.placement = check_placement(settings.placement or ("spread" if spread else "auto"))

    @answers
    async def ProcessImage(self, request: pb.ProcessRequest, context: Context) -> pb.ProcessResponse:  # noqa: N802
        """Resize, filter, watermark and encode, as far as the options ask for it."""
        id = await _id(context)
        source = request.image_data
        result = await self._run(id, source, typed.pipeline_for(request.options), self.placement, context)
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
        record = self.history.get(request.process_id)
        if record is None:
            text = expected("the id of a running or recent request", "process_id", request.process_id)
            await abort(context, make_status(grpc.StatusCode.NOT_FOUND, "PROCESS_NOT_FOUND", text))
        return pb.StatusResponse(
            process_id=record.id,
            status=record.status,
            progress_percent=record.progress_percent,
            current_stage=record.stage,
            stats=stats_message(
                record.hops, record.total_s, record.original_bytes, sum(info.bytes for _, info in record.outputs)
            ),
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
        window = asyncio.Semaphore(self.settings.stream_window)

        async def one(request: pb.RunPipelineRequest) -> None:
            try:
                answer = await self._run_pipeline(uuid.uuid4().hex, request, context)
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
        self._check_open()

    async def _until_closing(self, requests: AsyncIterator[pb.RunPipelineRequest]) -> AsyncIterator[pb.RunPipelineRequest]:
        """Yield a stream's requests until it ends or the server takes no more."""
        closing = asyncio.ensure_future(self.server.closing.wait() if self.server else asyncio.Event().wait())
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
        own = instance_info(
            self.server,
            pool="orchestrator",
            name=self.settings.service_name,
            calls=self.calls,
            in_flight=self.in_flight,
            shared_memory=self.slots.space,
        )
        own.address = f"{self.settings.host}:{self.server.port if self.server else self.settings.port}"
        return pb.DescribeFleetResponse(instances=await self.census.take(), orchestrator=own, queued=self.admission.waiting)

    async def _run_pipeline(self, id: str, request: pb.RunPipelineRequest, context: Context) -> pb.RunPipelineResponse:
        placement = check_placement(request.placement) if request.placement else self.placement
        spelling = wire.spelling_of(request)
        pipeline = wire.pipeline_of(request, spelling)
        result = await self._run(id, request.image_data, pipeline, placement, context, spelling)
        return wire.answer_message(request.id, result)

    def _places(self) -> int:
        """How many requests are worked on at a time: some more than there are cores, as some are always on their way."""
        if self.settings.running:
            return self.settings.running
        cores = self.pools.cores
        return cores + max(1, cores // 2) if cores else UNKNOWN_PLACES

    def _check_open(self) -> None:
        if self.server and self.server.closed:
            raise Draining("the orchestrator is shutting down")

    async def _run(
        self,
        id: str,
        source: bytes,
        pipeline: Pipeline,
        placement: Placement,
        context: Context,
        spelling: str | bytes = "",
    ) -> Result:
        self._check_open()
        remaining = context.time_remaining()
        deadline = Deadline.after(self.limits.timeout_s if remaining is None else remaining)
        record = self.history.open(id, len(source))
        started = time.perf_counter()
        self.in_flight += 1
        try:
            result = await self.dispatcher.run(Request(id, source, pipeline, placement, deadline, spelling), record.advance)
            record.complete(result)
            return result
        except asyncio.CancelledError:
            record.fail(str(Cancelled.reason), time.perf_counter() - started)
            raise
        except Exception as error:
            fault = as_error(error)
            record.fail(f"{fault.reason}: {fault}", time.perf_counter() - started)
            raise fault from None
        finally:
            self.in_flight -= 1
            self.calls += 1
            if not self.settings.quiet:
                _print(record)


async def _id(context: Context) -> str:
    """Return the id that the client gave in its metadata, where it is a sane one, or a new one, which it is told at once."""
    given = metadata(context, REQUEST_ID)
    if _ID.fullmatch(given):
        return given
    made = uuid.uuid4().hex
    await context.send_initial_metadata(((PROCESS_ID, made),))
    return made


def _print(record: Record) -> None:
    lines = list(stage_lines(record.hops))
    milliseconds = record.total_s * 1000
    if record.outputs:
        made = "; ".join(
            f"{name and f'{name}: '}{info.width}×{info.height} {info.format}, {info.bytes:,} bytes"
            for name, info in record.outputs
        )
        lines.append(f"✅ DONE {record.id}: {made} in {milliseconds:.0f} ms")
    else:
        lines.append(f"❌ FAILED {record.id} after {milliseconds:.0f} ms: {record.problem}")
    # Whoever reads the log may be gone: that must not fail the request.
    with suppress(OSError, ValueError):
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


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


def serve(settings: OrchestratorSettings) -> None:
    """Run the orchestrator until it is told to stop.

    Raises:
        InvalidPipeline: a list of hosts cannot be read, a plugin that the settings name cannot be imported, or a
            certificate, key or token cannot be used.
        Unavailable: its address is taken.
    """
    tune_malloc()
    plugins.load_modules(settings.plugin_modules)
    plugins.load()
    if isinstance(sys.stdout, TextIOWrapper):
        # An output that knows no emoji shows their codes.
        sys.stdout.reconfigure(errors="backslashreplace")

    async def main() -> None:
        orchestrator = Orchestrator(settings)
        # A picture somewhat beyond the limit is refused by us, with the right error; gRPC refuses what is far beyond.
        size = 2 * settings.max_input_bytes + MIB
        name = pb.DESCRIPTOR.services_by_name["OrchestratorService"].full_name
        options = message_options(size, orchestrator.limits.max_message_bytes) + connection_options(settings)
        options += watch_options(SILENCE_S)
        server = Server([name], options, authentication(settings))
        orchestrator.server = server
        rpc.add_OrchestratorServiceServicer_to_server(orchestrator, server.grpc)
        if settings.shared_memory == "auto":
            orchestrator.slots.open()
        await orchestrator.pools.open()

        async def close() -> None:
            orchestrator.dispatcher.close()
            await orchestrator.pools.close()
            orchestrator.slots.close()

        await serve_until_stopped(server, settings, settings.port, close)

    run_server(main, settings.service_name, settings.log_level)


def main() -> None:
    """Run the orchestrator with the environment's settings."""
    run_or_refuse(lambda: serve(load(OrchestratorSettings)))
