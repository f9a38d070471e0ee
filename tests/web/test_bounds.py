"""What is bounded: bodies, heads, connections, what waits; and what is never read or never ends."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from pixelmill.errors import Overloaded
from pixelmill.settings import OrchestratorSettings
from pixelmill.web.arriving import Arriving
from pixelmill.web.server import listen
from tests.fleet.processes import PATIENCE_S, Fleet, fleet, wait_for
from tests.fleet.requests import INSTANT, LONG, PICTURE, large
from tests.web.raw import connected, post, read_all, read_until

URL = "/v1/process?pipeline=negative"
SHORT = """
import pixelmill.web.body as body, pixelmill.web.connections as connections
body.SILENCE_S = connections.HEAD_S = connections.STUCK_S = 0.5
connections.most_connections = lambda: 8
import pixelmill.web.server as server
server.most_connections = connections.most_connections
from pixelmill.orchestrator import main; main()
"""
"""An orchestrator that has less patience, and fewer connections."""


def told(client: httpx.Client, id: str) -> dict[str, object]:
    answer = client.get(f"/v1/requests/{id}")
    return dict(answer.json()) if answer.status_code == 200 else {}


def test_expect_continue(served: Fleet) -> None:
    with connected(served.orchestrator) as connection:
        connection.sendall(post(URL, f"Content-Length: {len(PICTURE)}", "Expect: 100-continue", "Connection: close"))
        assert read_until(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(PICTURE)
        assert read_all(connection).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (post(URL, "Content-Length: 999999999999", "Expect: 100-continue"), b"413"),
        (post(URL, "Content-Length: 99999999999999999999999999"), b"40"),
        (post("/v1/process?pipeline=nothing", "Content-Length: 1000", "Expect: 100-continue"), b"400"),
        (post("/v1/process?pipeline=nothing", "Content-Length: 1000000"), b"400"),
        (post(URL, "Content-Length: 5", "Transfer-Encoding: chunked"), b"400"),
        (post("/" + "a" * 40_000), b"431"),
        (post("/", *(f"X-{n}: {'a' * 100}" for n in range(400))), b"431"),
        (post("/", "X: " + "a" * 300_000), b"431"),
        (b"\x16\x03\x01 no HTTP at all\r\n\r\n", b"400"),
    ],
)
def test_what_is_refused_before_a_body_comes(served: Fleet, head: bytes, status: bytes) -> None:
    """Nothing of the body is sent: who answers has not waited for it."""
    with connected(served.orchestrator) as connection:
        connection.sendall(head)
        got = read_until(connection, b"\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 " + status)
    assert b"application/problem+json" in got
    assert b"connection: close" in got.lower()


def test_a_refusal_is_read_by_a_client_that_sends_on(served: Fleet) -> None:
    """Whoever closes while data comes in may have the client lose the answer."""
    with httpx.Client(base_url=served.orchestrator.http_url, timeout=PATIENCE_S, trust_env=False) as client:
        for _ in range(20):
            answer = client.post("/v1/process?pipeline=nothing", content=b"x" * 5_000_000)
            assert answer.status_code == 400


def test_a_full_queue_is_said_at_once_and_without_the_body() -> None:
    with (
        fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", PIXELMILL_RUNNING="1", PIXELMILL_QUEUE="0") as made,
        httpx.Client(base_url=made.orchestrator.http_url, timeout=PATIENCE_S, trust_env=False) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(
            client.post, "/v1/process", content=large(), params={"pipeline": LONG}, headers={"X-Request-Id": "one"}
        )
        wait_for(lambda: told(client, "one").get("status") == "processing", "the first to run")
        with connected(made.orchestrator) as connection:
            connection.sendall(post(URL, "Content-Length: 100000", "Expect: 100-continue", "X-Request-Id: two"))
            got = read_until(connection, b"\r\n\r\n")
            assert got.startswith(b"HTTP/1.1 429 ")
            assert b"\r\nretry-after: " in got.lower()
        assert told(client, "two")["reason"] == "OVERLOADED"
        assert first.result(PATIENCE_S).status_code == 200
        # A client that comes again is let in.
        assert client.post(URL, content=PICTURE).status_code == 200
        assert sum(second["rejected"] for second in wait_for(lambda: rejected(client), "the second to be over")) == 1


def rejected(client: httpx.Client) -> list[dict[str, int]]:
    seconds: list[dict[str, int]] = client.get("/v1/timeline").json()["seconds"]
    return [second for second in seconds if second["rejected"]]


def test_those_who_are_slow() -> None:
    with fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", orchestrator_code=SHORT) as made:
        server = made.orchestrator
        with connected(server) as silent, connected(server) as head, connected(server) as body, connected(server) as late:
            head.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n")
            body.sendall(post(URL, "Content-Length: 1000", "X-Request-Id: slow") + b"some")
            late.sendall(post(f"{URL}&timeout_s=0.2", "Content-Length: 1000") + b"some")
            assert read_all(silent) == b""
            assert read_all(head).startswith(b"HTTP/1.1 408 ")
            assert read_all(body).startswith(b"HTTP/1.1 504 ")
            assert read_all(late).startswith(b"HTTP/1.1 504 ")


def test_a_client_that_does_not_read_is_let_go() -> None:
    with (
        fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", orchestrator_code=SHORT) as made,
        connected(made.orchestrator) as connection,
    ):
        connection.settimeout(0.2)

        def is_closed() -> bool:
            try:
                connection.sendall(b"GET /v1/operations HTTP/1.1\r\nHost: localhost\r\n\r\n")
            except TimeoutError:
                return False
            except OSError:
                return True
            return False

        wait_for(is_closed, "the server to close the connection")


def test_too_many_connections() -> None:
    with fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", orchestrator_code=SHORT) as made:
        held = [connected(made.orchestrator) for _ in range(8)]
        for each in held:
            each.__enter__().sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Part")
        wait_for(lambda: b"503" in refused(made), "one to be refused")
        for each in held:
            each.__exit__(None, None, None)
        wait_for(lambda: b"200" in refused(made), "one to be let in again")


def refused(made: Fleet) -> bytes:
    with connected(made.orchestrator) as one:
        one.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return read_all(one)[:12]


def test_a_client_that_goes_while_it_sends(served: Fleet, client: httpx.Client) -> None:
    with connected(served.orchestrator) as connection:
        connection.sendall(post(URL, "Content-Length: 1000", "X-Request-Id: gone-early") + b"some")
    record = wait_for(lambda: told(client, "gone-early"), "the record")
    assert (record["status"], record["reason"]) == ("failed", "CANCELLED")


def test_a_client_that_goes_has_its_work_cancelled() -> None:
    with (
        fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", PIXELMILL_RUNNING="1", PIXELMILL_QUEUE="1") as made,
        httpx.Client(base_url=made.orchestrator.http_url, timeout=PATIENCE_S, trust_env=False) as client,
    ):
        body = large()
        with connected(made.orchestrator) as connection:
            head = post(
                f"/v1/process?pipeline={LONG.replace(' ', '').replace('|', '%7C')}",
                f"Content-Length: {len(body)}",
                "X-Request-Id: gone",
            )
            connection.sendall(head + body)
            wait_for(lambda: told(client, "gone").get("status") == "processing", "it to run")
        wait_for(lambda: told(client, "gone").get("status") == "failed", "it to end")
        assert told(client, "gone")["reason"] == "CANCELLED"
        # Its place is free: another one gets it, and there is but one.
        answer = client.post("/v1/process", content=PICTURE, params={"pipeline": INSTANT})
        assert answer.status_code == 200
        wait_for(
            lambda: not client.get("/v1/fleet").json()["pools"][0]["instances"][0]["in_flight"], "the worker to be free"
        )
        assert sum(one["cancelled"] for one in wait_for(lambda: cancelled(client), "the second to be over")) == 1


def cancelled(client: httpx.Client) -> list[dict[str, int]]:
    seconds: list[dict[str, int]] = client.get("/v1/timeline").json()["seconds"]
    return [second for second in seconds if second["cancelled"]]


def test_what_all_bodies_may_take_together() -> None:
    arriving = Arriving(100)
    with arriving.one(90) as first:
        first(60)
        with pytest.raises(Overloaded), arriving.one(50):
            pass
        with arriving.one(30) as second:
            second(30)
            with pytest.raises(Overloaded):
                second(20)
        assert arriving.bytes == 60
    assert arriving.bytes == 0


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """The body of an answer is a write of its own: without this, a small one takes 40 ms."""
    with (
        listen(OrchestratorSettings(host="127.0.0.1", http_port=-1)) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
