"""What comes with a request to process a picture: its bytes, and what is to be done, wherever that stands."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from pixelmill.errors import Cancelled, DeadlineExceeded, ImageTooLarge, InvalidPipeline, UnsupportedFormat, expected
from pixelmill.limits import Deadline, Limits
from pixelmill.web.arriving import Arrived, Arriving
from pixelmill.web.forms import FIELD_BYTES, OVERHEAD_BYTES, Form

FIELDS = ("pipeline", "placement", "timeout_s")
HEADERS = {"x-pipeline": "pipeline", "x-placement": "placement", "x-timeout-s": "timeout_s"}
SILENCE_S = 20.0
"""Time in which something has to come of a body that is not over, seconds: clients may be on slow lines."""
LONGEST_S = 3600.0
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?")
Given = dict[str, str]
"""What was given for each of the fields that were given."""


@dataclass(frozen=True)
class Sent:
    """A picture, and what came with it in a form."""

    image: bytes
    fields: Mapping[str, str]


def beside(request: Request) -> Given:
    """Return what a request says in its query and headers.

    Raises:
        InvalidPipeline: the query has something that is not known, or what is said differs.
    """
    given: Given = {}
    for name, value in request.query_params.multi_items():
        if name not in FIELDS:
            raise InvalidPipeline(expected(f"one of {', '.join(FIELDS)}", "the query", name))
        _agree(given, name, value, "the query")
    for header, value in request.headers.items():
        if header in HEADERS:
            _agree(given, HEADERS[header], _text(value), f"the header {header}")
    return given


def agreed(given: Given, fields: Mapping[str, str]) -> Given:
    """Return what is said beside the body and in its form. Raises `InvalidPipeline` where that differs."""
    both = dict(given)
    for name, value in fields.items():
        _agree(both, name, value, "the form")
    return both


def timeout_of(given: Given, default: float) -> float:
    """Return the time that a request may take, in seconds. Raises `InvalidPipeline` where it is none."""
    if "timeout_s" not in given:
        return default
    text = given["timeout_s"].strip()
    seconds = float(text) if _NUMBER.fullmatch(text) else 0.0
    if not 0 < seconds <= LONGEST_S:
        raise InvalidPipeline(expected(f"more than 0 and at most {LONGEST_S:.0f} seconds", "timeout_s", text))
    return seconds


async def read(request: Request, limits: Limits, arriving: Arriving, deadline: Deadline) -> Sent:
    """Read a request's body, at most as many bytes as a picture may have.

    Raises:
        ImageTooLarge: it is larger.
        UnsupportedFormat: it is compressed, or some other kind of multipart than a form.
        InvalidPipeline: it is empty, or a form with something wrong in it.
        Overloaded: too much comes in at the moment.
        DeadlineExceeded: it did not come in time.
        Cancelled: the client has gone.
    """
    kind = request.headers.get("content-type", "")
    is_form = kind.lower().startswith("multipart/form-data")
    _check_kind(request, is_form)
    size = declared_size(request)
    most = limits.max_input_bytes + (FIELD_BYTES + OVERHEAD_BYTES if is_form else 0)
    if size > most:
        raise ImageTooLarge(f"expected at most {limits.max_input_bytes} bytes for the picture, got {size}")
    with arriving.one(size) as arrived:
        chunks = _bounded(request, most, deadline, arrived)
        if is_form:
            form = Form(kind, limits.max_input_bytes, FIELDS)
            async for chunk in chunks:
                form.feed(chunk)
            form.end()
            sent = Sent(form.picture or b"", form.fields)
        else:
            sent = Sent(b"".join([chunk async for chunk in chunks]), {})
    if not sent.image:
        where = "a file of the form" if is_form else "the body"
        raise InvalidPipeline(f"expected the bytes of a picture in {where}, got none")
    return sent


def declared_size(request: Request) -> int:
    """Return how long a request's body is, in bytes; 0 where that is not said."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def _check_kind(request: Request, is_form: bool) -> None:
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise UnsupportedFormat(expected("a body as it is, without Content-Encoding,", "the request", coding))
    kind = request.headers.get("content-type", "")
    if not is_form and kind.lower().startswith("multipart/"):
        raise UnsupportedFormat(expected("a picture or multipart/form-data", "Content-Type", kind))


async def _bounded(request: Request, most: int, deadline: Deadline, arrived: Arrived) -> AsyncIterator[bytes]:
    """Yield a body as it comes."""
    stream, size = aiter(request.stream()), 0
    try:
        while True:
            async with asyncio.timeout(min(SILENCE_S, deadline.remaining_s)):
                chunk = await anext(stream, None)
            if chunk is None:
                return
            size += len(chunk)
            if size > most:
                raise ImageTooLarge(f"expected at most {most} bytes for the body, got more")
            arrived(len(chunk))
            yield chunk
    except TimeoutError:
        raise DeadlineExceeded(f"expected the whole body in time, got {size} bytes of it") from None
    except ClientDisconnect:
        raise Cancelled(f"the client has gone: {size} bytes came") from None


def _agree(given: Given, name: str, value: str, where: str) -> None:
    if given.setdefault(name, value) != value:
        raise InvalidPipeline(f"expected one {name}, got several that differ, one in {where}")


def _text(value: str) -> str:
    """Return a header's value as the text that its sender meant: most send UTF-8, and it is read as Latin-1."""
    raw = value.encode("latin-1")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return value
