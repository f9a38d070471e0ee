"""Every error that Pixelmill raises on purpose, and what each one means at the edges.

PixelmillError
├── InvalidPipeline      unknown operation or parameter, or a value out of range
├── UnsupportedFormat    bytes that are no picture, or of a kind that is not read or written
├── CorruptImage         a damaged or truncated picture
├── ImageTooLarge        bytes, pixels × frames or output size beyond the limits
├── OperationNotInstalled  an operation of a plugin that no instance has which could run it
├── OperationFailed      the function of a plugin's operation raised, or returned no picture
├── SourceError
│   ├── SourceNotFound
│   ├── SourceForbidden
│   └── SourceFailed
├── Unavailable          worth trying on another instance
│   ├── Overloaded
│   ├── NoHealthyInstance
│   └── Draining
├── Unauthenticated      no valid token
├── DeadlineExceeded
├── Cancelled
├── DecoderCrash         this input killed a worker
├── OutOfMemory          this input takes more memory than a worker has
└── Internal             a fault of ours; its text is fixed, the cause is in the log

Messages read "expected X for NAME, got Y". They are for people: programs branch on the class or on `reason`.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, NamedTuple

MAX_SHOWN = 80
_bounded = reprlib.Repr()
_bounded.maxstring = _bounded.maxother = MAX_SHOWN


class PixelmillError(Exception):
    """The base of every error in this tree."""

    reason: ClassVar[str] = "INTERNAL"


class InvalidPipeline(PixelmillError):
    """An operation or parameter that does not exist, or a value outside its range."""

    reason = "INVALID_PIPELINE"


class UnsupportedFormat(PixelmillError):
    """Bytes that are not a picture of a format this build reads or writes."""

    reason = "UNSUPPORTED_FORMAT"


class CorruptImage(PixelmillError):
    """A picture that is damaged or ends too early."""

    reason = "CORRUPT_IMAGE"


class ImageTooLarge(PixelmillError):
    """More bytes, more pixels × frames or a larger output than `Limits` allows."""

    reason = "IMAGE_TOO_LARGE"


class OperationNotInstalled(PixelmillError):
    """An operation of a plugin, which is not installed where it would have to run."""

    reason = "OPERATION_NOT_INSTALLED"


class OperationFailed(PixelmillError):
    """The function of a plugin's operation raised something, or returned what is no picture. The message says what."""

    reason = "OPERATION_FAILED"


class SourceError(PixelmillError):
    """A picture that could not be fetched."""

    reason = "SOURCE_FAILED"


class SourceNotFound(SourceError):
    """There is nothing at that path or address."""

    reason = "SOURCE_NOT_FOUND"


class SourceForbidden(SourceError):
    """The path or address may not be read."""

    reason = "SOURCE_FORBIDDEN"


class SourceFailed(SourceError):
    """The path or address could not be read for another reason."""

    reason = "SOURCE_FAILED"


class Unavailable(PixelmillError):
    """This instance cannot do it now; another one may."""

    reason = "UNAVAILABLE"


class Overloaded(Unavailable):
    """The queue is full. `retry_after_s` is how long to wait before trying again, in seconds."""

    reason = "OVERLOADED"

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NoHealthyInstance(Unavailable):
    """No instance of a pool answers."""

    reason = "NO_HEALTHY_INSTANCE"


class Draining(Unavailable):
    """The instance is shutting down and takes no new work."""

    reason = "DRAINING"


class DeadlineExceeded(PixelmillError):
    """The time given for the request is over."""

    reason = "DEADLINE_EXCEEDED"


class Cancelled(PixelmillError):
    """The caller gave up."""

    reason = "CANCELLED"


class Unauthenticated(PixelmillError):
    """The orchestrator wants a token, and got none or none that it knows."""

    reason = "UNAUTHENTICATED"


class DecoderCrash(PixelmillError):
    """Working on this picture ended a worker's process."""

    reason = "DECODER_CRASH"


class OutOfMemory(PixelmillError):
    """Working on this picture took more memory than a worker has for it."""

    reason = "OUT_OF_MEMORY"


class Internal(PixelmillError):
    """A fault of ours. The message is fixed; the cause is in the log."""

    reason = "INTERNAL"

    def __init__(self, message: str = "internal error; the log of the instance has the cause") -> None:
        super().__init__(message)


class Handling(NamedTuple):
    """What the edges make of an error: a gRPC code's name, an HTTP status, and whether another instance may do better."""

    grpc: str
    http: int
    retry_elsewhere: bool = False


HANDLING: dict[type[PixelmillError], Handling] = {
    InvalidPipeline: Handling("INVALID_ARGUMENT", 400),
    UnsupportedFormat: Handling("INVALID_ARGUMENT", 415),
    CorruptImage: Handling("INVALID_ARGUMENT", 422),
    ImageTooLarge: Handling("INVALID_ARGUMENT", 413),
    OperationNotInstalled: Handling("UNIMPLEMENTED", 501),
    OperationFailed: Handling("INTERNAL", 500),
    SourceNotFound: Handling("NOT_FOUND", 404),
    SourceForbidden: Handling("PERMISSION_DENIED", 403),
    SourceFailed: Handling("UNAVAILABLE", 502),
    Overloaded: Handling("RESOURCE_EXHAUSTED", 429, retry_elsewhere=True),
    NoHealthyInstance: Handling("UNAVAILABLE", 503, retry_elsewhere=True),
    Draining: Handling("UNAVAILABLE", 503, retry_elsewhere=True),
    Unauthenticated: Handling("UNAUTHENTICATED", 401),
    DeadlineExceeded: Handling("DEADLINE_EXCEEDED", 504),
    Cancelled: Handling("CANCELLED", 499),
    DecoderCrash: Handling("INTERNAL", 500),
    OutOfMemory: Handling("INVALID_ARGUMENT", 413),
    Internal: Handling("INTERNAL", 500),
}

_BY_REASON = {error.reason: error for error in HANDLING}


def handling(error: PixelmillError) -> Handling:
    """Return how the edges treat `error`."""
    for cls in type(error).__mro__:
        if cls in HANDLING:
            return HANDLING[cls]
    return HANDLING[Internal]


def from_reason(reason: str, message: str) -> PixelmillError:
    """Rebuild the error that another process named by its `reason`; an unknown one becomes `Internal`."""
    return _BY_REASON.get(reason, Internal)(message)


@contextmanager
def in_rendition(name: str) -> Iterator[None]:
    """Say in which of several renditions it was that something cannot be done; "" says nothing."""
    try:
        yield
    except (InvalidPipeline, UnsupportedFormat, ImageTooLarge, OperationNotInstalled, OperationFailed) as error:
        if not name:
            raise
        raise type(error)(f"{error}, in rendition {name}") from error.__cause__


def shown(value: object) -> str:
    """Return `value` as an error message may quote it: its repr, bytes by their length, cut to a bounded length."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{len(value)} bytes"
    # Nested data is shown in part: written in full, a few aliases of YAML grow beyond any memory.
    text = repr(value[: MAX_SHOWN + 1]) if isinstance(value, str) else _bounded.repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def expected(what: str, name: str, got: object) -> str:
    """Return the one sentence that every refused argument gets."""
    return f"expected {what} for {name}, got {shown(got)}"
