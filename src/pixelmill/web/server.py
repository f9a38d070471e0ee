"""The HTTP server, in the orchestrator's own event loop."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from math import ceil
from typing import cast

import uvicorn

from pixelmill.errors import Unavailable
from pixelmill.fleet.credentials import server_tls
from pixelmill.fleet.exposure import exposure, protection
from pixelmill.fleet.options import CONNECTION_AGE_S
from pixelmill.fleet.service import FleetService
from pixelmill.fleet.tokens import Tokens
from pixelmill.settings import OrchestratorSettings
from pixelmill.web.app import make_app
from pixelmill.web.connections import IDLE_S, Connection, most_connections
from pixelmill.web.tls import changing_context

BACKLOG = 1024
HANDSHAKE_S = 10.0
log = logging.getLogger("pixelmill.web")


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process, which has another server, too."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen as uvicorn does, but do not wait a minute for a client's part of TLS."""
        config, loop = self.config, asyncio.get_running_loop()

        def connection() -> asyncio.Protocol:
            made: asyncio.Protocol = config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=self.server_state, app_state={}, _loop=loop
            )
            return made

        patience = HANDSHAKE_S if config.ssl else None
        self.servers = [
            await loop.create_server(
                connection, sock=one, ssl=config.ssl, backlog=config.backlog, ssl_handshake_timeout=patience
            )
            for one in sockets or []
        ]
        self.started = True


class HttpServer:
    """Answers HTTP for a service."""

    def __init__(self, service: FleetService, tokens: Tokens | None) -> None:
        self._settings = service.settings
        self._stopping = service.server
        tls = server_tls(self._settings)
        age_s = self._settings.connection_age_s or (CONNECTION_AGE_S if tls else None)
        connection = partial(Connection, server=service.server, most=most_connections(), age_s=age_s)
        config = uvicorn.Config(
            make_app(service, tokens),
            http=cast(type[asyncio.Protocol], connection),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # nobody asks where a request is said to come from
            server_header=False,
            timeout_keep_alive=IDLE_S,
            backlog=BACKLOG,
        )
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
        config.load()
        # Given as a whole, as the files are checked by whoever makes it, and may change.
        config.ssl = changing_context(tls) if tls else None
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            Unavailable: the address is taken.
        """
        listener = listen(self._settings)
        port = int(listener.getsockname()[1])
        self._serving = asyncio.create_task(self._server.serve([listener]))
        while not self._server.started and not self._serving.done():
            await asyncio.sleep(0.005)
        if self._serving.done():
            self._serving.result()
        log.info("listening for HTTP on %s:%d, %s", self._settings.host, port, protection(self._settings))
        if warning := exposure(self._settings, port):
            log.warning(warning)
        return port

    async def stop(self) -> None:
        """Stop. What has been answered already, but is not read by its client yet, has time until the grace is over."""
        left_s = self._settings.grace_s - self._stopping.closing_for_s
        self._server.config.timeout_graceful_shutdown = max(1, ceil(left_s))
        self._server.should_exit = True
        if self._serving:
            with suppress(asyncio.CancelledError):
                await self._serving


def listen(settings: OrchestratorSettings) -> socket.socket:
    """Return a socket that listens where the settings say. Raises `Unavailable` where the address is taken."""
    host, port = settings.host.strip("[]"), max(0, settings.http_port)
    everywhere = host == "::" and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=everywhere)
        # asyncio does so itself only for sockets whose protocol is named: head and body of an answer are two writes, and the
        # second would wait for the client to acknowledge the first, which takes it 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        hint = "--http-port or PIXELMILL_HTTP_PORT names another, 0 turns HTTP off"
        raise Unavailable(
            f"expected a free address for HTTP, got {settings.host}:{port}: {error.strerror}; {hint}"
        ) from None
