"""What a request that succeeded is answered with: the picture, several of them, or JSON."""

from __future__ import annotations

import base64
import secrets

from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from pixelmill.codecs.formats import FORMATS
from pixelmill.result import Rendered, Result, Trace
from pixelmill.web.accept import JSON, MULTIPART, prefers
from pixelmill.web.views import OutputView, TraceView, rendered_view, trace_view


class Picture(OutputView):
    """One picture that was made, with its bytes."""

    data: str = Field(description="its bytes, in base64")


class Processed(BaseModel):
    """What was made of a picture."""

    outputs: list[Picture]
    trace: TraceView


def answer(result: Result, accept: str) -> Response:
    """Return the response that a client with this Accept header gets."""
    first = result.outputs[0]
    is_one = len(result.outputs) == 1 and not first.name
    kind = media_type(first) if is_one else MULTIPART
    headers = {**trace_headers(result.trace), "Vary": "Accept"}
    if prefers(accept, JSON, kind):
        return JSONResponse(as_json(result), headers=headers)
    if is_one:
        return Response(first.data, media_type=kind, headers=headers | _picture_headers(first))
    return _multipart(result, headers)


def media_type(made: Rendered) -> str:
    """Return a picture's name in HTTP."""
    return FORMATS[made.info.format].media_type


def as_json(result: Result) -> dict[str, object]:
    """Return a result as JSON's types."""
    outputs = [{**rendered_view(made).model_dump(), "data": base64.b64encode(made.data).decode()} for made in result.outputs]
    return {"outputs": outputs, "trace": trace_view(result.trace).model_dump()}


def _multipart(result: Result, headers: dict[str, str]) -> Response:
    """Return all pictures in one body: the trace as JSON first, then each with its name.

    Source: RFC 2046, 5.1.3; RFC 2183 for the names.
    """
    boundary = secrets.token_hex(16)
    told = {
        "outputs": [rendered_view(made).model_dump() for made in result.outputs],
        "trace": trace_view(result.trace).model_dump(),
    }
    parts: list[bytes] = [_part(boundary, {"Content-Type": JSON}), bytes(JSONResponse(told).body)]
    for made in result.outputs:
        file = f"{made.name}{FORMATS[made.info.format].extensions[0]}"
        named = f'attachment; name="{made.name}"; filename="{file}"'
        parts.append(
            _part(boundary, {"Content-Type": media_type(made), "Content-Disposition": named, **_picture_headers(made)})
        )
        parts.append(made.data)
    body = b"".join([*parts, f"\r\n--{boundary}--\r\n".encode()])
    return Response(body, media_type=f"{MULTIPART}; boundary={boundary}", headers=headers)


def _part(boundary: str, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"\r\n--{boundary}\r\n{lines}\r\n".encode()


def _picture_headers(made: Rendered) -> dict[str, str]:
    info = made.info
    return {
        "X-Pixelmill-Width": str(info.width),
        "X-Pixelmill-Height": str(info.height),
        "X-Pixelmill-Frames": str(info.frames),
    }


def trace_headers(trace: Trace) -> dict[str, str]:
    """Return the headers that tell where the time of a request went.

    Source: W3C, Server Timing.
    """
    entries = [f"queue;dur={trace.queue_s * 1000:.1f}"]
    for number, hop in enumerate(trace.hops, 1):
        done = "+".join(hop.operations) or "encode"
        entries.append(f'hop{number};desc="{done}@{hop.instance}";dur={hop.total_s * 1000:.1f}')
    entries.append(f"total;dur={trace.total_s * 1000:.1f}")
    return {
        "Server-Timing": ", ".join(entries),
        "X-Request-Id": trace.request_id,
        "X-Pixelmill-Instances": ", ".join(dict.fromkeys(hop.instance for hop in trace.hops)),
    }
