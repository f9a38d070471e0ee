"""What comes with a request to process a picture: its bytes and its pipeline, wherever they are in the request."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile

from pixelmill.errors import ImageTooLarge, InvalidPipeline, expected
from pixelmill.limits import Limits

FORM_FIELDS = ("pipeline", "placement")
FORM_BYTES = 64 * 1024
"""Room for the fields beside the picture in a form, bytes."""


@dataclass(frozen=True)
class Sent:
    """A picture, and what is to be done with it."""

    image: bytes
    pipeline: str
    placement: str


async def read(request: Request, limits: Limits) -> Sent:
    """Read a request's body, at most as many bytes as a picture may have.

    Raises:
        ImageTooLarge: it is larger.
        InvalidPipeline: it has no pipeline, or more than one.
    """
    given = {name: _beside(request, name) for name in FORM_FIELDS}
    is_form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
    most = limits.max_input_bytes + (FORM_BYTES if is_form else 0)
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise ImageTooLarge(f"expected at most {limits.max_input_bytes} bytes for the picture, got {length}")
    if not is_form:
        image = await _bounded(request, most)
    else:
        image = b""
        async with request.form(max_files=1, max_fields=len(FORM_FIELDS)) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    image = await value.read()
                elif name in FORM_FIELDS and not given[name]:
                    given[name] = value
    if not image:
        raise InvalidPipeline(expected("the bytes of a picture", "the body", "none"))
    return Sent(image, given["pipeline"] or "", given["placement"] or "")


def _beside(request: Request, name: str) -> str:
    """Return what stands in the query or in a header."""
    return request.query_params.get(name) or request.headers.get(f"x-{name}", "")


async def _bounded(request: Request, most: int) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise ImageTooLarge(f"expected at most {most} bytes for the picture, got more")
        chunks.append(chunk)
    return b"".join(chunks)
