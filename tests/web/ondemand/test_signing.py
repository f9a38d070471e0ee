"""Addresses: what is signed, how it is spelled, and that it is read as it was written."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelmill
from pixelmill import InvalidPipeline, Pipeline, sign_url
from pixelmill.segments import source_segment, source_text
from pixelmill.signing import signature
from pixelmill.web.ondemand.keys import Keys
from pixelmill.web.ondemand.orders import Order, Orders
from tests.strategies import BRANCHING, PIPELINES
from tests.web.ondemand.site import KEY, OTHER_KEY, Site

VECTORS = {
    "resize:300x200,fit=cover;webp:80/photos/cat.jpg": "M40TgKJUZoa-hbprD_rqvaOCfrMKjUAd116mk5iiLhc",
    "preset:thumb/base64:aHR0cHM6Ly9leGFtcGxlLmNvbS9hLmpwZw": "n6_ssUmOIznz95hlDSIz6PzfSFDBzMB9DemAsye2MN4",
    "exp=1800000000/text:%22%C2%A9%20me%22;webp/photos/a%20b.jpg": "DOxMcvoHGeroFhhLywbfRMmQ5abfgu7JIaE8pKm3EDY",
}
"""What is signed with KEY, and the signature, by `openssl dgst -sha256 -hmac KEY -binary | basenc --base64url`."""


@pytest.mark.parametrize(("rest", "wanted"), VECTORS.items())
def test_vectors(rest: str, wanted: str) -> None:
    assert signature(KEY, rest.encode()) == wanted
    digest = hmac.new(KEY.encode(), rest.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(wanted + "=") == digest


@pytest.mark.parametrize(
    ("pipeline", "source", "rest"),
    [
        ("resize:300x200, fit=cover | webp:80", "photos/cat.jpg", "resize:300x200,fit=cover;webp:80/photos/cat.jpg"),
        ("resize:300x200,fit=cover;webp:80", "photos/cat.jpg", "resize:300x200,fit=cover;webp:80/photos/cat.jpg"),
        (Pipeline().resize(300).to("webp"), "a b?.jpg", "resize:300x;webp/a%20b%3F.jpg"),
        ('text:"© | ; {x}" | webp', "ü.jpg", "text:%22%C2%A9%20%7C%20;%20%7Bx%7D%22;webp/%C3%BC.jpg"),
        ("", "a.jpg", "source/a.jpg"),
        ("preset:thumb", "https://example.com/a.jpg", "preset:thumb/base64:aHR0cHM6Ly9leGFtcGxlLmNvbS9hLmpwZw"),
        ("preset:thumb | preset:mark | webp", "a", "preset:thumb%7Cpreset:mark%7Cwebp/a".replace("%7C", ";")),
    ],
)
def test_spelling(pipeline: Pipeline | str, source: str, rest: str) -> None:
    assert sign_url(pipeline, source, key=KEY) == f"/i/{signature(KEY, rest.encode())}/{rest}"


SOURCES = st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"]))


@given(BRANCHING)
def test_an_address_is_of_one_picture(pipeline: Pipeline) -> None:
    with pytest.raises(InvalidPipeline, match="expected a pipeline without renditions for an address"):
        sign_url(pipeline, "a", key=KEY)


@given(PIPELINES, SOURCES, st.none() | st.integers(0, 10**11))
def test_what_is_written_is_read(pipeline: Pipeline, source: str, expires: int | None) -> None:
    url = sign_url(pipeline, source, key=KEY, expires=expires)
    assert re.fullmatch(r"/i/[A-Za-z0-9_-]{43}/[A-Za-z0-9._~!$&'()*+,;=:@%/-]+", url)
    found, rest = url.removeprefix("/i/").split("/", 1)
    assert Keys(f"{OTHER_KEY},{KEY}").admit(found, rest.encode())
    assert Orders({}).read(rest.encode()) == Order(pipeline, source, expires)


@given(SOURCES)
def test_any_source_is_read_in_both_spellings(source: str) -> None:
    assert source_text(source_segment(source)) == source
    assert source_text(source_segment("base64:" + source)) == "base64:" + source


def test_presets_come_first_and_the_last_output_counts() -> None:
    presets = {"thumb": Pipeline.parse("resize:9x | webp"), "mark": Pipeline.parse("sepia")}
    orders = Orders(presets)
    assert orders.read(b"preset:thumb/a").pipeline == Pipeline.parse("resize:9x | webp")
    assert orders.read(b"preset:thumb;preset:mark/a").pipeline == Pipeline.parse("resize:9x | sepia | webp")
    assert orders.read(b"preset:mark;preset:thumb;blur:2;png/a").pipeline == Pipeline.parse("sepia|resize:9x|blur:2|png")
    with pytest.raises(
        InvalidPipeline, match=re.escape("expected a preset's name (thumb, mark) for the pipeline, got 'no'")
    ):
        orders.read(b"preset:no/a")


def test_times() -> None:
    when = datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert sign_url("png", "a", key=KEY, expires=when).endswith("/exp=1800000000/png/a")
    with pytest.raises(InvalidPipeline, match="expected a time with a time zone"):
        sign_url("png", "a", key=KEY, expires=when.replace(tzinfo=None))


@pytest.mark.parametrize("key", ["", "short", "x" * 31, "x" * 32 + "ß", "x" * 2000, "two words " * 4])
def test_keys_that_are_none(key: str) -> None:
    for use in (lambda: sign_url("png", "a", key=key), lambda: Keys(key or "y")):
        with pytest.raises(InvalidPipeline) as caught:
            use()
        assert not key or key not in str(caught.value)


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "pixelmill", "sign", *arguments]
    given = {"PYTHONPATH": str(Path(pixelmill.__file__).parents[1]), "PATH": "", **environment}
    return subprocess.run(line, env=given, capture_output=True, text=True, check=False)


def test_the_command_signs_what_opens(shared: Site, photos: Path, tmp_path: Path) -> None:
    arguments = ("resize:12x | webp", "photos/drawing.png")
    made = command(*arguments, "--base", shared.url, PIXELMILL_URL_KEYS=f"{KEY},{OTHER_KEY}")
    assert made.stdout.strip() == sign_url(*arguments, key=KEY, base=shared.url)
    answer = shared.get(made.stdout.strip().removeprefix(shared.url))
    assert answer.body == pixelmill.run((photos / "drawing.png").read_bytes(), "resize:12x | webp").data
    (tmp_path / "keys").write_text(f"# the new one\n{OTHER_KEY}\n{KEY}\n")
    made = command(*arguments, "--key-file", str(tmp_path / "keys"), "--expires", "2h", PIXELMILL_URL_KEYS=KEY)
    expires = int(made.stdout.split("/exp=")[1].split("/")[0])
    assert 7100 < expires - time.time() < 7300
    assert made.stdout.strip() == sign_url(*arguments, key=OTHER_KEY, expires=expires)
    assert shared.get(made.stdout.strip()).status == 200


@pytest.mark.parametrize(
    ("arguments", "key", "said"),
    [
        (("png", "a"), "", "expected a key to sign with"),
        (("png", "a"), "short", "expected a key of at least 32 characters"),
        (("bulr", "a"), KEY, "did you mean 'blur'?"),
        (("png", ""), KEY, "expected a path or a URL for the source, got none"),
        (("png", "a", "--expires", "soon"), KEY, "expected a number of seconds"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: tuple[str, ...], key: str, said: str) -> None:
    made = command(*arguments, PIXELMILL_URL_KEYS=key)
    assert (made.returncode, made.stdout) == (2, "")
    assert said in made.stderr
