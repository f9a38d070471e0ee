"""A gRPC server with what all of the fleet have: health, reflection, a count of running calls, and an orderly end."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

import image_processing_pb2 as pb
from pixelmill import __version__
from pixelmill.cores import available_cores, machine_id
from pixelmill.errors import Unavailable
from pixelmill.fleet.credentials import ServerTls
from pixelmill.fleet.options import SERVER_OPTIONS
from pixelmill.fleet.traced import TracedCalls
from pixelmill.fleet.usage import Durations, Usage, memory_limit
from pixelmill.operations import operation_class, operation_names
from pixelmill.operations.foreign import Foreign
from pixelmill.telemetry import tracing

POLL_S = 0.02
MICRO = 1_000_000


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
        """Leave the pool (NOT_SERVING), go on for `drain_s`, refuse new calls, and finish the running ones."""
        self.draining.set()
        await self.health.enter_graceful_shutdown()
        await asyncio.sleep(drain_s)
        self.closing.set()
        self._closed_at = time.monotonic()
        loop = asyncio.get_running_loop()
        until = loop.time() + grace_s
        while self.calls.count and loop.time() < until:
            await asyncio.sleep(POLL_S)

    async def stop(self) -> None:
        """Stop. After `drain`, what is left are clients' open health watches, which never end on their own."""
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
