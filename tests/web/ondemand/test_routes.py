"""What an address answers: the picture, or exactly why not."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from pixelmill import run, sign_url
from pixelmill.signing import signature
from tests.web.ondemand.site import KEY, OTHER_KEY, PHOTO, Site, site
from tests.web.raw import connected, read_all

SMALL = 'resize:30x20,fit=cover | text:"© a|b; c" | webp:80'


def signed(rest: str, key: str = KEY) -> str:
    return f"/i/{signature(key, rest.encode())}/{rest}"


def test_the_same_bytes_as_in_process(shared: Site, photos: Path) -> None:
    answer = shared.show(SMALL, f"photos/{PHOTO}")
    assert answer.status == 200
    assert answer.body == run((photos / PHOTO).read_bytes(), SMALL).data
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''a%20photo.webp"
    assert answer.headers["cache-status"] == "pixelmill; fwd=miss"
    assert re.fullmatch(r"source;dur=[\d.]+, process;dur=[\d.]+", answer.headers["server-timing"])
    assert "vary" not in answer.headers


def test_every_key_counts(shared: Site) -> None:
    assert shared.show("png", "photos/drawing.png", key=OTHER_KEY).status == 200


@pytest.mark.parametrize("change", ["{0}x/{1}", "{0}/{1}x", "x{0}/{1}", "unsafe/{1}", "{0}/a/{1}", "%41/{1}", "%C3%A9/{1}"])
def test_another_signature(shared: Site, change: str) -> None:
    given, rest = signed("png/photos/drawing.png").removeprefix("/i/").split("/", 1)
    answer = shared.get("/i/" + change.format(given, rest))
    assert (answer.status, answer.problem["reason"]) == (403, "INVALID_SIGNATURE")
    assert answer.headers["cache-control"] == "no-store"


def test_the_signature_is_of_the_path_as_it_is_sent(shared: Site) -> None:
    assert shared.get(signed("resize:9x%7Cpng/photos/drawing.png")).status == 200
    assert shared.get(signed("resize:9x|png/photos/drawing.png")).status == 200
    assert shared.get(signed("resize:9x;png/photos/drawing.png")).status == 200
    given = signed("resize:9x;png/photos/drawing.png")
    assert shared.get(given.replace(";", "%3B")).problem["reason"] == "INVALID_SIGNATURE"
    assert shared.get(given.replace("/resize", "=/resize")).status == 200  # base64's padding
    # Otherwise whoever has one address has as many as they like, and no CDN knows one of them.
    assert shared.get(given.replace("/resize", "==/resize")).problem["reason"] == "INVALID_SIGNATURE"


def test_one_picture_has_one_address(shared: Site) -> None:
    """However it is spelled otherwise, it is another one, for which nobody has signed."""
    given = signed("resize:9x;png/photos/drawing.png")
    for spelled in (
        given.replace("photos/", "photos%2F"),
        given.replace("photos", "%70hotos"),
        given.replace("photos/", "photos//"),
        given.replace("photos/", "./photos/"),
        given.replace("/i/", "/%69/"),
        given.replace("/i/", "//i/"),
        given + "/",
        given + "%00",
    ):
        assert shared.get(spelled).status in (403, 404), spelled
    assert shared.get("http://elsewhere" + given).status == 200  # the form that is sent to proxies


def test_an_address_expires(shared: Site) -> None:
    answer = shared.show("png", "photos/drawing.png", expires=time.time() + 600)
    assert answer.status == 200
    assert 590 <= int(answer.headers["cache-control"].removeprefix("public, max-age=")) <= 600
    late = shared.show("png", "photos/drawing.png", expires=time.time() - 1)
    assert (late.status, late.problem["reason"]) == (410, "EXPIRED")
    path = sign_url("png", "photos/drawing.png", key=KEY, expires=time.time() - 1)
    later = re.sub(r"exp=\d+", f"exp={int(time.time()) + 600}", path)
    assert shared.get(later).problem["reason"] == "INVALID_SIGNATURE"


@pytest.mark.parametrize(
    ("pipeline", "source", "status", "reason"),
    [
        ("png", "photos/missing.png", 404, "SOURCE_NOT_FOUND"),
        ("png", "photos/2026", 404, "SOURCE_NOT_FOUND"),
        ("png", "photos/../photos/drawing.png", 403, "SOURCE_FORBIDDEN"),
        ("png", "photos//etc/passwd", 403, "SOURCE_FORBIDDEN"),
        ("png", "/etc/passwd", 403, "SOURCE_FORBIDDEN"),
        ("png", "photos/.secret.jpg", 403, "SOURCE_FORBIDDEN"),
        ("png", "photos/a\0.png", 403, "SOURCE_FORBIDDEN"),
        ("png", "photos/" + "x" * 300, 404, "SOURCE_NOT_FOUND"),
        ("png", "elsewhere/drawing.png", 403, "SOURCE_FORBIDDEN"),
        ("png", "file:///etc/passwd", 403, "SOURCE_FORBIDDEN"),
        ("png", "ftp://example.com/a.png", 403, "SOURCE_FORBIDDEN"),
        ("png", "http://elsewhere.invalid/a.png", 403, "SOURCE_FORBIDDEN"),
        ("png", "memory://other/a.png", 403, "SOURCE_FORBIDDEN"),
        ("png", "memory://pictures/../other/a.png", 403, "SOURCE_FORBIDDEN"),
        ("png", "memory://pictures/none.png", 404, "SOURCE_NOT_FOUND"),
        ("png", "photos/notes.txt", 415, "UNSUPPORTED_FORMAT"),
        ("resize:16384x16384,fit=fill,enlarge=true", f"photos/{PHOTO}", 413, "IMAGE_TOO_LARGE"),
    ],
)
def test_what_cannot_be_had(shared: Site, pipeline: str, source: str, status: int, reason: str) -> None:
    answer = shared.show(pipeline, source)
    assert (answer.status, answer.problem["reason"]) == (status, reason)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("bulr/photos/drawing.png", "expected an operation's name, got 'bulr'; did you mean 'blur'?"),
        ("{%22operations%22:[]}/photos/drawing.png", "expected NAME = for a rendition"),
        ("%7Ba=png%7D/photos/drawing.png", "expected a pipeline without renditions"),
        ("preset:none/photos/drawing.png", "expected a preset's name (the configuration file has none)"),
        ("png/base64:*", "expected URL-safe base64"),
        ("%ff/photos/drawing.png", "expected UTF-8"),
        ("exp=99999999999/png", "expected /i/SIGNATURE/PIPELINE/SOURCE"),
    ],
)
def test_an_address_that_means_nothing(shared: Site, rest: str, said: str) -> None:
    answer = shared.get(signed(rest))
    assert answer.status == 400
    assert said in answer.problem["detail"]


def test_a_query_is_refused(shared: Site) -> None:
    answer = shared.get(signed("png/photos/drawing.png") + "?v=2")
    assert (answer.status, answer.problem["reason"]) == (400, "INVALID_REQUEST")


def test_head_is_get_without_the_picture(shared: Site) -> None:
    path = signed("png/photos/drawing.png")
    got, head = shared.get(path), shared.get(path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("content-length", "content-type", "etag", "cache-control"):
        assert head.headers[name] == got.headers[name]
    assert shared.get(path, "POST").status == 405


def test_what_the_client_has_is_not_sent_again(shared: Site) -> None:
    path = signed("auto/photos/drawing.png")
    first = shared.get(path)
    tag = first.headers["etag"]
    assert re.fullmatch('"[0-9a-f]{32}"', tag)
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = shared.get(path, if_none_match=given)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["vary"] == "Accept"
        assert "content-type" not in again.headers
    for given in ('"other"', tag.strip('"'), f'"{tag[1:-2]}"', f'W/"other", "x{tag[1:]}'):
        assert shared.get(path, if_none_match=given).status == 200
    with connected(shared.fleet.orchestrator) as connection:
        lines = f'GET {path} HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: "other"\r\nIf-None-Match: {tag}\r\n'
        connection.sendall(f"{lines}Connection: close\r\n\r\n".encode())
        assert read_all(connection).startswith(b"HTTP/1.1 304 ")


@pytest.mark.parametrize("asked", ["bytes=0-9", "bytes=-1", "bytes=5-2", "pixels=1"])
def test_a_part_is_not_given(shared: Site, asked: str) -> None:
    """Who asks for one gets all of it, as HTTP allows."""
    answer = shared.get(signed("png/photos/drawing.png"), range=asked)
    assert (answer.status, answer.size) == (200, (60, 40))
    assert "content-range" not in answer.headers


@pytest.mark.parametrize(
    ("pipeline", "accept", "media_type"),
    [
        ("auto", "image/avif,image/webp,*/*;q=0.8", "image/avif"),
        ("auto", "image/webp,*/*", "image/webp"),
        ("auto:accept=webp+jpeg", "image/avif,image/webp,*/*;q=0.8", "image/webp"),
        ("auto:accept=avif+webp+jpeg", "image/webp;q=0.5", "image/webp"),
        ("auto", "image/webp;q=0, image/*", "image/jpeg"),
        ("auto", "*/*", "image/jpeg"),
        ("auto", "", "image/jpeg"),
        ("webp", "image/png", "image/webp"),
    ],
)
def test_the_format_is_one_that_the_client_takes(shared: Site, pipeline: str, accept: str, media_type: str) -> None:
    answer = shared.show(pipeline, f"photos/{PHOTO}", accept=accept)
    assert answer.headers["content-type"] == media_type
    assert answer.headers.get("vary") == ("Accept" if pipeline.startswith("auto") else None)


def test_a_client_that_takes_nothing_that_is_offered(shared: Site) -> None:
    answer = shared.show("auto:accept=avif", f"photos/{PHOTO}", accept="image/png")
    assert (answer.status, answer.problem["reason"]) == (415, "UNSUPPORTED_FORMAT")


def test_unsafe_is_for_those_who_want_it(photos: Path) -> None:
    with site(PIXELMILL_URL_UNSAFE="1", PIXELMILL_SOURCE_ROOTS=str(photos)) as made:
        assert made.get("/i/unsafe/resize:9x;png/drawing.png").size == (9, 6)
        assert made.get("/i/other/resize:9x;png/drawing.png").status == 403


def test_off_says_how_to_turn_it_on(photos: Path) -> None:
    with site(PIXELMILL_SOURCE_ROOTS=str(photos)) as made:
        answer = made.get(signed("png/drawing.png"))
        assert answer.status == 404
        assert "PIXELMILL_URL_KEYS" in answer.problem["detail"]
        assert made.get("/i/unsafe/png/drawing.png").status == 404


def test_keys_are_changed_while_it_runs(photos: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# the only one\n{KEY}\n")
    with site(PIXELMILL_URL_KEYS_FILE=str(file), PIXELMILL_SOURCE_ROOTS=str(photos)) as made:
        assert made.show("png", "drawing.png").status == 200
        assert made.show("png", "drawing.png", key=OTHER_KEY).status == 403
        file.write_text(f"{OTHER_KEY}\n{KEY}\n")
        assert made.show("png", "drawing.png", key=OTHER_KEY).status == 200
        assert made.show("png", "drawing.png").status == 200
        file.write_text("short\n")
        assert made.show("png", "drawing.png").status == 200
        file.write_text(f"{OTHER_KEY}\n")
        assert made.show("png", "drawing.png").status == 403
        assert KEY not in made.fleet.orchestrator.errors()
        assert "short" not in made.fleet.orchestrator.errors()


def test_the_api_s_description_has_it(shared: Site) -> None:
    paths = json.loads(shared.get("/openapi.json").body)["paths"]
    assert set(paths["/i/{signature}/{pipeline}/{source}"]) == {"get"}
