"""`POST /v1/process`: a picture and a pipeline in, a picture out."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from pixelmill.codecs.formats import FORMATS
from pixelmill.errors import Cancelled
from pixelmill.fleet.journey import Request as Job
from pixelmill.fleet.service import FleetService, new_request_id, request_id
from pixelmill.limits import Deadline
from pixelmill.pipeline import Pipeline
from pixelmill.plan import check_placement
from pixelmill.result import Result, Trace
from pixelmill.web import body, problems
from pixelmill.web.views import rendered_view, trace_view

JSON = "application/json"
Made = TypeVar("Made")


def router(service: FleetService) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1")

    @routes.post("/process", summary="Run a pipeline on a picture", response_class=Response, responses=problems.RESPONSES)
    async def process(request: Request, timeout_s: Annotated[float | None, Query(gt=0, le=3600)] = None) -> Response:
        id = request_id(request.headers.get("x-request-id", "")) or new_request_id()
        request.state.request_id = id
        deadline = Deadline.after(timeout_s or service.limits.timeout_s)
        service.check_open()
        sent = await body.read(request, service.limits)
        pipeline = Pipeline.parse(sent.pipeline) if sent.pipeline else Pipeline()
        placement = check_placement(sent.placement) if sent.placement else service.placement
        job = Job(id, sent.image, pipeline, placement, deadline)
        result = await while_connected(request, service.run(job, "http"))
        return _response(result, JSON in request.headers.get("accept", ""))

    return routes


def _response(result: Result, as_json: bool) -> Response:
    headers = trace_headers(result.trace)
    if as_json or len(result.outputs) > 1 or result.outputs[0].name:
        outputs = [
            {**rendered_view(made).model_dump(), "data": base64.b64encode(made.data).decode()} for made in result.outputs
        ]
        return JSONResponse({"outputs": outputs, "trace": trace_view(result.trace).model_dump()}, headers=headers)
    return Response(result.data, media_type=FORMATS[result.info.format].media_type, headers=headers)


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


async def while_connected(request: Request, work: Coroutine[Any, Any, Made]) -> Made:
    """Do work for a client; it is cancelled when the client goes. Call it when the request's body has been read.

    Raises:
        Cancelled: the client has gone.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        raise Cancelled("the client has gone")
    finally:
        task.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
