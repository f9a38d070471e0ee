"""Readiness, and an end that loses nothing."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from pixelmill.cli import main
from tests.fleet.pictures import noise, png
from tests.fleet.processes import ORCHESTRATOR, PATIENCE_S, Fleet, Process, fleet, wait_for
from tests.fleet.requests import INSTANT, LONG, PICTURE, busy, large
from tests.web.raw import connected, post, read_all, read_until

URL = f"/v1/process?pipeline={INSTANT.replace(' | ', '%7C')}"


def client_of(made: Fleet) -> httpx.Client:
    return httpx.Client(base_url=made.orchestrator.http_url, timeout=PATIENCE_S, trust_env=False)


def test_a_server_that_leaves_says_so_and_goes_on() -> None:
    with (
        fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", PIXELMILL_DRAIN_S=str(10 * PATIENCE_S)) as made,
        client_of(made) as client,
    ):
        ready = client.get("/readyz")
        assert (ready.status_code, ready.text, ready.headers.get("connection")) == (200, "ready\n", None)
        made.orchestrator.signal(signal.SIGTERM)
        wait_for(lambda: client.get("/readyz").status_code == 503, "it to be not ready")
        assert client.get("/readyz").text == "shutting down\n"
        assert client.get("/livez").status_code == 200
        answer = client.post(URL, content=PICTURE)
        assert answer.status_code == 200
        assert answer.headers["connection"] == "close"  # the next one goes to another
        assert made.orchestrator.terminate() == 1


def test_no_instance_of_a_pool() -> None:
    with fleet({"resize": 1, "filter": 1}, PIXELMILL_HTTP_PORT="-1") as made, client_of(made) as client:
        assert client.get("/readyz").text == "ready\n"
        made.workers["filter"][0].kill()
        wait_for(lambda: client.get("/readyz").status_code == 503, "it to be not ready")
        assert client.get("/readyz").text == "no instance can be reached of: filter\n"
        assert client.get("/livez").status_code == 200
        made.workers["filter"][0].restart()
        wait_for(lambda: client.get("/readyz").status_code == 200, "it to be ready again")


def test_running_requests_end_and_so_do_watchers() -> None:
    with (
        fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1") as made,
        client_of(made) as client,
        connected(made.orchestrator) as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        watcher.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_until(watcher, b"event: fleet")
        running = pool.submit(client.post, "/v1/process", content=large(), params={"pipeline": LONG, "placement": "grouped"})
        wait_for(lambda: busy(made.workers["filter"]), "the worker to begin")
        made.orchestrator.signal(signal.SIGTERM)
        assert read_all(watcher).endswith(b"0\r\n\r\n")
        assert running.result(PATIENCE_S).status_code == 200
        assert made.orchestrator.process.wait(PATIENCE_S) == 0


def test_an_answer_that_is_read_slowly_gets_through() -> None:
    big = png(noise(1200, 1000))
    with fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1") as made, connected(made.orchestrator) as connection:
        connection.sendall(post(URL, f"Content-Length: {len(big)}") + big)
        got = read_until(connection, b"\r\n\r\n")
        length = int(next(line for line in got.lower().split(b"\r\n") if line.startswith(b"content-length")).split()[1])
        made.orchestrator.signal(signal.SIGTERM)
        wait_for(lambda: "stopping" in made.orchestrator.errors(), "the orchestrator to stop")
        assert length > 1_000_000
        assert len((got + read_all(connection)).partition(b"\r\n\r\n")[2]) == length
        assert made.orchestrator.process.wait(PATIENCE_S) == 0


def test_a_restart_under_load() -> None:
    """A client that tries again when it is told to, or when nobody answers, loses nothing."""
    enough = threading.Event()
    wanted = None
    with fleet({"filter": 2}, PIXELMILL_HTTP_PORT="-1") as made:
        with client_of(made) as client:
            wanted = client.post(URL, content=PICTURE).content

        def send_on() -> Counter[str]:
            seen: Counter[str] = Counter()
            with client_of(made) as client:
                while not enough.is_set():
                    try:
                        answer = client.post(URL, content=PICTURE)
                    except (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                        seen["again"] += 1
                        continue
                    if answer.status_code == 503:
                        assert answer.json()["reason"] == "DRAINING"
                        seen["again"] += 1
                        continue
                    assert (answer.status_code, answer.content) == (200, wanted)
                    seen["done"] += 1
            return seen

        with ThreadPoolExecutor(4) as pool:
            clients = [pool.submit(send_on) for _ in range(4)]
            try:
                assert made.orchestrator.terminate() == 0
                made.orchestrator.restart()
                with client_of(made) as client:
                    wait_for(lambda: len(client.get("/v1/requests").json()["requests"]) > 20, "requests to be done again")
            finally:
                enough.set()
            assert all(one.result(PATIENCE_S)["done"] for one in clients)


def test_an_address_that_is_taken(served: Fleet) -> None:
    port = served.orchestrator.http_port
    taken = Process("second", ORCHESTRATOR, {"PIXELMILL_HTTP_PORT": str(port), "PIXELMILL_WORKER_HOSTS": "127.0.0.1:1"})
    try:
        assert taken.process.wait(PATIENCE_S) == 1
        said = taken.errors().splitlines()[-1]
        assert said.startswith(f"pixelmill: expected a free address for HTTP, got 127.0.0.1:{port}: ")
        assert "--http-port or PIXELMILL_HTTP_PORT" in said
    finally:
        taken.close()


def test_up_says_so_too(served: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    port = served.orchestrator.http_port
    assert main(["up", "--port", "0", "--http-port", str(port)]) == 1
    said = capsys.readouterr().err
    assert f"expected a free port for the orchestrator's HTTP, got {port}, which is in use; --http-port" in said
