"""What every server of the fleet has: health, reflection, message limits, and an orderly end."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

import image_processing_pb2 as pb
from pixelmill import __version__
from pixelmill.cores import available_cores, machine_id
from pixelmill.errors import PixelmillError, Unavailable
from pixelmill.fleet.credentials import ServerTls, server_tls
from pixelmill.fleet.exposure import exposure, protection
from pixelmill.fleet.traced import TracedCalls
from pixelmill.fleet.usage import Durations, Usage, memory_limit
from pixelmill.operations import operation_class, operation_names
from pixelmill.operations.foreign import Foreign
from pixelmill.settings import ServerSettings
from pixelmill.telemetry import logs, tracing

POLL_S = 0.02
MAX_METADATA_BYTES = 16 * 1024
MAX_STREAMS = 4096
"""Calls at a time over one connection: more than a queue is long, so that what is too much is refused and does not wait."""
CONNECTION_AGE_S = 3600.0
MICRO = 1_000_000
log = logging.getLogger("pixelmill.fleet")


def message_options(receive: int, send: int) -> list[tuple[str, Any]]:
    """Return the channel arguments that lift gRPC's 4 MB message limits to ours, in bytes, and bound metadata."""
    ceiling = 2**31 - 1
    return [
        # The first alone is refused only now and then, so that clients learn of it: both at once are clear.
        ("grpc.max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.max_receive_message_length", min(receive, ceiling)),
        ("grpc.max_send_message_length", min(send, ceiling)),
    ]


def connection_options(settings: ServerSettings) -> list[tuple[str, Any]]:
    """Return the channel arguments that have clients connect anew from time to time; running calls end on the old one.

    A certificate is looked at only when a connection is made: one that is no longer trusted must not last for ever.
    """
    age_s = settings.connection_age_s or (CONNECTION_AGE_S if settings.tls_cert else None)
    return [("grpc.max_connection_age_ms", round(age_s * 1000))] if age_s else []


def watch_options(silence_s: float) -> list[tuple[str, Any]]:
    """Return the channel arguments that have a server close connections whose other end is gone without saying so.

    After `silence_s` seconds in which nothing came it asks, and it waits as long again for the answer, which on a slow line
    comes after all that was sent before it was asked for.
    """
    milliseconds = round(silence_s * 1000)
    return [
        ("grpc.keepalive_time_ms", milliseconds),
        ("grpc.keepalive_timeout_ms", milliseconds),
        ("grpc.http2.ping_timeout_ms", milliseconds),
    ]


SERVER_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_concurrent_streams", MAX_STREAMS),
    # Beyond a thousand, gRPC cancels at random what a busy server has not looked at yet. We say why, and when to come again.
    ("grpc.server.max_pending_requests", MAX_STREAMS),
    ("grpc.server.max_pending_requests_hard_limit", 2 * MAX_STREAMS),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 300),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
]


