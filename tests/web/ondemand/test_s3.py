"""Sources in S3: over HTTP, from a server that checks keys and signatures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pixelmill import run
from tests.pictures import encoded, photo
from tests.web.ondemand.s3 import S3, s3_server
from tests.web.ondemand.site import KEY, Answer, Site, site

PIPELINE = "resize:12x;png"
PICTURE = encoded(photo(60, 40))
MOST_BYTES = 100_000
ODD = "a b/ü?#%2F&=+;:@.png"
SETTINGS = {
    "PIXELMILL_URL_KEYS": KEY,
    "PIXELMILL_URL_MAX_AGE_S": "0",  # so that each request asks the store
    "PIXELMILL_SOURCE_URLS": "s3://photos/web/ s3://no-such-bucket/",
    "PIXELMILL_MAX_INPUT_BYTES": str(MOST_BYTES),
    "PIXELMILL_LOG_LEVEL": "debug",
}


@pytest.fixture(scope="module")
def store() -> Iterator[S3]:
    """A server with a bucket."""
    with s3_server() as made:
        made.make_bucket("photos")
        contents = {
            "a.png": PICTURE,
            ODD: PICTURE,
            "notes.txt": b"no picture",
            "empty.png": b"",
            "large.png": b"x" * (MOST_BYTES + 1),
        }
        for name, data in contents.items():
            made.put("photos", f"web/{name}", data)
        made.put("photos", "secret.png", PICTURE)
        yield made


@pytest.fixture(scope="module")
def shop(store: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that reads there, and in a folder with an empty file."""
    folder = tmp_path_factory.mktemp("folder")
    (folder / "empty.png").write_bytes(b"")
    cache = str(tmp_path_factory.mktemp("cache"))
    with site(**SETTINGS, PIXELMILL_SOURCE_ROOTS=str(folder), PIXELMILL_CACHE_DIR=cache, **store.environment) as made:
        yield made


def reason(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.problem["reason"]


@pytest.mark.parametrize("name", ["a.png", ODD])
def test_a_picture_takes_one_look_and_one_read(shop: Site, store: S3, name: str) -> None:
    store.seen.clear()
    answer = shop.show(PIPELINE, f"s3://photos/web/{name}")
    assert (answer.status, answer.body) == (200, run(PICTURE, "resize:12x | png").data)
    assert store.seen == [("HEAD", f"/photos/web/{name}"), ("GET", f"/photos/web/{name}")]


def test_one_that_has_changed_is_read_again_and_no_other(shop: Site, store: S3) -> None:
    store.put("photos", "web/b.png", PICTURE)
    first = shop.show(PIPELINE, "s3://photos/web/b.png")
    store.seen.clear()
    assert shop.show(PIPELINE, "s3://photos/web/b.png").body == first.body
    assert shop.show(PIPELINE, "s3://photos/web/b.png", if_none_match=first.headers["etag"]).status == 304
    assert store.seen == [("HEAD", "/photos/web/b.png")] * 2
    other = encoded(photo(40, 60))
    store.put("photos", "web/b.png", other)
    second = shop.show(PIPELINE, "s3://photos/web/b.png", if_none_match=first.headers["etag"])
    assert (second.status, second.body) == (200, run(other, "resize:12x | png").data)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("photos/web/none.png", (404, "SOURCE_NOT_FOUND")),
        ("photos/web/", (404, "SOURCE_NOT_FOUND")),
        ("no-such-bucket/a.png", (404, "SOURCE_NOT_FOUND")),
        ("photos/secret.png", (403, "SOURCE_FORBIDDEN")),
        ("photos/web/../secret.png", (403, "SOURCE_FORBIDDEN")),
        ("photos/web/large.png", (413, "IMAGE_TOO_LARGE")),
        ("photos/web/notes.txt", (415, "UNSUPPORTED_FORMAT")),
    ],
)
def test_what_cannot_be_had(shop: Site, store: S3, source: str, expected: tuple[int, str]) -> None:
    store.seen.clear()
    assert reason(shop.show(PIPELINE, f"s3://{source}")) == expected
    assert [path for method, path in store.seen if method == "GET" and path.startswith("/photos/")] == (
        ["/photos/web/notes.txt"] if "notes" in source else []
    )


def test_an_empty_one_is_told_as_an_empty_file_is(shop: Site) -> None:
    said = [shop.show(PIPELINE, source).problem for source in ("s3://photos/web/empty.png", "empty.png")]
    assert said[0] == said[1]
    assert said[0]["status"] == 422


def test_a_server_that_is_gone_for_a_while(shop: Site, store: S3) -> None:
    with store.gone():
        assert reason(shop.show(PIPELINE, "s3://photos/web/never-asked-for.png")) == (502, "SOURCE_FAILED")
    assert shop.show(PIPELINE, "s3://photos/web/a.png").status == 200


def test_keys_are_checked_and_told_to_nobody(shop: Site, store: S3) -> None:
    assert shop.show(PIPELINE, "s3://photos/web/a.png").status == 200
    wrong = store.environment | {"AWS_SECRET_ACCESS_KEY": "wrong/wrong/wrong/wrong/wrong"}
    with site(**SETTINGS, **wrong) as other:
        answers = [other.show(PIPELINE, f"s3://{source}") for source in ("photos/web/a.png", "no-such-bucket/a.png")]
        assert [reason(answer) for answer in answers] == [(403, "SOURCE_FORBIDDEN")] * 2
        written = [one.fleet.orchestrator.errors() + one.fleet.orchestrator.output() for one in (shop, other)]
    for text in (*written, *(answer.body.decode() for answer in answers)):
        for secret in (store.environment["AWS_SECRET_ACCESS_KEY"], wrong["AWS_SECRET_ACCESS_KEY"], "Signature"):
            assert secret not in text
