"""What web pages elsewhere can have somebody's browser do here: nothing, unless the settings name them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pixelmill.errors import InvalidPipeline
from pixelmill.settings import OrchestratorSettings
from pixelmill.web.origins import Origins
from tests.fleet.processes import PATIENCE_S, Fleet, fleet
from tests.fleet.requests import INSTANT, PICTURE

URL = f"/v1/process?pipeline={INSTANT}"
EVIL = "https://evil.test"


def judged(method: str, path: str, headers: dict[str, str], settings: dict[str, Any] | None = None) -> int:
    """Return the status that a request is refused with; 0 where it is not."""
    scope = {
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    given = {"host": "127.0.0.1", **(settings or {})}
    fault = Origins(OrchestratorSettings.model_validate(given)).fault_of(scope)
    return fault.status if fault else 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 0),
        ({"sec-fetch-site": "same-origin", "origin": "http://localhost:8080"}, 0),
        ({"sec-fetch-site": "none"}, 0),
        ({"sec-fetch-site": "cross-site", "origin": EVIL}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://localhost:8080"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://localhost:3000"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        # Browsers that do not say, or not to a server without TLS.
        ({"origin": "http://localhost:8080"}, 0),
        ({"origin": "http://localhost:3000"}, 403),
        ({"origin": EVIL}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_pages_that_send_pictures(headers: dict[str, str], status: int) -> None:
    headers = {"host": "localhost:8080", **headers}
    assert judged("POST", "/v1/process", headers) == status
    assert judged("GET", "/v1/fleet", headers) == 0  # they cannot read what comes back


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(
            (name, 0)
            for name in ("localhost", "localhost:8080", "LOCALHOST", "127.0.0.1:8080", "[::1]:8080", "10.0.0.1", "")
        ),
        *((name, 0) for name in ("a.localhost", "localhost.")),
        *((name, 421) for name in ("evil.test", "127.0.0.1.evil.test:8080", "localhost.evil.test", "evillocalhost")),
    ],
)
def test_names_that_a_page_has_made_mean_this_machine(host: str, status: int) -> None:
    """DNS rebinding: to the browser, the page and this server are of the same origin."""
    assert judged("POST", "/v1/process", {"host": host, "origin": f"http://{host}"}) == status
    for path in ("/v1/fleet", "/", "/metrics", "/docs"):
        assert judged("GET", path, {"host": host}) == status
    for path in ("/livez", "/readyz", "/i/signature/png/a"):
        assert judged("GET", path, {"host": host}) == 0


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"host": "0.0.0.0"}, 0),
        ({"host": "[::]"}, 0),
        ({"host": "[::1]"}, 421),
        ({"host": "localhost"}, 421),
        ({"tokens": "a-token-of-some-length"}, 0),
        ({"tls_cert": "cert", "tls_key": "key"}, 0),
        ({"http_hosts": "*"}, 0),
        ({"http_hosts": "img.test, *.pictures.test"}, 0),
        ({"host": "0.0.0.0", "http_hosts": "other.test"}, 421),
        ({"http_hosts": "pictures.test"}, 421),
    ],
)
def test_which_names_are_asked_for(settings: dict[str, Any], status: int) -> None:
    assert judged("GET", "/v1/fleet", {"host": "a.pictures.test"}, settings) == status


def test_pictures_without_signatures_are_guarded_like_the_rest() -> None:
    assert judged("GET", "/i/unsafe/png/a", {"host": "evil.test"}, {"url_unsafe": True}) == 421


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"http_origins": "app.test"},
            "expected https://HOST or https://HOST:PORT, or *, for PIXELMILL_HTTP_ORIGINS, got 'app",
        ),
        ({"http_origins": "https://app.test/"}, "expected https://HOST or"),
        ({"http_hosts": "a/b"}, "expected a host, *.DOMAIN or *, and a port or none, for PIXELMILL_HTTP_HOSTS, got 'a/b'"),
    ],
)
def test_settings_that_mean_nothing(settings: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidPipeline) as caught:
        judged("GET", "/", {}, settings)
    assert str(caught.value).startswith(said)


def test_a_fleet_s_answers(served: Fleet, client: httpx.Client) -> None:
    answer = client.post(URL, content=PICTURE, headers={"Origin": EVIL, "Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.json()["reason"]) == (403, "FORBIDDEN")
    assert "PIXELMILL_HTTP_ORIGINS" in answer.json()["detail"]
    answer = client.get("/v1/requests", headers={"Host": "evil.test"})
    assert (answer.status_code, answer.json()["reason"]) == (421, "MISDIRECTED_REQUEST")
    assert "PIXELMILL_HTTP_HOSTS" in answer.json()["detail"]
    assert "access-control-allow-origin" not in client.get("/v1/fleet", headers={"Origin": EVIL}).headers
    own = {"Origin": served.orchestrator.http_url, "Sec-Fetch-Site": "same-origin"}
    assert client.post(URL, content=PICTURE, headers=own).status_code == 200


def test_pages_that_the_settings_name() -> None:
    app = {"Origin": "https://app.test", "Sec-Fetch-Site": "cross-site"}
    with (
        fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", PIXELMILL_HTTP_ORIGINS="https://app.test") as made,
        httpx.Client(base_url=made.orchestrator.http_url, timeout=PATIENCE_S, trust_env=False) as client,
    ):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-pipeline"}
        answer = client.options("/v1/process", headers={**app, **asked})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://app.test")
        answer = client.post(URL, content=PICTURE, headers=app)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://app.test")
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
        assert {"Accept", "Origin"} <= {name.strip() for name in answer.headers["vary"].split(",")}
        answer = client.post(URL, content=PICTURE, headers={**app, "Origin": EVIL})
        assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (403, False)
