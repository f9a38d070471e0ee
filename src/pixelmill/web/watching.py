"""How the fleet is and what it does: instances, requests, the last minutes, and all of it live."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from pixelmill.errors import expected
from pixelmill.fleet.history import Record
from pixelmill.fleet.monitor import Snapshot
from pixelmill.fleet.service import FleetService
from pixelmill.schema import pipeline_schema
from pixelmill.web.views import (
    FleetView,
    RequestDetail,
    Requests,
    Timeline,
    fleet_view,
    request_detail,
    request_view,
    second_view,
)

EVENTS_S = 0.25
"""Time between two looks at what is new, seconds."""
MOST_RECORDS = 200
"""Requests that are told of at a time: where there are more, those that came last."""


def router(service: FleetService) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1")

    @routes.get("/operations", summary="The JSON Schema of pipelines, with every operation")
    async def operations() -> dict[str, Any]:
        return pipeline_schema(service.limits)

    @routes.get("/fleet", summary="Every instance, and how it is")
    async def fleet() -> FleetView:
        return fleet_view(service, await service.monitor.look())

    @routes.get("/requests", summary="The last requests")
    async def requests(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Requests:
        return Requests(requests=[request_view(record) for record in service.history.recent(limit)])

    @routes.get("/requests/{id}", summary="One request, with all of its hops")
    async def request(id: str) -> RequestDetail:
        record = service.history.get(id)
        if record is None:
            raise HTTPException(404, expected("the id of a running or recent request", "id", id))
        return request_detail(record)

    @routes.get("/timeline", summary="The last ten minutes, second by second")
    async def timeline() -> Timeline:
        return Timeline(seconds=[second_view(second) for second in service.timeline.seconds()])

    @routes.get("/events", summary="All of it live, as server-sent events", response_class=StreamingResponse)
    async def events() -> StreamingResponse:
        """Events: `fleet` (as in /v1/fleet), `requests` (those that changed, as in /v1/requests), `seconds` (as in
        /v1/timeline), each with its JSON as data.
        """
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_events(service), media_type="text/event-stream", headers=headers)

    return routes


async def _events(service: FleetService) -> AsyncIterator[bytes]:
    changed: OrderedDict[str, Record] = OrderedDict()
    latest: Snapshot | None = None
    last_second = 0

    def note(record: Record) -> None:
        changed[record.id] = record
        changed.move_to_end(record.id)
        if len(changed) > MOST_RECORDS:
            changed.popitem(last=False)

    async def look() -> None:
        nonlocal latest
        async for snapshot in service.monitor.follow():
            latest = snapshot

    service.watchers.append(note)
    looking = asyncio.create_task(look())
    try:
        while not service.server.closed:
            if latest:
                snapshot, latest = latest, None
                yield _event("fleet", fleet_view(service, snapshot))
            if changed:
                news = Requests(requests=[*map(request_view, reversed(changed.values()))])
                changed.clear()
                yield _event("requests", news)
            seconds = [second_view(second) for second in service.timeline.seconds() if second.at > last_second]
            if seconds:
                last_second = seconds[-1].at
                yield _event("seconds", Timeline(seconds=seconds))
            await asyncio.sleep(EVENTS_S)
    finally:
        service.watchers.remove(note)
        looking.cancel()


def _event(name: str, view: BaseModel) -> bytes:
    return f"event: {name}\ndata: {view.model_dump_json()}\n\n".encode()
