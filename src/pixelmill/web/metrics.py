"""`GET /metrics`: what Prometheus reads."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from pixelmill.errors import Unauthenticated
from pixelmill.fleet.service import FleetService
from pixelmill.fleet.tokens import Tokens
from pixelmill.telemetry.requests import RequestMetrics
from pixelmill.telemetry.state import Both, FleetState


def router(service: FleetService, tokens: Tokens | None) -> APIRouter:
    """Return the route. From now on the service's requests are counted, and those who are not let in by `tokens`."""
    # A second series for each of them, with the time of its first sample, which nobody asks for.
    disable_created_metrics()
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    service.watchers.append(RequestMetrics(registry).add)
    routes = APIRouter()

    @routes.get("/metrics", summary="Metrics for Prometheus, as text or as OpenMetrics", response_class=Response)
    async def metrics(request: Request) -> Response:
        state = await _state(service, tokens)
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        # In a thread: with many instances it is some milliseconds of work.
        text = await asyncio.to_thread(encode, Both(registry, state))
        return Response(text, media_type=media_type, headers={"Cache-Control": "no-store"})

    return routes


async def _state(service: FleetService, tokens: Tokens | None) -> FleetState:
    snapshot = await service.monitor.look()
    refused = {Unauthenticated.reason: tokens.refused} if tokens else {}
    return FleetState(
        instances=(*snapshot.instances, snapshot.orchestrator),
        in_flight=service.in_flight,
        queued=service.admission.waiting,
        places=service.admission.places,
        quarantined=len(service.dispatcher.quarantine),
        slots={"used": service.slots.used, "free": service.slots.free},
        slot_bytes=service.slots.size,
        rejected={**service.rejected, **refused},
    )
