"""A span around each HTTP request that is processed, as part of the caller's trace."""

from __future__ import annotations

from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pixelmill.telemetry import tracing

UNTRACED = ("/v1/events", "/v1/fleet", "/v1/timeline", "/metrics", "/livez", "/readyz", "/static/")
"""What is asked all the time, and what never ends."""
FAULTS = 500


class Traced:
    """Opens the spans."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not tracing.active() or scope["type"] != "http" or scope["path"].startswith(UNTRACED):
            await self._app(scope, receive, send)
            return
        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        method = scope["method"]
        with tracing.joined(carrier), tracing.span(method, {"http.request.method": method}, SpanKind.SERVER) as span:

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    # Source: OpenTelemetry, semantic conventions for HTTP: the route, as paths may hold anything.
                    route = getattr(scope.get("route"), "path", "")
                    span.update_name(f"{method} {route}".strip())
                    tracing.note({"http.route": route, "http.response.status_code": message["status"]})
                    if message["status"] >= FAULTS:
                        tracing.failed(str(message["status"]))
                await send(message)

            await self._app(scope, receive, sending)
