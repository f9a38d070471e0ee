"""All routes of the orchestrator's HTTP side in one application."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from pixelmill import __version__
from pixelmill.fleet.service import FleetService
from pixelmill.fleet.tokens import Tokens
from pixelmill.web import dashboard, docs, health, metrics, problems, processing, watching
from pixelmill.web.access import guard
from pixelmill.web.edge import Edge
from pixelmill.web.ondemand import routes as ondemand
from pixelmill.web.origins import SHARED, Origins
from pixelmill.web.traced import Traced


def make_app(service: FleetService, tokens: Tokens | None) -> ASGIApp:
    """Return the application that answers for a service. Those with one of the tokens are let in; everyone where None."""
    app = FastAPI(
        title="Pixelmill",
        version=__version__,
        summary="Pictures in parallel: resize, filter, watermark, encode.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # to whatever host the request names
        # Newer versions have spans of their own, with the query in them, which may be a signature or a watermark's text.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    origins = Origins(service.settings)
    if origins.allowed:
        app.add_middleware(CORSMiddleware, allow_origins=origins.allowed, **SHARED)
    problems.add_to(app)
    guarded = [Depends(guard(tokens))]
    app.include_router(processing.router(service), dependencies=guarded, tags=["pictures"])
    app.include_router(watching.router(service), dependencies=guarded, tags=["fleet"], responses=problems.RESPONSES)
    app.include_router(metrics.router(service, tokens), dependencies=guarded, tags=["fleet"])
    app.include_router(ondemand.router(service), tags=["pictures"])  # signatures guard it
    app.include_router(health.router(service), tags=["health"])
    docs.add_to(app, wants_token=tokens is not None)
    dashboard.add_to(app)
    return Edge(Traced(app), service.server.calls, origins)
