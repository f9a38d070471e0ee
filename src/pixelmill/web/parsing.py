"""What httptools and uvicorn leave to be desired of HTTP/1.1: wishes to upgrade, and clients of HTTP/1.0.

Source: RFC 9110, 7.8, Upgrade; RFC 9112, 6.1, Transfer-Encoding.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import httptools
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

LONG = 1 << 62
"""More bytes than any answer has."""


class Head(Protocol):
    """What a parser tells of a request's head."""

    url: bytes
    headers: list[tuple[bytes, bytes]]


class Parser:
    """A parser for which the wish to go on in another protocol is a header like any other.

    For httptools, what follows such a head is that other protocol. But curl with `--http2` and Java's client send such a
    wish along with their first request, whose body would be lost. So the head is read a second time without it.
    """

    def __init__(self, head: Head) -> None:
        self._head = head
        self._parser = self._new()

    def feed_data(self, data: bytes) -> None:
        """Read what came. Raises `httptools.HttpParserError`."""
        while True:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as pause:
                head = _written(self.get_method(), self._head.url, self.get_http_version(), self._head.headers)
                data = head + data[pause.args[0] :]
                self._parser = self._new()
            else:
                return

    def should_upgrade(self) -> bool:
        """Tell whether the head that came wishes for another protocol: it is going to be read again."""
        return bool(self._parser.should_upgrade())

    def should_keep_alive(self) -> bool:
        """Tell whether the client may send another request."""
        return bool(self._parser.should_keep_alive())

    def get_method(self) -> bytes:
        """Return the request's method."""
        return bytes(self._parser.get_method())

    def get_http_version(self) -> str:
        """Return the request's version, such as 1.1."""
        return str(self._parser.get_http_version())

    def _new(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self._head)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # it is not read, and no reason to answer with 400
        return parser


def _written(method: bytes, url: bytes, version: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines = [b"%b %b HTTP/%b" % (method, url, version.encode())]
    lines += [b"%b: %b" % pair for pair in headers if pair[0] != b"upgrade"]
    return b"\r\n".join([*lines, b"", b""])


def without_chunks(cycle: RequestResponseCycle) -> None:
    """Have an answer whose length is not known end with the connection: clients of HTTP/1.0 know no chunks."""
    send = cycle.send

    async def sending(message: ASGISendEvent) -> None:
        if message["type"] == "http.response.start":
            if not any(name.lower() == b"content-length" for name, _ in message.get("headers", ())):
                cycle.chunked_encoding, cycle.expected_content_length = False, LONG
        elif message["type"] == "http.response.body" and not message.get("more_body") and not _is_sized(cycle):
            cycle.expected_content_length = len(message.get("body", b""))
        await send(message)

    cycle.send = sending  # type: ignore[method-assign]


def _is_sized(cycle: RequestResponseCycle) -> bool:
    return cycle.expected_content_length < LONG // 2
