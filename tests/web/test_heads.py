"""Heads of requests as an attacker, an old client or a proxy writes them, and what of them is let through to whom."""

from __future__ import annotations

import re

import pytest

from tests.fleet.processes import Fleet, fleet
from tests.fleet.requests import LONG, PICTURE, large
from tests.web.raw import connected, post, read_all, read_until

URL = "/v1/process?pipeline=negative"
LENGTH = f"Content-Length: {len(PICTURE)}"
CHUNKED = b"%x\r\n%b\r\n0\r\n" % (len(PICTURE), PICTURE)
UPGRADE = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
LAST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def talk(served: Fleet, *parts: bytes) -> bytes:
    """Send parts, each once the one before has arrived, and return all that comes back until the connection ends."""
    with connected(served.orchestrator) as connection:
        for part in parts:
            connection.sendall(part)
        return read_all(connection)


def statuses(answers: bytes) -> list[int]:
    """Return the status of each of several answers."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /livez HTTP/1.1\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: user@localhost\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: localhost:80:80\r\n\r\n", 400),
        (b"GET /livez HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
        (b"GET /livez HTTP/9.9\r\nHost: localhost\r\n\r\n", 400),
        (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (post(URL, "Transfer-Encoding: gzip, chunked"), 501),
        (post(URL, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400),
        (post(URL, "Transfer-Encoding: xchunked"), 400),
        (post(URL, "Transfer-Encoding: chunked, gzip"), 400),
        (post(URL, "Transfer-Encoding : chunked"), 400),
        (post(URL, "Transfer-Encoding: \x0bchunked"), 400),
        (post(URL, LENGTH, "Transfer-Encoding: chunked"), 400),
        (post(URL, LENGTH, LENGTH), 400),
        (post(URL, "Content-Length: 3, 3"), 400),
        (post(URL, "Content-Length: +3"), 400),
        (post(URL, "Transfer-Encoding: chunked").replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\nHost: localhost\n\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    ],
)
def test_what_is_no_request(served: Fleet, head: bytes, status: int) -> None:
    with connected(served.orchestrator) as connection:
        connection.sendall(head)
        got = read_until(connection, b"\r\n\r\n")
    assert statuses(got) == [status]
    assert b"application/problem+json" in got


@pytest.mark.parametrize(
    "line", ["GET http://elsewhere/livez HTTP/1.1", "GET /livez HTTP/1.1", "GET /livez HTTP/1.0", "OPTIONS * HTTP/1.1"]
)
def test_what_is_one(served: Fleet, line: str) -> None:
    got = talk(served, f"{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert statuses(got) == [204 if "*" in line else 200]


def test_a_client_of_http_1_0_needs_no_host(served: Fleet) -> None:
    assert statuses(talk(served, b"GET /livez HTTP/1.0\r\n\r\n")) == [200]


def test_a_client_of_http_1_0_gets_no_chunks(served: Fleet) -> None:
    """They would be bytes of the answer to it, which ends with the connection."""
    with connected(served.orchestrator) as connection:
        connection.sendall(b"GET /v1/events HTTP/1.0\r\n\r\n")
        got = read_until(connection, b"event: ")
    head, _, body = got.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert b"connection: close" in head
    assert body.startswith(b"retry: 1000\n\nevent: ")


def test_head_without_a_body(served: Fleet) -> None:
    got = talk(served, b"HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" + LAST + b"nonsense\r\n\r\n")
    assert statuses(got) == [200, 200]
    assert got.endswith(b"alive\n")
    assert statuses(talk(served, b"HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n")) == [200, 400]


def test_an_endless_answer_to_http_1_0_ends_in_peace() -> None:
    with fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1") as made, connected(made.orchestrator) as connection:
        connection.sendall(b"GET /v1/events HTTP/1.0\r\n\r\n")
        assert b"retry" in read_until(connection, b"retry: 1000\n\n")
        assert made.orchestrator.terminate() == 0
        read_all(connection)
        assert "ERROR" not in made.orchestrator.errors()
        assert "Traceback" not in made.orchestrator.errors()


@pytest.mark.parametrize("cut", [0, 1, 40, 110, 150])
def test_a_wish_to_upgrade_is_not_granted_and_does_no_harm(served: Fleet, cut: int) -> None:
    """As curl sends it with --http2, and Java's client always: the body follows in HTTP/1.1."""
    head = post(URL, LENGTH, *UPGRADE)
    got = talk(served, head[:cut], head[cut:] + PICTURE[:50], PICTURE[50:] + LAST)
    assert statuses(got) == [200, 200]
    assert b"content-type: image/png" in got
    assert got.endswith(b"alive\n")


