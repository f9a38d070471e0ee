"""`POST /v1/process`: where picture and pipeline may stand, and what the answer may look like."""

from __future__ import annotations

import base64
import email.parser
import email.policy
import json

import httpx
import pytest

import pixelmill
from pixelmill import Pipeline
from tests.fleet.pictures import noise, opened, png
from tests.fleet.requests import PICTURE, SAMPLE

URL = "/v1/process"
TEXT = 'resize:16x16 | sepia | text:"© me",size=8 | webp'
WANTED = pixelmill.run(PICTURE, TEXT).data
SEVERAL = "sepia | { small = resize:8x | webp; large = resize:16x | jpeg }"


def pipeline_header(text: str) -> httpx.Headers:
    """Return a header as most clients send it: in UTF-8."""
    return httpx.Headers({"X-Pipeline": text}, encoding="utf-8")


def picture_of(answer: httpx.Response) -> bytes:
    """Return the picture of an answer that is one."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/webp"
    return answer.content


@pytest.mark.parametrize("text", [TEXT, Pipeline.parse(TEXT).to_json(), Pipeline.parse(TEXT).to_yaml()])
@pytest.mark.parametrize("place", ["query", "form", "file of the form"])
def test_the_pipeline_in_its_forms_and_places(client: httpx.Client, text: str, place: str) -> None:
    if place == "query":
        answer = client.post(URL, content=PICTURE, params={"pipeline": text})
    elif place == "form":
        answer = client.post(URL, files={"image": ("a.png", PICTURE)}, data={"pipeline": text})
    else:
        answer = client.post(URL, files={"image": ("a.png", PICTURE), "pipeline": ("p.yaml", text.encode())})
    assert picture_of(answer) == WANTED


@pytest.mark.parametrize("text", [TEXT, Pipeline.parse(TEXT).to_json()])
def test_the_pipeline_in_a_header(client: httpx.Client, text: str) -> None:
    assert picture_of(client.post(URL, content=PICTURE, headers=pipeline_header(text))) == WANTED


def test_the_same_pipeline_twice_is_one(client: httpx.Client) -> None:
    answer = client.post(
        URL,
        files={"image": PICTURE},
        data={"pipeline": TEXT},
        params={"pipeline": TEXT},
        headers=pipeline_header(TEXT),
    )
    assert picture_of(answer) == WANTED


def test_a_long_pipeline_with_a_logo(client: httpx.Client) -> None:
    pipeline = Pipeline().logo(png(noise(64, 64)), scale=0.5).to("webp")
    assert len(pipeline.to_json()) > 10_000
    answer = client.post(URL, files={"image": PICTURE}, data={"pipeline": pipeline.to_json()})
    assert picture_of(answer) == pixelmill.run(PICTURE, pipeline).data


def test_a_body_of_any_content_type_is_the_picture(client: httpx.Client) -> None:
    for kind in ("image/png", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain"):
        headers = {"Content-Type": kind, "X-Pipeline": "negative | webp:lossless=true"}
        assert picture_of(client.post(URL, content=PICTURE, headers=headers))


def test_a_body_in_chunks(client: httpx.Client) -> None:
    chunks = (PICTURE[at : at + 100] for at in range(0, len(PICTURE), 100))
    assert picture_of(client.post(URL, content=chunks, params={"pipeline": TEXT})) == WANTED


@pytest.mark.parametrize("how", ["query", "header", "form"])
def test_placement_and_timeout(client: httpx.Client, how: str) -> None:
    said = {"placement": "fused", "timeout_s": "20"}
    if how == "query":
        answer = client.post(URL, content=PICTURE, params={"pipeline": TEXT, **said})
    elif how == "header":
        headers = {"X-Placement": "fused", "X-Timeout-S": "20"}
        answer = client.post(URL, content=PICTURE, params={"pipeline": TEXT}, headers=headers)
    else:
        answer = client.post(URL, files={"image": PICTURE}, data={"pipeline": TEXT, **said})
    assert picture_of(answer) == WANTED
    assert answer.headers["server-timing"].count("hop") == 1


def test_what_headers_tell(client: httpx.Client) -> None:
    answer = client.post(URL, content=PICTURE, params={"pipeline": SAMPLE}, headers={"X-Request-Id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    instances = answer.headers["x-pixelmill-instances"].split(", ")
    assert [name.partition(":")[0].rstrip("-12") for name in instances] == ["resize", "filter", "filter", "watermark"]
    width, height = opened(answer.content).size
    told = [answer.headers[f"x-pixelmill-{name}"] for name in ("width", "height", "frames")]
    assert told == [str(width), str(height), "1"]
    entries = dict(entry.split(";", 1) for entry in answer.headers["server-timing"].split(", "))
    assert list(entries) == ["queue", "hop1", "hop2", "hop3", "hop4", "hop5", "total"]
    total_ms = float(entries["total"].removeprefix("dur="))
    assert total_ms >= sum(float(entries[f"hop{n}"].rpartition("dur=")[2]) for n in range(1, 6)) - 1
    detail = client.get("/v1/requests/mine-1").json()
    assert (detail["status"], detail["entrance"], len(detail["hops"])) == ("completed", "http", 5)


def test_an_id_that_is_none_is_replaced(client: httpx.Client) -> None:
    answer = client.post(URL, content=PICTURE, params={"pipeline": TEXT}, headers={"X-Request-Id": "a b\tc"})
    assert len(answer.headers["x-request-id"]) == 32


def test_json(client: httpx.Client) -> None:
    answer = client.post(URL, content=PICTURE, params={"pipeline": TEXT}, headers={"Accept": "application/json"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["vary"] == "Accept"
    (output,) = answer.json()["outputs"]
    assert base64.b64decode(output["data"]) == WANTED
    assert (output["format"], output["width"], output["frames"]) == ("webp", 16, 1)
    assert answer.json()["trace"]["request_id"] == answer.headers["x-request-id"]
    assert len(answer.json()["trace"]["hops"]) == 3


@pytest.mark.parametrize("accept", ["*/*", "image/*", "image/webp", "application/json;q=0.5, image/webp", "text/html", ""])
def test_the_picture_unless_json_is_wanted_more(client: httpx.Client, accept: str) -> None:
    assert picture_of(client.post(URL, content=PICTURE, params={"pipeline": TEXT}, headers={"Accept": accept})) == WANTED


def test_several_pictures(client: httpx.Client) -> None:
    wanted = pixelmill.run(PICTURE, SEVERAL)
    answer = client.post(URL, content=PICTURE, params={"pipeline": SEVERAL}, headers={"Accept": "multipart/mixed"})
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + answer.content)
    told, *parts = message.iter_parts()
    trace = json.loads(told.get_content())
    assert [one["name"] for one in trace["outputs"]] == ["small", "large"]
    assert trace["trace"]["request_id"] == answer.headers["x-request-id"]
    assert [part.get_content_type() for part in parts] == ["image/webp", "image/jpeg"]
    assert [part.get_filename() for part in parts] == ["small.webp", "large.jpg"]
    got = [part.get_payload(decode=True) for part in parts]
    assert got == [one.data for one in wanted.outputs]


def test_several_pictures_as_json(client: httpx.Client) -> None:
    wanted = pixelmill.run(PICTURE, SEVERAL)
    answer = client.post(URL, content=PICTURE, params={"pipeline": SEVERAL}, headers={"Accept": "application/json"})
    got = {one["name"]: base64.b64decode(one["data"]) for one in answer.json()["outputs"]}
    assert got == {one.name: one.data for one in wanted.outputs}


@pytest.mark.parametrize(
    ("accept", "format"),
    [
        ("image/avif,image/webp,*/*;q=0.8", "avif"),
        ("image/webp,*/*", "webp"),
        ("*/*", "jpeg"),
        ("", "jpeg"),
        ("image/jpeg", "jpeg"),
        ("image/jpeg;q=0, */*", "png"),
    ],
)
def test_a_format_that_the_client_takes(client: httpx.Client, accept: str, format: str) -> None:
    photo = png(noise(48, 32))
    answer = client.post(URL, content=photo, params={"pipeline": "sepia | auto"}, headers={"Accept": accept})
    assert answer.headers["content-type"] == f"image/{format}"
    assert answer.headers["vary"] == "Accept"
    assert answer.content == pixelmill.run(photo, f"sepia | {format}").data


def test_a_format_that_the_pipeline_chooses_from(client: httpx.Client) -> None:
    answer = client.post(
        URL, content=PICTURE, params={"pipeline": "auto:accept=png"}, headers={"Accept": "image/avif,image/webp"}
    )
    assert answer.headers["content-type"] == "image/png"
