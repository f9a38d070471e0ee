"""Our errors as gRPC statuses with google.rpc details, and back."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing
from functools import wraps
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from pixelmill.errors import (
    Cancelled,
    DeadlineExceeded,
    ImageTooLarge,
    Internal,
    InvalidPipeline,
    NoHealthyInstance,
    OperationFailed,
    Overloaded,
    PixelmillError,
    Unauthenticated,
    from_reason,
    handling,
)

DOMAIN = "pixelmill"
DETAILS_KEY = "grpc-status-details-bin"
log = logging.getLogger("pixelmill.fleet")
Answer = TypeVar("Answer")

_BY_CODE: dict[grpc.StatusCode, type[PixelmillError]] = {
    grpc.StatusCode.UNAVAILABLE: NoHealthyInstance,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.CANCELLED: Cancelled,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidPipeline,
}


def status_of(error: PixelmillError) -> status_pb2.Status:
    """Return the status that tells a client of `error`: code, message, ErrorInfo and what else the error knows."""
    details: list[Any] = []
    if isinstance(error, InvalidPipeline):
        violation = error_details_pb2.BadRequest.FieldViolation(field="pipeline", description=str(error))
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if isinstance(error, Overloaded):
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromNanoseconds(int(error.retry_after_s * 1e9))
        details.append(retry)
    return make_status(grpc.StatusCode[handling(error).grpc], error.reason, str(error), details)


def make_status(code: grpc.StatusCode, reason: str, text: str, more: Iterable[Any] = ()) -> status_pb2.Status:
    """Return a status with an ErrorInfo, and more google.rpc details."""
    packed = []
    for detail in (error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN), *more):
        message = AnyMessage()
        message.Pack(detail)
        packed.append(message)
    return status_pb2.Status(code=code.value[0], message=text, details=packed)


async def abort(context: grpc.aio.ServicerContext[Any, Any], wanted: status_pb2.Status) -> NoReturn:
    """End a call with a status."""
    status = rpc_status.to_status(wanted)
    await context.abort(status.code, status.details, status.trailing_metadata)


def error_from_call(error: grpc.RpcError) -> PixelmillError:
    """Return our error for a call that failed, from its ErrorInfo or else its code."""
    code = getattr(error, "code", lambda: None)()
    text = getattr(error, "details", lambda: None)() or ""
    ours = _error_in(error, text)
    if ours:
        return ours
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        # gRPC refuses a message before any of our code sees it, and has no other way of saying so.
        too_large = re.search(r"message larger than max \((\d+) vs\. (\d+)\)", text)
        if too_large:
            return ImageTooLarge(f"expected at most {too_large[2]} bytes for the message, got {too_large[1]}")
        return Overloaded(text)
    if code in _BY_CODE:
        return _BY_CODE[code](text)
    return Internal(f"the fleet answered {code.name if code else 'nothing'}: {text}")


def _error_in(error: grpc.RpcError, text: str) -> PixelmillError | None:
    """Return the error that one of our servers put into a status's details."""
    reason, retry_after_s = "", 0.0
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    for key, value in _trailing(error):
        for detail in status_pb2.Status.FromString(value).details if key == DETAILS_KEY else ():
            if detail.Unpack(info) and info.domain == DOMAIN:
                reason = info.reason
            elif detail.Unpack(retry):
                retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()
    made = from_reason(reason, text) if reason else None
    if isinstance(made, Overloaded) and retry_after_s:
        made.retry_after_s = retry_after_s
    return made


def has_details(error: grpc.RpcError) -> bool:
    """Tell whether one of our servers answered, and not gRPC itself for want of one."""
    return any(key == DETAILS_KEY for key, _ in _trailing(error))


def _trailing(error: grpc.RpcError) -> Iterable[tuple[str, Any]]:
    return getattr(error, "trailing_metadata", lambda: None)() or ()


def as_error(error: Exception) -> PixelmillError:
    """Return what a client may see of an exception: ours as it is; anything else is logged and becomes `Internal`."""
    if isinstance(error, OperationFailed):
        log.warning("%s", error, exc_info=error.__cause__)
    if isinstance(error, PixelmillError):
        if isinstance(error, Internal):
            log.error("internal error", exc_info=error)
        return error
    if isinstance(error, grpc.RpcError):
        return error_from_call(error)
    log.error("internal error", exc_info=error)
    return Internal()


def answers(method: Callable[..., Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
    """Decorate a unary RPC: whatever it raises ends the call with the right status."""

    @wraps(method)
    async def call(self: Any, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Answer:
        try:
            return await method(self, request, context)
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            await abort(context, status_of(as_error(error)))

    return call


def answers_stream(method: Callable[..., AsyncGenerator[Answer, None]]) -> Callable[..., AsyncIterator[Answer]]:
    """Decorate a streaming RPC likewise."""

    @wraps(method)
    async def call(self: Any, requests: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Answer]:
        try:
            async with aclosing(method(self, requests, context)) as made:
                async for answer in made:
                    yield answer
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            await abort(context, status_of(as_error(error)))

    return call
