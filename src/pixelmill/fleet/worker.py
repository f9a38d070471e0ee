"""A worker: runs hops on a few threads, and answers the classic typed requests."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import Any

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill import plugins
from pixelmill.codecs import Output, Reading
from pixelmill.current import work_on
from pixelmill.engine import HopResult, run_hop, warm_up
from pixelmill.errors import Draining, InvalidPipeline, PixelmillError, Unavailable, expected
from pixelmill.fleet import wire
from pixelmill.fleet.admission import Admission
from pixelmill.fleet.calls import TIME_LEFT
from pixelmill.fleet.classic import Classic
from pixelmill.fleet.faults import answers, as_error
from pixelmill.fleet.isolated import cells_of
from pixelmill.fleet.losses import BEGUN
from pixelmill.fleet.meter import LOAD_REPORT, LoadMeter
from pixelmill.fleet.options import connection_options, message_options, watch_options
from pixelmill.fleet.running import run_or_refuse, run_server, serve_until_stopped
from pixelmill.fleet.server import Server, instance_info, metadata
from pixelmill.fleet.shared import NotShared, space
from pixelmill.fleet.usage import Durations, usage
from pixelmill.libraries import tune_malloc
from pixelmill.limits import Deadline
from pixelmill.operations import Operation
from pixelmill.picture import Picture
from pixelmill.pipeline import Rendition
from pixelmill.result import HopReport
from pixelmill.settings import Role, WorkerSettings, load
from pixelmill.telemetry import tracing

PREVIOUS_ATTEMPTS = "grpc-previous-rpc-attempts"
SILENCE_S = 5.0
"""Orchestrators are close by, and make themselves heard every second."""
Context = grpc.aio.ServicerContext[Any, Any]


class Worker:
    """Runs hops: as many at a time as it has threads, the rest waits in a bounded queue.

    Args:
        run_hop: what runs one: `engine.run_hop` in this process, or that of cells, in one of its own.
    """

    def __init__(self, settings: WorkerSettings, run_hop: Callable[..., HopResult] = run_hop) -> None:
        self.settings = settings
        self.limits = settings.limits
        threads = settings.thread_count
        self.admission = Admission(threads, queue=settings.queue, queue_s=settings.queue_s)
        self.shared_memory = space() if settings.shared_memory == "auto" else ""
        self.calls = 0
        self.in_flight = 0
        self.meter = LoadMeter(threads)
        self.durations = Durations()
        self.server: Server | None = None
        self._run_hop = run_hop
        self._is_at_risk = not settings.isolate
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="hop")

    @property
    def instance(self) -> str:
        """The instance's name and port, as traces and logs show it."""
        return f"{self.settings.name}:{self.server.port if self.server else 0}"

    async def run(
        self,
        source: Picture | bytes,
        operations: Sequence[Operation],
        ends: Sequence[Rendition] | Output | None,
        context: Context,
        reading: Reading | None = None,
        cost_s: float = 0.0,
        pack: Callable[[Picture], None] | None = None,
    ) -> tuple[HopResult, HopReport]:
        """Run one hop for a call.

        Args:
            cost_s: about how long one core works on it, seconds; 0: not known.
            pack: what makes a message of a picture that is returned as frames: in the hop's thread, as it may be large.

        Raises:
            PixelmillError: what is wrong with the request, or `Overloaded`, `Draining`.
        """
        if self.server and self.server.closed:
            raise Draining(f"{self.instance} is shutting down")
        self.admission.check()
        gone = threading.Event()
        deadline = Deadline.after(self._time_left(context), gone.is_set)
        came = time.perf_counter()
        self.in_flight += 1
        try:
            async with self.admission.place(deadline, cost_s) as queue_s:
                if self._is_at_risk and self.server:
                    # From now on, a connection that is lost may mean that this picture has ended the process.
                    await context.send_initial_metadata(((BEGUN, self.server.id),))
                started = time.perf_counter()
                options: dict[str, Any] = {"reading": reading, "limits": self.limits, "deadline": deadline}

                def work() -> HopResult:
                    made = self._run_hop(source, operations, ends, **options)
                    if pack and not made.outputs:
                        pack(made.picture)
                    return made

                # With what is known of the request, for what is logged there.
                hop = asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, work)
                try:
                    made = await asyncio.shield(hop)
                except asyncio.CancelledError:
                    gone.set()
                    # It goes on until its next step, or its process is killed; until then nobody else can have the thread.
                    await asyncio.gather(hop, return_exceptions=True)
                    raise
                self.meter.add(time.perf_counter() - started)
        finally:
            self.in_flight -= 1
            self.calls += 1
            self.durations.add(time.perf_counter() - came)
        if queue_s:
            tracing.note({"pixelmill.queue_s": queue_s})
        tracing.add_steps(made.timings.steps)
        context.set_trailing_metadata(((LOAD_REPORT, self.meter.report()),))
        report = HopReport(
            instance=self.instance,
            pool=self.settings.pool,
            operations=made.timings.operations,
            decode_s=made.timings.decode_s,
            operations_s=made.timings.operations_s,
            encode_s=made.timings.encode_s,
            queue_s=queue_s,
            bytes_in=len(source) if isinstance(source, bytes) else source.nbytes,
            bytes_out=sum(output.info.bytes for output in made.outputs) or made.picture.nbytes,
            attempts=1 + _earlier_attempts(context),
        )
        return made, report

    def _time_left(self, context: Context) -> float:
        remaining = context.time_remaining()
        remaining = self.limits.timeout_s if remaining is None else remaining
        told = metadata(context, TIME_LEFT)
        return min(remaining, float(told)) if told else remaining


