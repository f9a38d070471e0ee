"""One client's connection: how many there may be, how large and how slow its requests' heads, how slow it may read."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pixelmill.fleet.server import Server
from pixelmill.web import problems
from pixelmill.web.parsing import Parser, without_chunks

HEAD_BYTES = 32 * 1024
"""The most that a request's line and headers may take together, bytes."""
HEAD_S = 10.0
"""Time that they may take to come, and that a new connection may be silent, seconds."""
IDLE_S = 75
"""Time that a connection is kept for its next request, seconds: longer than load balancers keep theirs."""
STUCK_S = 20.0
"""Time in which a client has to read something of an answer, seconds."""
MOST = 4096


def most_connections() -> int:
    """Return how many connections there may be: half of the files that the process may open, so that all else goes on."""
    return min(MOST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)


class Connection(HttpToolsProtocol):
    """Uvicorn's connection, with bounds.

    Args:
        server: tells whether it is about to stop: clients then connect elsewhere for their next request.
        most: how many connections there may be.
        age_s: time after which the client has to connect anew, seconds.
    """

    def __init__(self, *, server: Server, most: int, age_s: float | None, **options: Any) -> None:
        super().__init__(**options)
        self.parser = Parser(self)  # type: ignore[assignment]
        self._stopping = server.draining
        self._most = most
        self._age_s = age_s
        self._born = self.loop.time()
        self._head: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._in_head = self._in_body = False
        self._head_bytes = self._named_bytes = self._unread = 0
        self._last_words = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._most:
            text = f"expected at most {self._most} connections, got one more; try again later"
            self._end(503, "OVERLOADED", text, {"Retry-After": "1"})
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        for timer in (self._head, self._stuck):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self.transport.is_closing() or self._last_words:
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing() or self._last_words:
            return
        if self._in_head and self._head_bytes > HEAD_BYTES:
            self._refuse_head()
        elif self._head is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()  # what came was no more than line ends

    def on_message_begin(self) -> None:
        """Begin to read a head."""
        super().on_message_begin()
        self._in_head, self._named_bytes = True, 0
        if self._head is None:
            self._await_head()

    def on_url(self, url: bytes) -> None:
        """Read a part of the path."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Read a header. Those that follow a body are not for the request: what is let in by its head is not changed."""
        self._count(len(name) + len(value) + 4)
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Have the request answered."""
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise ValueError  # ends the parser, which has it answered
            return
        if self._head:
            self._head.cancel()
            self._head = None
        self._in_head, self._in_body, self._head_bytes = False, True, 0
        super().on_headers_complete()
        if self.parser.get_http_version() == "1.0":
            without_chunks(self.cycle)
        is_old = self._age_s is not None and self.loop.time() - self._born > self._age_s
        if self.cycle and (is_old or self._stopping.is_set()):
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Take note of the end of a request's body."""
        if self.parser.should_upgrade():
            return
        self._in_body, self._head_bytes = False, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on to the next request, or to what is wrong with it."""
        if self._last_words and not self.pipeline and not self.transport.is_closing():
            self._close_with(self._last_words)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or more than may be."""
        if self._named_bytes > HEAD_BYTES:
            self._refuse_head()
        else:
            self._end(400, "BAD_REQUEST", "expected a request in HTTP/1.1, got something else")

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._unread = self.transport.get_write_buffer_size()
        self._stuck = self.loop.call_later(STUCK_S, self._look)

    def resume_writing(self) -> None:
        """Go on: it has read."""
        super().resume_writing()
        if self._stuck:
            self._stuck.cancel()
            self._stuck = None

    def _look(self) -> None:
        """End the connection of a client that reads nothing."""
        left = self.transport.get_write_buffer_size()
        if left >= self._unread:
            self.transport.abort()
            return
        self._unread = left
        self._stuck = self.loop.call_later(STUCK_S, self._look)

    def _await_head(self) -> None:
        self._head = self.loop.call_later(HEAD_S, self._too_late)

    def _too_late(self) -> None:
        self._head = None
        if self.transport.is_closing():
            return
        if not self._in_head:
            self.transport.close()
        elif self._is_answering:
            self._await_head()  # it is not read before the requests that came before are answered
        else:
            self._end(408, "REQUEST_TIMEOUT", f"expected a request's head within {HEAD_S:.0f} s, got a part of it")

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _count(self, size: int) -> None:
        self._named_bytes += size
        if self._named_bytes > HEAD_BYTES:
            raise ValueError  # ends the parser, which has it answered

    def _refuse_head(self) -> None:
        text = f"expected at most {HEAD_BYTES} bytes for the path and headers, got more: a form or the body takes more"
        self._end(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", text)

    def _end(self, status: int, reason: str, text: str, headers: dict[str, str] | None = None) -> None:
        """Answer what cannot be read, after the requests that came before it, and close the connection."""
        words = problems.as_bytes(status, reason, text, headers)
        if self._in_body and self.pipeline:
            self.pipeline.popleft()  # the request that it is the body of has not begun to be answered
            self._last_words = words
        elif self._in_body:
            self._close_with(b"" if self.cycle.response_started else words)
        elif self._is_answering:
            self._last_words = words
        else:
            self._close_with(words)

    def _close_with(self, words: bytes) -> None:
        self.transport.write(words)
        self.transport.close()
