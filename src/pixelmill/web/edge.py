"""What surrounds every request, whatever it asks for."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext, suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pixelmill.fleet.faults import as_error
from pixelmill.fleet.server import RunningCalls
from pixelmill.web import problems
from pixelmill.web.heads import fault_of
from pixelmill.web.origins import Origins

ENDLESS = ("/v1/events",)
"""What does not end by itself is not waited for when the server stops."""
LINGER_S = 2.0
"""Time that a client gets to read why its body was not wanted, seconds."""
SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""Headers of every answer that does not have its own: nothing here is a page, or part of one."""


class Edge:
    """Counts the requests that are being answered, so that the server does not stop before them; refuses those that are
    none, or that a page elsewhere has a browser send; answers HEAD as GET, and whatever goes wrong; adds the headers that
    browsers are to see; and lets clients whose body is not wanted read why.
    """

    def __init__(self, app: ASGIApp, calls: RunningCalls, origins: Origins) -> None:
        self._app = app
        self._calls = calls
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        endless = scope["path"] in ENDLESS
        if scope["method"] == "HEAD" and not endless:
            scope = {**scope, "method": "GET"}  # the server leaves the body out
        exchange = _Exchange(receive, send, has_body=_has_body(scope))
        if fault := fault_of(scope) or self._origins.fault_of(scope):
            await problems.respond(*fault)(scope, exchange.receive, exchange.send)
            return
        with nullcontext() if endless else self._calls.one():
            try:
                await self._app(scope, exchange.receive, exchange.send)
            except Exception as error:
                if exchange.is_over:  # it was answered, and logged, on its way here
                    return
                if exchange.has_begun:
                    raise
                await problems.answer(as_error(error))(scope, exchange.receive, exchange.send)


def _has_body(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            return True
    return False


class _Exchange:
    """A request's body and its answer, on their way."""

    def __init__(self, receive: Receive, send: Send, has_body: bool) -> None:
        self._receive = receive
        self._send = send
        self._is_read = not has_body
        self.has_begun = self.is_over = False

    async def receive(self) -> Message:
        """Give what comes."""
        message = await self._receive()
        if not message.get("more_body", False):
            self._is_read = True
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = list(message.get("headers", ()))
            known = {name for name, _ in headers}
            headers += [pair for pair in SAFE if pair[0] not in known]
            if not self._is_read:
                headers.append((b"connection", b"close"))
            await self._send({**message, "headers": headers})
        elif self._is_read or message.get("more_body", False):
            await self._send(message)
            self.is_over = not message.get("more_body", False)
        else:
            # A connection that is closed while its client sends may be lost before the client has read the answer.
            await self._send({**message, "more_body": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER_S):
                    while not self._is_read:
                        await self.receive()
            await self._send({"type": "http.response.body", "body": b""})
            self.is_over = True
