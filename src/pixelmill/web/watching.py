"""How the fleet is and what it does: instances, requests, the last minutes, and all of it live."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from fastapi.openapi.models import Example
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from pixelmill.errors import expected
from pixelmill.fleet.service import FleetService
from pixelmill.schema import pipeline_schema
from pixelmill.web.feed import Feed
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

FEW: dict[str, Example] = {"few": {"summary": "The last ten", "value": 10}}
ANY: dict[str, Example] = {"mine": {"summary": "One that its client named", "value": "my-request-1"}}


class EventsResponse(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


def router(service: FleetService) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1")
    feed = Feed(service)

    @routes.get("/operations", summary="The JSON Schema of pipelines, with every operation")
    async def operations() -> dict[str, Any]:
        return pipeline_schema(service.limits)

    @routes.get("/fleet", summary="Every instance, and how it is")
    async def fleet(
        cache_control: Annotated[str, Header(description="no-cache: as it is now, and not up to half a second ago")] = "",
    ) -> FleetView:
        return fleet_view(service, await service.monitor.look(anew="no-cache" in cache_control.lower()))

    @routes.get("/requests", summary="The last requests")
    async def requests(
        limit: Annotated[int, Query(ge=1, le=1000, description="how many", openapi_examples=FEW)] = 100,
    ) -> Requests:
        return Requests(requests=[request_view(record) for record in service.history.recent(limit)])

    @routes.get("/requests/{id}", summary="One request, with all of its hops")
    async def request(id: Annotated[str, Path(description="the request's", openapi_examples=ANY)]) -> RequestDetail:
        record = service.history.get(id)
        if record is None:
            raise HTTPException(404, expected("the id of a running or recent request", "id", id))
        return request_detail(record)

    @routes.get("/timeline", summary="The last ten minutes, second by second")
    async def timeline() -> Timeline:
        return Timeline(seconds=[second_view(second) for second in service.timeline.seconds()])

    @routes.get("/events", summary="All of it live, as server-sent events", response_class=EventsResponse)
    async def events(
        last_event_id: Annotated[str, Header(description="the id of the last event that came, of who comes back")] = "",
    ) -> EventsResponse:
        """Events: `fleet` (as in /v1/fleet), `requests` (those that changed, as in /v1/requests; the last ones at first),
        `seconds` (as in /v1/timeline, with the time as id), each with its JSON as data. It ends when the server stops.
        """
        after = int(last_event_id) if re.fullmatch(r"\d{1,12}", last_event_id) else 0
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return EventsResponse(feed.events(after), headers=headers)

    return routes