class RunningCalls(grpc.aio.ServerInterceptor):
    """Counts the calls that are running, until the last byte of the answer is out; health and reflection do not count.

    Those that come in by another way than gRPC are counted by who answers them.
    """

    def __init__(self) -> None:
        self.count = 0
        self._counting: dict[str, Any] = {}

    async def intercept_service(self, continuation: Callable[..., Awaitable[Any]], details: Any) -> Any:
        """Return the call's handler, with counting around it."""
        handler = await continuation(details)
        if handler is None or details.method.startswith("/grpc."):
            return handler
        if details.method not in self._counting:
            self._counting[details.method] = self._around(handler)
        return self._counting[details.method]

    def _around(self, handler: Any) -> Any:
        if handler.response_streaming:

            async def stream(requests: Any, context: Any) -> AsyncIterator[Any]:
                self._count(context)
                async with aclosing(handler.stream_stream(requests, context)) as answers:
                    async for answer in answers:
                        yield answer

            return handler._replace(stream_stream=stream)

        async def unary(request: Any, context: Any) -> Any:
            self._count(context)
            return await handler.unary_unary(request, context)

        return handler._replace(unary_unary=unary)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a call that does not come in by gRPC."""
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1

    def _count(self, context: Any) -> None:
        self.count += 1
        context.add_done_callback(self._done)

    def _done(self, _: object) -> None:
        self.count -= 1


class Server:
    """A gRPC server with health and reflection."""

    def __init__(
        self, services: Sequence[str], options: list[tuple[str, Any]], guards: Sequence[grpc.aio.ServerInterceptor] = ()
    ) -> None:
        self.calls = RunningCalls()
        traced = [TracedCalls()] if tracing.active() else []
        self.grpc = grpc.aio.server(options=SERVER_OPTIONS + options, interceptors=[*guards, *traced, self.calls])
        self.health = health_aio.HealthServicer()
        self.draining = asyncio.Event()
        self.closing = asyncio.Event()
        self.port = 0
        self.id = uuid.uuid4().hex
        self.started = time.monotonic()
        self._closed_at = 0.0
        self._services = [*services, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME]
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self.grpc)
        reflection.enable_server_reflection(self._services, self.grpc)

    @property
    def serving(self) -> bool:
        """Whether others are to send calls."""
        return not self.draining.is_set()

    @property
    def closed(self) -> bool:
        """Whether new calls are refused."""
        return self.closing.is_set()

    @property
    def closing_for_s(self) -> float:
        """How long new calls have been refused, seconds."""
        return time.monotonic() - self._closed_at if self.closed else 0.0

    async def start(self, host: str, port: int, tls: ServerTls | None = None) -> None:
        """Listen. Raises `Unavailable` where the address is taken."""
        address = f"{host}:{port}"
        try:
            if tls:
                self.port = self.grpc.add_secure_port(address, tls.credentials())
            else:
                self.port = self.grpc.add_insecure_port(address)
        except RuntimeError as error:
            raise Unavailable(f"expected a free address to listen on, got {address}: {error}") from None
        for service in self._services:
            await self.health.set(service, health_pb2.HealthCheckResponse.SERVING)
        await self.grpc.start()

    async def drain(self, drain_s: float, grace_s: float) -> None:
        """Leave the pool (NOT_SERVING), go on for `drain_s`, refuse new calls, finish the running ones, and stop."""
        self.draining.set()
        await self.health.enter_graceful_shutdown()
        await asyncio.sleep(drain_s)
        self.closing.set()
        self._closed_at = time.monotonic()
        loop = asyncio.get_running_loop()
        until = loop.time() + grace_s
        while self.calls.count and loop.time() < until:
            await asyncio.sleep(POLL_S)
        # What is left are the clients' open health watches, which never end on their own.
        await self.grpc.stop(0.1)


def instance_info(
    server: Server | None,
    *,
    pool: str,
    name: str,
    calls: int,
    in_flight: int,
    queued: int,
    durations: Durations,
    usage: Usage,
    shared_memory: str,
) -> pb.InstanceInfo:
    """Return what a process of the fleet says of itself; its address is for those to tell who reach it."""
    here = [cls for cls in map(operation_class, operation_names()) if not issubclass(cls, Foreign)]
    custom = [
        pb.CustomOperation(name=cls.name, pool=cls.pool, parameters=cls.model_fields) for cls in here if not cls.everywhere
    ]
    p50_s, p99_s = durations.quantiles(0.5, 0.99)
    return pb.InstanceInfo(
        pool=pool,
        name=name,
        pid=os.getpid(),
        id=server.id if server else "",
        healthy=bool(server and server.serving),
        calls=calls,
        in_flight=in_flight,
        version=__version__,
        operations=[cls.name for cls in here],
        custom=custom,
        uptime_s=int(time.monotonic() - server.started) if server else 0,
        machine=machine_id(),
        machine_cores=os.cpu_count() or 1,
        cores=available_cores(),
        shared_memory=shared_memory,
        cpu_s=usage.cpu_s,
        rss_bytes=usage.rss_bytes,
        memory_limit_bytes=memory_limit(),
        queued=queued,
        p50_us=round(p50_s * MICRO),
        p99_us=round(p99_s * MICRO),
    )


def metadata(context: grpc.aio.ServicerContext[Any, Any], name: str) -> str:
    """Return the text that came with a call under a name; empty where there is none."""
    return next((str(value) for key, value in context.invocation_metadata() or () if key == name), "")


async def serve_until_stopped(
    server: Server,
    settings: ServerSettings,
    port: int,
    *,
    opening: Callable[[], Awaitable[Mapping[str, int]]] | None = None,
    closing: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Run a server until SIGTERM, SIGINT or the parent's end, then drain it. A second signal ends it at once.

    Args:
        server: what serves.
        settings: its settings.
        port: to listen on; 0 is any.
        opening: starts what else listens once the server does, and returns the ports by what is spoken there.
        closing: stops that, after the running calls have ended.

    Raises:
        InvalidPipeline: a certificate or a key cannot be used.
        Unavailable: its address is taken.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            os._exit(1)
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if settings.parent_fd is not None:
        watch_parent(settings.parent_fd, lambda: loop.call_soon_threadsafe(stopped.set))
    await server.start(settings.host, port, server_tls(settings))
    others = await opening() if opening else {}
    log.info("listening on %s:%d, %s", settings.host, server.port, protection(settings))
    if warning := exposure(settings, server.port):
        log.warning(warning)
    # What is here now stays: looking through it again and again for garbage takes a tenth of an orchestrator's time.
    gc.collect()
    gc.freeze()
    if settings.ready_fd is not None:
        with os.fdopen(settings.ready_fd, "w") as ready:
            ready.write(json.dumps({"port": server.port, "pid": os.getpid(), **others}) + "\n")
    await stopped.wait()
    log.info("stopping: leaving the pool, finishing %d calls", server.calls.count)
    await server.drain(settings.drain_s, settings.grace_s)
    if closing:
        await closing()
    log.info("stopped")


def watch_parent(descriptor: int, gone: Callable[[], object]) -> None:
    """Call `gone` from a thread once the other end of the pipe `descriptor` is closed."""

    def wait() -> None:
        while os.read(descriptor, 1):
            pass
        gone()

    threading.Thread(target=wait, name="parent", daemon=True).start()


def run_server(main: Callable[[], Coroutine[Any, Any, None]], pool: str, name: str, settings: ServerSettings) -> None:
    """Run a server's coroutine in a new event loop, with its log on standard error, and traced where that is asked for.

    `pool` and `name` are what all of its kind, and it alone, are called there.
    """
    logs.set_up(name, settings.log_level, settings.log_format)
    tracing.start(f"pixelmill-{pool}", name)
    try:
        asyncio.run(main())
    finally:
        tracing.stop()


def run_or_refuse(run: Callable[[], None]) -> None:
    """Run a server's main function; where it cannot start, say why in one line and exit with 1."""
    try:
        run()
    except PixelmillError as error:
        sys.exit(f"pixelmill: {error}")
