"""Who is let in: tokens, TLS and client certificates, and what browsers are told."""

from __future__ import annotations

import re
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from pixelmill.fleet.authority import pair_in
from pixelmill.settings import OrchestratorSettings
from tests.fleet.certificates import COUNTS, make, secure_fleet, serving
from tests.fleet.processes import PATIENCE_S, Fleet, Process, fleet, wait_for
from tests.fleet.requests import INSTANT, PICTURE
from tests.fleet.test_tls import replace

TOKEN = "a-token-of-some-length"
OTHER = "another-token-of-some-length"


def test_tokens_guard_all_of_v1() -> None:
    with (
        fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", PIXELMILL_TOKENS=TOKEN) as made,
        httpx.Client(base_url=made.orchestrator.http_url, timeout=PATIENCE_S, trust_env=False) as client,
    ):
        document = client.get("/openapi.json").json()
        assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
        guarded = [(path, method) for path, ways in document["paths"].items() if path.startswith("/v1/") for method in ways]
        assert len(guarded) >= 7
        for path, method in guarded:
            for headers in ({}, {"Authorization": f"Bearer {OTHER}"}, {"Authorization": TOKEN}):
                answer = client.request(method, path, headers=headers, content=b"x" if method == "post" else None)
                assert answer.status_code == 401, path
                assert answer.json()["reason"] == "UNAUTHENTICATED"
                assert answer.headers["www-authenticate"] == "Bearer"
        for path in ("/livez", "/readyz", "/", "/docs", "/openapi.json"):
            assert client.get(path).status_code == 200
        with_token = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get("/v1/fleet", headers=with_token).status_code == 200
        url = f"/v1/process?pipeline={INSTANT}"
        assert client.post(url, headers=with_token, content=PICTURE).status_code == 200
        said = made.orchestrator.errors()
        assert said.count("without a valid token") == 1  # of the many, once a minute
        assert "tokens travel unencrypted" not in said  # it listens on loopback alone
        assert TOKEN not in said
        assert OTHER not in said


def test_an_open_port_is_warned_of() -> None:
    with fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", PIXELMILL_HOST="0.0.0.0") as made:
        warnings = [line for line in made.orchestrator.errors().splitlines() if " WARNING " in line]
        for port in (made.orchestrator.port, made.orchestrator.http_port):
            assert sum(f"0.0.0.0:{port} is open to everyone" in line for line in warnings) == 1


@pytest.mark.parametrize("path", ["/", "/docs", "/static/index.html", "/v1/fleet", "/v1/nothing", "/livez"])
def test_what_browsers_are_told(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] in ("'none'", "'self'")
    assert not re.search(r"https?:|\*", headers["content-security-policy"])
    assert "server" not in headers


def trusting(folder: Path, name: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    if name:
        context.load_cert_chain(*pair_in(folder, name))
    return context


def url_of(server: Process) -> str:
    return f"https://localhost:{server.http_port}"


def livez(server: Process, context: ssl.SSLContext) -> str:
    return httpx.get(f"{url_of(server)}/livez", verify=context, trust_env=False, timeout=PATIENCE_S).text


def test_tls(tmp_path: Path) -> None:
    """With the certificate of gRPC's port, which is read again when it changes, while requests run."""
    certs, new = make(tmp_path / "certs"), make(tmp_path / "new")
    old_ca = trusting(certs)
    environment = {"PIXELMILL_HTTP_PORT": "-1", **serving(certs, "orchestrator", ask_clients=False)}
    enough = threading.Event()
    with fleet(COUNTS, worker_environment=serving(certs, "worker"), orchestrator_environment=environment) as made:
        server = made.orchestrator

        def send_on() -> int:
            done = 0
            with httpx.Client(base_url=url_of(server), verify=old_ca, timeout=PATIENCE_S, trust_env=False) as client:
                while not enough.is_set():
                    answer = client.post(f"/v1/process?pipeline={INSTANT}", content=PICTURE)
                    assert answer.status_code == 200
                    done += 1
            return done

        with ThreadPoolExecutor(2) as pool:
            clients = [pool.submit(send_on) for _ in range(2)]
            try:
                assert livez(server, trusting(certs)) == "alive\n"
                with pytest.raises(httpx.ConnectError):
                    livez(server, trusting(new))
                for file in pair_in(new, "orchestrator"):
                    replace(certs / file.name, file.read_bytes())
                wait_for(lambda: "alive" in tried(server, trusting(new)), "the new certificate")
                with pytest.raises(httpx.ConnectError):
                    livez(server, old_ca)
            finally:
                enough.set()
            assert all(one.result(PATIENCE_S) > 0 for one in clients)  # their connections are still the old ones
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"http://localhost:{server.http_port}/livez", trust_env=False)


def tried(server: Process, context: ssl.SSLContext) -> str:
    try:
        return livez(server, context)
    except httpx.TransportError:
        return ""


def test_client_certificates(tmp_path: Path) -> None:
    certs, other = make(tmp_path / "certs"), make(tmp_path / "other")
    stranger = trusting(certs)
    stranger.load_cert_chain(*pair_in(other, "client"))
    with secure_fleet(certs, {"PIXELMILL_HTTP_PORT": "-1"}) as made:
        server = made.orchestrator
        known = trusting(certs, "client")
        assert livez(server, known) == "alive\n"
        for context in (trusting(certs), stranger):
            with pytest.raises(httpx.TransportError):
                livez(server, context)
        # The CA of clients is another one from now on: a session from before does not help.
        with httpx.Client(base_url=url_of(server), verify=known, trust_env=False, timeout=PATIENCE_S) as client:
            assert client.get("/livez").status_code == 200
            replace(certs / "ca.pem", (other / "ca.pem").read_bytes())
            assert client.get("/livez").status_code == 200
        assert tried(server, known) == ""
        assert tried(server, stranger) == "alive\n"


def test_connections_grow_old(tmp_path: Path) -> None:
    """Certificates are looked at when a connection is made."""
    environment = {"PIXELMILL_HTTP_PORT": "-1", "PIXELMILL_CONNECTION_AGE_S": "0.05"}
    with (
        fleet({"filter": 1}, orchestrator_environment=environment) as made,
        httpx.Client(base_url=made.orchestrator.http_url, timeout=PATIENCE_S, trust_env=False) as client,
    ):
        wait_for(lambda: client.get("/livez").headers.get("connection") == "close", "an old connection")


def test_settings_do_not_show_tokens() -> None:
    assert TOKEN not in repr(OrchestratorSettings.model_validate({"tokens": TOKEN}))


def test_docs_load_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs").text
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert links
    for link in links:
        assert link.startswith("/")
        assert client.get(link).status_code == 200


def test_an_asset_that_is_none(client: httpx.Client) -> None:
    assert client.get("/docs/assets/core.py").status_code == 404


def test_a_token_over_tls_is_let_in(tmp_path: Path, served: Fleet) -> None:
    certs = make(tmp_path)
    environment = {"PIXELMILL_TOKENS": TOKEN, "PIXELMILL_HTTP_PORT": "-1"}
    with secure_fleet(certs, environment) as made:
        url, context = f"{url_of(made.orchestrator)}/v1/fleet", trusting(certs, "client")
        assert httpx.get(url, verify=context, trust_env=False, timeout=PATIENCE_S).status_code == 401
        headers = {"Authorization": f"Bearer {TOKEN}"}
        fleet_view = httpx.get(url, verify=context, headers=headers, trust_env=False, timeout=PATIENCE_S).json()
    assert {pool["name"] for pool in fleet_view["pools"]} == set(COUNTS)
