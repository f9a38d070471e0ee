"""A web server with pictures, which does what a test tells it to."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pixelmill.errors import PixelmillError
from pixelmill.web.ondemand.remote import Web
from pixelmill.web.ondemand.source import Fetched

DATA = b"a picture's bytes"


@dataclass
class Reply:
    """What is answered at a path: a body, or chunks that are sent one by one until the client is gone."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Callable[[], Iterator[bytes]] | None = None


class PictureHost:
    """Answers what is in `replies`, by path, and notes who asked for what."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.replies: dict[str, Reply | Callable[[], Reply]] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self._server.server_address[1])
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http{'s' if tls else ''}://{self.address}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def times(self, path: str) -> int:
        """Return how often a path has been asked for."""
        return sum(seen == path for seen, _ in self.seen)

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                reply = host.replies.get(self.path, Reply(b"nothing here", 404))
                reply = reply() if callable(reply) else reply
                tag = reply.headers.get("ETag")
                if tag and self.headers.get("If-None-Match") == tag:
                    reply = Reply(status=304, headers=reply.headers)
                self._answer(reply)

            def _answer(self, reply: Reply) -> None:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.chunks is None:
                    if reply.status != 304 and "Content-Length" not in reply.headers:
                        self.send_header("Content-Length", str(len(reply.body)))
                    self.end_headers()
                    self.wfile.write(reply.body)
                    return
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                try:
                    for chunk in reply.chunks():
                        self.wfile.write(chunk)
                except OSError:
                    pass

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler


@contextmanager
def picture_host(tls: ssl.SSLContext | None = None) -> Iterator[PictureHost]:
    """Run a server for as long as needed."""
    host = PictureHost(tls)
    try:
        yield host
    finally:
        host.close()


@pytest.fixture(name="host")
def lone_host() -> Iterator[PictureHost]:
    """A server with one picture, for one test."""
    with picture_host() as made:
        made.replies["/a.png"] = Reply(DATA)
        yield made


def fetch(web: Web, *urls: str, known: str = "") -> list[Fetched | None]:
    """Fetch one URL after the other."""

    async def all_of_them() -> list[Fetched | None]:
        try:
            return [await web.fetch(web.allowed.web(url), known) for url in urls]
        finally:
            await web.close()

    return asyncio.run(all_of_them())


def refusal(web: Web, url: str) -> PixelmillError:
    """Return why a URL cannot be fetched."""
    with pytest.raises(PixelmillError) as caught:
        fetch(web, url)
    return caught.value
