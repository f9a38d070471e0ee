"""`POST /v1/process`: a picture and a pipeline in, a picture out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pixelmill.errors import Cancelled, InvalidPipeline, Overloaded, PixelmillError
from pixelmill.fleet.journey import Request as Job
from pixelmill.fleet.service import FleetService, new_request_id, request_id
from pixelmill.limits import Deadline
from pixelmill.plan import check_placement
from pixelmill.web import answers, body, examples, problems
from pixelmill.web.arriving import Arriving
from pixelmill.web.pipelines import Spelled, spelled

ENTRANCE: Final = "http"
Made = TypeVar("Made")


def router(service: FleetService) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1")
    processing = Processing(service)

    @routes.post(
        "/process",
        summary="Run a pipeline on a picture",
        response_class=Response,
        responses={200: examples.PROCESSED, **problems.RESPONSES},
        openapi_extra=examples.PROCESS,
    )
    async def process(request: Request) -> Response:
        """The picture is the body, or a file of a form. The pipeline, in JSON, YAML or the compact form, stands in the
        form, in the query or in the header `X-Pipeline`.

        The answer is the picture, or by `Accept: application/json` JSON with the picture in base64 and the trace. Where
        the pipeline has renditions it is `multipart/mixed`: the trace as JSON, then each picture by its name; or JSON.
        """
        return await processing.answer(request)

    return routes


class Processing:
    """Runs requests of one kind for a service."""

    def __init__(self, service: FleetService) -> None:
        self._service = service
        self._arriving = Arriving()

    async def answer(self, request: Request) -> Response:
        """Answer one request. Raises `PixelmillError`."""
        service = self._service
        came = time.monotonic()
        id = request_id(request.headers.get("x-request-id", "")) or new_request_id()
        request.state.request_id = id
        accept = ", ".join(request.headers.getlist("accept"))
        size = body.declared_size(request)
        # What is wrong or does not fit is said before the picture has come.
        service.check_room(id, size, ENTRANCE)
        given = body.beside(request)
        known = await self._pipeline(given, accept) if "pipeline" in given else None
        timeout_s = body.timeout_of(given, service.limits.timeout_s)
        try:
            sent = await body.read(request, service.limits, self._arriving, Deadline(came + timeout_s))
        except (Cancelled, Overloaded) as error:
            service.note_failure(id, size, ENTRANCE, error, time.monotonic() - came)
            raise
        given = body.agreed(given, sent.fields)
        known = known or await self._pipeline(given, accept)
        placement = check_placement(given["placement"]) if given.get("placement") else service.placement
        deadline = Deadline(came + body.timeout_of(given, service.limits.timeout_s))
        job = Job(id, sent.image, known.pipeline, placement, deadline, known.spelling)
        result = await while_connected(request, service.run(job, ENTRANCE))
        return answers.answer(result, accept)

    async def _pipeline(self, given: body.Given, accept: str) -> Spelled:
        if "pipeline" not in given:
            where = "a field of the form, in the query or in the header X-Pipeline"
            raise InvalidPipeline(f"expected a pipeline in {where}, got none")
        return await spelled(given["pipeline"], accept)


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
        with suppress(asyncio.CancelledError, PixelmillError):
            await task
        raise Cancelled("the client has gone")
    finally:
        task.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