def test_a_wish_to_upgrade_with_chunks(served: Fleet) -> None:
    head = post(URL, "Transfer-Encoding: chunked", *UPGRADE)
    assert statuses(talk(served, head + CHUNKED + b"\r\n" + head + CHUNKED + b"\r\n" + LAST)) == [200, 200, 200]


def test_what_follows_a_body_is_not_taken_for_the_head(served: Fleet) -> None:
    """Proxies check heads; trailers they pass on, or do not know of."""
    trailers = b"X-Request-Id: by-trailer\r\nX-Pipeline: sepia\r\nAccept: application/json\r\n\r\n"
    got = talk(served, post(URL, "Transfer-Encoding: chunked", "Connection: close") + CHUNKED + trailers)
    assert statuses(got) == [200]
    assert b"content-type: image/png" in got
    assert b"by-trailer" not in got


def test_trailers_are_bounded(served: Fleet) -> None:
    head = post(URL, "Transfer-Encoding: chunked")
    assert statuses(talk(served, head + CHUNKED + b"X: y\r\n" * 40_000)) == [431]


def test_several_requests_at_once(served: Fleet) -> None:
    got = talk(served, LAST.replace(b"Connection: close\r\n", b"") + post(URL, LENGTH) + PICTURE + LAST)
    assert statuses(got) == [200, 200, 200]


@pytest.mark.parametrize(
    "rest", [b"nonsense\r\n\r\n", post(URL, "Content-Length: -1"), b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000 + b"\r\n\r\n"]
)
def test_answers_come_in_order(served: Fleet, rest: bytes) -> None:
    """What cannot be read is said after the requests before it are answered, not in place of their answers."""
    got = talk(served, post(URL, LENGTH) + PICTURE + rest)
    assert statuses(got) == [200, 431 if len(rest) > 32_768 else 400]


def test_a_body_that_cannot_be_read(served: Fleet) -> None:
    """It is said at once, and after the answers to the requests before."""
    broken = post(URL, "Transfer-Encoding: chunked") + b"5\r\nhello--"
    assert statuses(talk(served, broken)) == [400]
    assert statuses(talk(served, post(URL, LENGTH) + PICTURE + broken)) == [200, 400]


SHORT = """
import pixelmill.web.connections as connections
connections.HEAD_S = 0.2
from pixelmill.orchestrator import main; main()
"""


def test_half_a_head_waits_for_the_answer_before_it() -> None:
    """It is not late before its turn has come."""
    with fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", orchestrator_code=SHORT) as made:
        body = large()
        head = post(f"/v1/process?pipeline={LONG.replace(' ', '').replace('|', '%7C')}", f"Content-Length: {len(body)}")
        assert statuses(talk(made, head + body + b"GET /livez HTT")) == [200, 408]


@pytest.mark.parametrize("path", ["/v1/fleet/", "/static", "//elsewhere.test/%2e%2e", "/docs/", "/livez/"])
def test_nobody_is_sent_to_the_host_that_a_request_names(served: Fleet, path: str) -> None:
    got = talk(served, f"GET {path} HTTP/1.1\r\nHost: elsewhere.localhost\r\nConnection: close\r\n\r\n".encode())
    assert statuses(got)[0] in (200, 404)
    assert b"location" not in got.lower()


@pytest.mark.parametrize(
    "path", ["..%2fapp.py", "../app.py", "%2e%2e%5capp.py", "a%00b", "/etc/passwd", "%2fetc/passwd", "a" * 5000]
)
def test_nothing_but_the_pages_files(served: Fleet, path: str) -> None:
    assert statuses(
        talk(served, f"GET /static/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    ) == [404]
