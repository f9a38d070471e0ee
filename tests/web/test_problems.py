"""What goes wrong, as problem+json: the status and the reason of every error, and what the text names."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from pixelmill.errors import HANDLING, Overloaded, PixelmillError, Unauthenticated
from pixelmill.web import problems
from tests.fleet.pictures import noise, png
from tests.fleet.processes import PATIENCE_S, fleet
from tests.fleet.requests import INSTANT, PICTURE

URL = "/v1/process"


def problem(answer: httpx.Response, status: int, reason: str) -> str:
    """Check an answer that is a problem, and return what it says."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert set(told) == {"type", "title", "status", "detail", "reason", "request_id"}
    assert (told["status"], told["reason"], told["type"]) == (status, reason, "about:blank")
    assert told["request_id"] == answer.headers.get("x-request-id", "")
    return str(told["detail"])


@pytest.mark.parametrize("error", HANDLING, ids=lambda error: error.reason)
def test_every_error(error: type[PixelmillError]) -> None:
    answer = problems.answer(error("what was expected"), "an-id")
    told = json.loads(bytes(answer.body))
    assert (answer.status_code, told["status"]) == (HANDLING[error].http,) * 2
    assert (told["reason"], told["detail"], told["request_id"]) == (error.reason, "what was expected", "an-id")
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    assert ("retry-after" in answer.headers) == (error is Overloaded)
    assert ("www-authenticate" in answer.headers) == (error is Unauthenticated)


@pytest.mark.parametrize(
    ("options", "status", "reason", "names"),
    [
        ({"params": {"pipeline": "blurr:2"}}, 400, "INVALID_PIPELINE", "blurr"),
        ({"params": {"pipeline": "blur:9999"}}, 400, "INVALID_PIPELINE", "sigma"),
        ({}, 400, "INVALID_PIPELINE", "X-Pipeline"),
        ({"params": {"pipeline": INSTANT, "width": "3"}}, 400, "INVALID_PIPELINE", "'width'"),
        ({"params": {"pipeline": INSTANT, "placement": "everywhere"}}, 400, "INVALID_PIPELINE", "everywhere"),
        ({"params": {"pipeline": INSTANT, "timeout_s": "soon"}}, 400, "INVALID_PIPELINE", "'soon'"),
        ({"params": {"pipeline": INSTANT, "timeout_s": "0"}}, 400, "INVALID_PIPELINE", "timeout_s"),
        (
            {"params": {"pipeline": INSTANT}, "headers": {"X-Pipeline": "sepia"}},
            400,
            "INVALID_PIPELINE",
            "several that differ",
        ),
        ({"params": {"pipeline": INSTANT}, "content": b"no picture"}, 415, "UNSUPPORTED_FORMAT", "no pictu"),
        ({"params": {"pipeline": INSTANT}, "content": b""}, 400, "INVALID_PIPELINE", "the body, got none"),
        ({"params": {"pipeline": INSTANT}, "content": PICTURE[:-40]}, 422, "CORRUPT_IMAGE", ""),
        ({"params": {"pipeline": "resize:16000x16000,enlarge=true"}}, 413, "IMAGE_TOO_LARGE", "resize"),
        ({"params": {"pipeline": INSTANT}, "headers": {"Content-Encoding": "gzip"}}, 415, "UNSUPPORTED_FORMAT", "gzip"),
        (
            {"params": {"pipeline": INSTANT}, "headers": {"Content-Type": "multipart/related; boundary=a"}},
            415,
            "UNSUPPORTED_FORMAT",
            "related",
        ),
        ({"params": {"pipeline": "blur:9 | blur:9", "timeout_s": "0.001"}}, 504, "DEADLINE_EXCEEDED", "deadline"),
    ],
)
def test_a_request_that_is_wrong(
    client: httpx.Client, options: dict[str, Any], status: int, reason: str, names: str
) -> None:
    answer = client.post(URL, **{"content": PICTURE, **options})
    assert names in problem(answer, status, reason)
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (
            [("image", ("a", PICTURE)), ("pipeline", (None, b"sepia")), ("logo", ("b", PICTURE))],
            "another one in field 'logo'",
        ),
        ([("image", ("a", PICTURE)), ("pipeline", (None, b"sepia")), ("with", (None, b"1"))], "'with'"),
        (
            [("image", ("a", PICTURE)), ("pipeline", (None, b"sepia")), ("pipeline", (None, b"negative"))],
            "one field pipeline",
        ),
        ([("image", ("a", PICTURE)), ("pipeline", (None, b"\xff\xfe"))], "UTF-8"),
        ([("pipeline", (None, b"sepia"))], "a file of the form, got none"),
        ([("image", ("a", b"")), ("pipeline", (None, b"sepia"))], "a file of the form, got none"),
    ],
)
def test_a_form_that_is_wrong(client: httpx.Client, files: list[tuple[str, Any]], names: str) -> None:
    assert names in problem(client.post(URL, files=files), 400, "INVALID_PIPELINE")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("multipart/form-data", b"--a\r\n"),
        ("multipart/form-data; boundary=a", b"nothing of the kind"),
        ("multipart/form-data; boundary=a", b'--a\r\nContent-Disposition: form-data; name="image"\r\n\r\nPNG'),
        ("multipart/form-data; boundary=a", b"--a\r\n" + b"X-Y: " + b"z" * 100_000),
        ("multipart/form-data; boundary=" + "a" * 71, b"--a\r\n"),
        ("multipart/form-data; boundary=" + "a" * 20_000, b"--a\r\n"),
        (
            "multipart/form-data; boundary=a",
            b'--a\r\nContent-Disposition: form-data; name="image"\r\nContent-Disposition: form-data; name="a"\r\n\r\n',
        ),
    ],
)
def test_a_form_that_is_none(client: httpx.Client, kind: str, content: bytes) -> None:
    answer = client.post(URL, content=content, headers={"Content-Type": kind}, params={"pipeline": INSTANT})
    assert "form" in problem(answer, 400, "INVALID_PIPELINE").lower()


