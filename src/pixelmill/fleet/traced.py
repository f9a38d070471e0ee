"""A span around each call that a server answers, as part of the caller's trace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import grpc
from opentelemetry.trace import SpanKind

from pixelmill.telemetry import tracing

UNTRACED = (
    "/grpc.",
    "/image_processing.StageService/DescribeInstance",
    "/image_processing.OrchestratorService/DescribeFleet",
)
"""Health, reflection, and what is asked all the time."""
FAULTS = {
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
"""Of the server. Source: OpenTelemetry, semantic conventions for gRPC."""


def rpc_attributes(method: str) -> dict[str, tracing.Value]:
    """Return the attributes of a call of `/SERVICE/METHOD`. Source: OpenTelemetry, semantic conventions for RPC."""
    service, _, name = method.removeprefix("/").rpartition("/")
    return {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}


class TracedCalls(grpc.aio.ServerInterceptor):
    """Opens the spans."""

    async def intercept_service(self, continuation: Callable[..., Awaitable[Any]], details: Any) -> Any:
        """Return the call's handler, with a span around it."""
        handler = await continuation(details)
        method = details.method
        if handler is None or method.startswith(UNTRACED):
            return handler
        carrier = {key: value for key, value in details.invocation_metadata if isinstance(value, str)}
        attributes = rpc_attributes(method)

        if handler.response_streaming:

            async def stream(requests: Any, context: Any) -> AsyncIterator[Any]:
                with tracing.joined(carrier), tracing.span(method[1:], attributes, SpanKind.SERVER):
                    try:
                        async with aclosing(handler.stream_stream(requests, context)) as answers:
                            async for answer in answers:
                                yield answer
                    finally:
                        _end(context)

            return handler._replace(stream_stream=stream)

        async def unary(request: Any, context: Any) -> Any:
            with tracing.joined(carrier), tracing.span(method[1:], attributes, SpanKind.SERVER):
                try:
                    return await handler.unary_unary(request, context)
                finally:
                    _end(context)

        return handler._replace(unary_unary=unary)


def _end(context: Any) -> None:
    given = context.code() or 0
    code = next(one for one in grpc.StatusCode if given in (one, one.value[0]))
    tracing.note({"rpc.grpc.status_code": code.value[0]})
    if code in FAULTS:
        tracing.failed(code.name)