class StageServicer(rpc.StageServiceServicer):
    """What the orchestrator speaks with a worker."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    @answers
    async def RunStage(self, request: pb.StageRequest, context: Context) -> pb.StageResponse:  # noqa: N802
        """Run one hop. The picture's or the pipeline's own faults come back in the answer."""
        work_on(request.request_id)
        tracing.note({"pixelmill.request_id": request.request_id, "pixelmill.instance": self.worker.instance})
        try:
            source = self._source(request)
            operations = wire.operations_of(request.operations)
            reading = wire.reading_of(request.reading) if request.HasField("reading") else None
            ends = [wire.rendition_of(one) for one in request.renditions]
            output = wire.output_of(request.output) if request.HasField("output") else None
            answer = pb.StageResponse()
            # An earlier attempt may still be at work elsewhere, and write there, too.
            answer_in = "" if _earlier_attempts(context) else request.answer_in
            pack = partial(wire.fill_frame, answer.frame, answer_in=answer_in)
            made, report = await self.worker.run(source, operations, ends or output, context, reading, request.cost_s, pack)
        except NotShared:
            return pb.StageResponse(not_shared=True)
        except Unavailable:
            raise
        except PixelmillError as error:
            tracing.failed(error.reason)
            return pb.StageResponse(error=wire.error_message(as_error(error)))
        answer.width, answer.height = made.size
        answer.report.CopyFrom(wire.report_message(report))
        if ends:
            answer.renditions.extend(map(wire.rendered_message, made.outputs))
        elif output:
            info = made.outputs[0].info
            answer.format, answer.frames = info.format, info.frames
            wire.fill_encoded(answer, made.outputs[0].data, answer_in)
        return answer

    @staticmethod
    def _source(request: pb.StageRequest) -> Picture | bytes:
        kind = request.WhichOneof("input")
        if kind is None:
            raise InvalidPipeline(expected("encoded or frame", "input", "neither"))
        if kind == "frame":
            return wire.frame_picture(request.frame)
        return request.encoded if kind == "encoded" else wire.shared_bytes(request.shared)

    async def DescribeInstance(self, request: pb.DescribeInstanceRequest, context: Context) -> pb.InstanceInfo:  # noqa: N802
        """Tell who this is and what it is doing; never waits in the queue."""
        worker = self.worker
        settings = worker.settings
        return instance_info(
            worker.server,
            pool=settings.pool,
            name=settings.name,
            calls=worker.calls,
            in_flight=worker.in_flight,
            queued=worker.admission.waiting,
            durations=worker.durations,
            usage=usage(with_children=settings.isolate),
            shared_memory=worker.shared_memory,
        )


def _earlier_attempts(context: Context) -> int:
    return int(metadata(context, PREVIOUS_ATTEMPTS) or 0)


def build(worker: Worker) -> Server:
    """Return a server with all of a worker's services: every worker can do everything, whatever pool it is listed in."""
    services = pb.DESCRIPTOR.services_by_name
    names = ("ResizeService", "FilterService", "WatermarkService", "FormatService", "StageService")
    size = worker.limits.max_message_bytes
    options = message_options(size, size) + connection_options(worker.settings) + watch_options(SILENCE_S)
    server = Server([services[name].full_name for name in names], options)
    worker.server = server
    classic = Classic(worker)
    rpc.add_ResizeServiceServicer_to_server(classic, server.grpc)
    rpc.add_FilterServiceServicer_to_server(classic, server.grpc)
    rpc.add_WatermarkServiceServicer_to_server(classic, server.grpc)
    rpc.add_FormatServiceServicer_to_server(classic, server.grpc)
    rpc.add_StageServiceServicer_to_server(StageServicer(worker), server.grpc)
    return server


def serve(settings: WorkerSettings) -> None:
    """Run a worker until it is told to stop.

    Raises:
        InvalidPipeline: a plugin that the settings name cannot be imported.
        Unavailable: its address is taken, or processes for its pictures cannot be started.
    """
    plugins.load_modules(settings.plugin_modules)
    plugins.load()
    with _hop_runner(settings) as run:

        async def main() -> None:
            await serve_until_stopped(build(Worker(settings, run)), settings, settings.listen_port)

        run_server(main, settings.pool, settings.name, settings)


@contextmanager
def _hop_runner(settings: WorkerSettings) -> Iterator[Callable[..., HopResult]]:
    """Give what runs hops, ready to do so."""
    if not settings.isolate:
        warm_up()
        yield run_hop
        return
    tune_malloc()
    with cells_of(settings, settings.name, settings.thread_count, settings.picture_memory) as cells:
        yield cells.run


def main(pool: Role) -> None:
    """Run a worker of a pool with the environment's settings."""
    run_or_refuse(lambda: serve(load(WorkerSettings, pool=pool)))
