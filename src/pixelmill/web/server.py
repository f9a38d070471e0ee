"""The HTTP server, in the orchestrator's own event loop."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn

from pixelmill.errors import Unavailable
from pixelmill.fleet.exposure import protection
from pixelmill.fleet.service import FleetService
from pixelmill.fleet.tokens import Tokens
from pixelmill.settings import OrchestratorSettings
from pixelmill.web.app import make_app

BACKLOG = 1024
log = logging.getLogger("pixelmill.web")


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process, which has another server, too."""
        yield


class HttpServer:
    """Answers HTTP for a service."""

    def __init__(self, service: FleetService, tokens: Tokens | None) -> None:
        self._settings = service.settings
        config = uvicorn.Config(
            make_app(service, tokens),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        config.load()
        # Given as a whole, as the key is checked by whoever makes it.
        config.ssl = _tls(self._settings)
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            Unavailable: the address is taken.
        """
        listener = _listen(self._settings)
        port = int(listener.getsockname()[1])
        self._serving = asyncio.create_task(self._server.serve([listener]))
        while not self._server.started and not self._serving.done():
            await asyncio.sleep(0.005)
        if self._serving.done():
            self._serving.result()
        log.info("listening for HTTP on %s:%d, %s", self._settings.host, port, protection(self._settings))
        return port

    async def stop(self) -> None:
        """Stop; what is still being answered gets a second."""
        self._server.should_exit = True
        if self._serving:
            with suppress(asyncio.CancelledError):
                await self._serving


def _tls(settings: OrchestratorSettings) -> ssl.SSLContext | None:
    if not settings.tls_cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=settings.tls_client_ca or None)
    context.load_cert_chain(settings.tls_cert, settings.tls_key)
    if settings.tls_client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _listen(settings: OrchestratorSettings) -> socket.socket:
    host, port = settings.host.strip("[]"), max(0, settings.http_port)
    everywhere = host == "::" and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=everywhere)
    except OSError as error:
        hint = "--http-port or PIXELMILL_HTTP_PORT names another, 0 turns HTTP off"
        raise Unavailable(
            f"expected a free address for HTTP, got {settings.host}:{port}: {error.strerror}; {hint}"
        ) from None
