"""Whether the process is alive, and whether requests are to be sent to it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from pixelmill.fleet.service import FleetService


def router(service: FleetService) -> APIRouter:
    """Return the routes, which want no token: probes have none."""
    routes = APIRouter()
    unready: dict[int | str, dict[str, Any]] = {
        503: {"description": "Not now; the text says why", "content": {"text/plain": {"example": "shutting down\n"}}}
    }

    @routes.get("/livez", response_class=PlainTextResponse, summary="Whether the process is alive")
    async def livez() -> str:
        """Answers at once, whatever the fleet is at."""
        return "alive\n"

    @routes.get("/readyz", response_class=PlainTextResponse, summary="Whether to send requests here", responses=unready)
    async def readyz() -> PlainTextResponse:
        """Answers 503 from when the process was told to stop, though it goes on answering requests for a while, and where no
        instance of some pool can be reached.
        """
        if not service.server.serving:
            return PlainTextResponse("shutting down\n", 503)
        if missing := service.out_of_reach():
            return PlainTextResponse(f"no instance can be reached of: {', '.join(missing)}\n", 503)
        return PlainTextResponse("ready\n")

    return routes
