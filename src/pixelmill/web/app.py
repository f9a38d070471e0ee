"""All routes of the orchestrator's HTTP side in one application."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from fastapi.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pixelmill import __version__
from pixelmill.fleet.server import RunningCalls
from pixelmill.fleet.service import FleetService
from pixelmill.fleet.tokens import Tokens
from pixelmill.web import dashboard, metrics, problems, processing, watching
from pixelmill.web.access import guard
from pixelmill.web.ondemand import routes as ondemand

ENDLESS = ("/v1/events",)
"""What does not end by itself is not waited for when the server stops."""


def make_app(service: FleetService, tokens: Tokens | None) -> ASGIApp:
    """Return the application that answers for a service. Those with one of the tokens are let in; everyone where None."""
    app = FastAPI(title="Pixelmill", version=__version__, summary="Pictures in parallel: resize, filter, watermark, encode.")
    problems.add_to(app)
    guarded = [Depends(guard(tokens))]
    app.include_router(processing.router(service), dependencies=guarded, tags=["pictures"])
    app.include_router(watching.router(service), dependencies=guarded, tags=["fleet"])
    app.include_router(metrics.router(service, tokens), dependencies=guarded, tags=["fleet"])
    app.include_router(ondemand.router(service), tags=["pictures"])  # signatures guard it

    @app.get("/livez", response_class=PlainTextResponse, tags=["health"], summary="Whether the process is alive")
    async def livez() -> str:
        return "alive\n"

    @app.get("/readyz", response_class=PlainTextResponse, tags=["health"], summary="Whether to send requests here")
    async def readyz() -> PlainTextResponse:
        serving = service.server.serving
        return PlainTextResponse("ready\n" if serving else "shutting down\n", 200 if serving else 503)

    dashboard.add_to(app)
    return _Counted(app, service.server.calls)


class _Counted:
    """Counts the requests that are being answered, so that the server does not stop before them."""

    def __init__(self, app: ASGIApp, calls: RunningCalls) -> None:
        self._app = app
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ENDLESS:
            await self._app(scope, receive, send)
            return
        with self._calls.one():
            await self._app(scope, receive, send)
