"""Web servers that answer what is no picture, no HTTP, too much or nothing."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest

from pixelmill.errors import ImageTooLarge, PixelmillError, SourceFailed, SourceForbidden, SourceNotFound
from pixelmill.limits import Limits
from pixelmill.web.ondemand.allowlist import AllowList
from pixelmill.web.ondemand.remote import Web
from pixelmill.web.ondemand.source import Fetched
from tests.web.ondemand.host import (
    PictureHost,
    Reply,
    fetch,
    lone_host,  # noqa: F401 - in place of the host that all tests share
    refusal,
)


def test_very_many_tiny_chunks(host: PictureHost) -> None:
    """They take no more memory than what is in them."""
    host.replies["/a.png"] = Reply(chunks=lambda: iter([b"ab"] * 5000))
    assert fetch(Web(AllowList(f"{host.url}/", host.address), Limits(), 30), f"{host.url}/a.png") == [Fetched(b"ab" * 5000)]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(b"x" * 1001), ImageTooLarge),
        (Reply(headers={"Content-Length": "1001"}), ImageTooLarge),
        (Reply(chunks=lambda: iter(lambda: b"x" * 100, b"")), ImageTooLarge),
        (Reply(gzip.compress(b"x" * 100_000), headers={"Content-Encoding": "gzip"}), SourceFailed),
        (Reply(headers={"Content-Encoding": "br"}), SourceFailed),
        (Reply(b"short", headers={"Content-Length": "900"}), SourceFailed),
        (Reply(status=404), SourceNotFound),
        (Reply(status=410), SourceNotFound),
        (Reply(status=403), SourceForbidden),
        (Reply(status=500), SourceFailed),
        (Reply(b"part", status=206), SourceFailed),
        (Reply(status=302), SourceFailed),
    ],
)
def test_answers_that_are_no_picture(host: PictureHost, reply: Reply, error: type[PixelmillError]) -> None:
    host.replies["/b.png"] = reply
    limits = Limits(max_input_bytes=1000)
    said = refusal(
        Web(AllowList(f"{host.url}/", host.address), limits, 1 if reply.body == b"short" else 30), f"{host.url}/b.png"
    )
    assert type(said) is error


@contextmanager
def speaking(start: bytes, on_and_on: bytes = b"") -> Iterator[str]:
    """Answer one client with bytes, and with others until it has gone; give the URL."""

    def answer() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(start)
            while on_and_on:
                connection.sendall(on_and_on)
            connection.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(answer)
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "on_and_on"),
    [
        (OK, b"X: " + b"a" * 1000 + b"\r\n"),
        (OK + b"X: ", b"a" * 1000),
        (b"HTTP/1.1 200 ", b"a" * 1000),
        (CHUNKED, b"0" * 1000),
        (CHUNKED + b"5;", b"a" * 1000),
        (CHUNKED + b"0\r\n", b"X: " + b"a" * 1000 + b"\r\n"),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", b""),
        (OK + b"Content-Length: -5\r\n\r\nhello", b""),
        (OK + b"Content-Length: \xb2\r\n\r\nhello", b""),
        (OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nhello", b""),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b""),
        (OK + b"ETag: a\0b\r\nContent-Length: 5\r\n\r\nhello", b""),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello", b""),
        (b"HTTP/1.1 302 Found\r\nLocation: /a\tb\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 302 Found\r\nLocation: //[::1\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 302 Found\r\nLocation: /" + b"a" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n", b""),
        (b"\x16\x03\x01\x00\x00 no HTTP at all \r\n\r\n", b""),
    ],
)
def test_servers_that_do_not_speak_http(start: bytes, on_and_on: bytes) -> None:
    with speaking(start, on_and_on) as url:
        said = refusal(Web(AllowList(url, "127.0.0.1"), Limits(), 60), f"{url}a.png")
    assert type(said) is SourceFailed
    assert "within" not in str(said)  # it is seen, and not waited for
    assert len(str(said)) < 300


def test_what_is_more_than_was_announced_is_not_read() -> None:
    with speaking(OK + b"Content-Length: 5\r\n\r\nhello world") as url:
        assert fetch(Web(AllowList(url, "127.0.0.1"), Limits(), 60), f"{url}a.png") == [Fetched(b"hello")]


def test_one_that_never_ends_is_given_up(host: PictureHost) -> None:
    """A byte now and then keeps no connection alive for longer than the whole may take."""

    def slowly() -> Iterator[bytes]:
        while not gone.is_set():
            yield b"x"
            gone.wait(0.05)

    gone = threading.Event()
    host.replies["/slow.png"] = Reply(chunks=slowly)
    said = refusal(Web(AllowList(f"{host.url}/", host.address), Limits(), 0.5), f"{host.url}/slow.png")
    gone.set()
    assert (type(said), str(said)) == (SourceFailed, "expected the source within 0.5 s, got no end of it from 127.0.0.1")


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    said = refusal(Web(AllowList(f"http://127.0.0.1:{port}/", "127.0.0.1"), Limits(), 10), f"http://127.0.0.1:{port}/a.png")
    assert type(said) is SourceFailed