def test_paths_and_methods_that_do_not_exist(client: httpx.Client) -> None:
    said = problem(client.get("/v1/nothing"), 404, "NOT_FOUND")
    assert said == "expected / or one that /docs lists for the path, got '/v1/nothing'"
    assert "'none'" in problem(client.get("/v1/requests/none"), 404, "NOT_FOUND")
    answer = client.delete(URL)
    assert problem(answer, 405, "METHOD_NOT_ALLOWED") == f"expected one of OPTIONS, POST for {URL}, got 'DELETE'"
    assert answer.headers["allow"] == "OPTIONS, POST"


def test_options(client: httpx.Client) -> None:
    answer = client.options(URL)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, "OPTIONS, POST", b"")


@pytest.mark.parametrize("path", ["/v1/fleet", "/v1/operations", "/livez", "/", "/docs", "/openapi.json"])
def test_head_is_get_without_the_body(client: httpx.Client, path: str) -> None:
    answer = client.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0
    assert answer.headers["content-type"] == client.get(path).headers["content-type"]


def test_a_parameter_that_is_out_of_range(client: httpx.Client) -> None:
    assert "limit" in problem(client.get("/v1/requests", params={"limit": "0"}), 400, "INVALID_REQUEST")


def test_a_body_that_is_too_large() -> None:
    with fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", PIXELMILL_MAX_INPUT_BYTES="20000") as made:
        url = f"{made.orchestrator.http_url}{URL}?pipeline=negative"
        big = png(noise(100, 100))
        with httpx.Client(timeout=PATIENCE_S, trust_env=False) as client:
            problem(client.post(url, content=big), 413, "IMAGE_TOO_LARGE")
            problem(client.post(url, content=iter([big[:15000], big[15000:]])), 413, "IMAGE_TOO_LARGE")
            problem(client.post(url, files={"image": big}), 413, "IMAGE_TOO_LARGE")
            assert client.post(url, content=PICTURE).status_code == 200


def test_a_pool_that_is_not_there_or_gone() -> None:
    with (
        fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1") as made,
        httpx.Client(base_url=made.orchestrator.http_url, timeout=PATIENCE_S, trust_env=False) as client,
    ):
        spread = {"pipeline": "resize:9x9", "placement": "spread"}
        assert "resize" in problem(client.post(URL, content=PICTURE, params=spread), 503, "NO_HEALTHY_INSTANCE")
        made.workers["filter"][0].kill()
        problem(client.post(URL, content=PICTURE, params={"pipeline": INSTANT}), 503, "NO_HEALTHY_INSTANCE")


RAISING = """
from fastapi import FastAPI
import pixelmill.web.app as app
make = FastAPI.include_router
def include(self, router, **options):
    if router.prefix == "/v1":
        @router.get("/raise")
        async def fault() -> str:
            raise ValueError("a secret of ours")
    return make(self, router, **options)
FastAPI.include_router = include
from pixelmill.orchestrator import main; main()
"""


def test_a_fault_of_ours_says_nothing_of_itself() -> None:
    with fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", orchestrator_code=RAISING) as made:
        answer = httpx.get(f"{made.orchestrator.http_url}/v1/raise", trust_env=False)
        assert "secret" not in problem(answer, 500, "INTERNAL")
        assert made.orchestrator.errors().count("a secret of ours") == 1
