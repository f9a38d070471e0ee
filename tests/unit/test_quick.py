"""Headers that are read without a library are what the library says."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from pixelmill.codecs.formats import FORMATS, format_of
from pixelmill.codecs.header import Header, _loaded_header, _plain_header
from pixelmill.codecs.quick import quick_header
from pixelmill.errors import PixelmillError

CORPORA = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpora"


def encoded(mode: str, format: str, size: tuple[int, int] = (7, 5), **options: object) -> bytes:
    stream = io.BytesIO()
    Pillow.new(mode, size).save(stream, format, **options)
    return stream.getvalue()


def plain(data: bytes) -> Header | None:
    return _plain_header(data, format_of(data))


def by_library(data: bytes) -> Header:
    return _loaded_header(data, format_of(data))


def oriented(orientation: int, byte_order: str = ">") -> bytes:
    exif = Pillow.Exif()
    exif.endian = byte_order
    exif[0x010F] = "maker"
    exif[0x0112] = orientation
    return exif.tobytes()


@pytest.mark.parametrize("mode", ["L", "RGB", "LA", "RGBA"])
def test_plain_pngs(mode: str) -> None:
    data = encoded(mode, "PNG")
    assert plain(data) == by_library(data)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("progressive", [False, True])
def test_plain_jpegs(mode: str, progressive: bool) -> None:
    data = encoded(mode, "JPEG", progressive=progressive, comment=b"a comment")
    assert plain(data) == by_library(data)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_orientations(orientation: int, byte_order: str) -> None:
    data = encoded("RGB", "JPEG", exif=oriented(orientation, byte_order))
    header = plain(data)
    assert header is not None
    assert header == by_library(data)
    assert header.orientation == orientation


@pytest.mark.parametrize(
    "data",
    [
        encoded("P", "PNG"),
        encoded("1", "PNG"),
        encoded("I;16", "PNG"),
        encoded("RGB", "PNG", icc_profile=b"profile"),
        encoded("L", "PNG", transparency=3),
        encoded("CMYK", "JPEG"),
        encoded("RGB", "JPEG", icc_profile=b"profile"),
        encoded("RGB", "JPEG", exif=oriented(9)),
        encoded("RGB", "JPEG", exif=Pillow.Exif().tobytes()),
        encoded("RGB", "WEBP"),
        encoded("L", "GIF"),
    ],
)
def test_all_else_is_left_to_the_library(data: bytes) -> None:
    assert quick_header(data, format_of(data).name) is None


@given(st.sampled_from(["JPEG", "PNG"]), st.integers(0, 400), st.binary(min_size=1, max_size=4), st.integers(0, 400))
def test_damage_never_makes_it_say_other_than_the_library(format: str, at: int, damage: bytes, end: int) -> None:
    whole = encoded("RGB", format, exif=oriented(6)) if format == "JPEG" else encoded("RGB", format)
    data = (whole[:at] + damage + whole[at + len(damage) :])[: max(60, len(whole) - end)]
    entry = FORMATS[format.lower()]
    found = _plain_header(data, entry)
    if found is None:
        return
    try:
        known = _loaded_header(data, entry)
    except PixelmillError:
        return  # the decoder will say so
    assert found == known


@pytest.mark.skipif(not CORPORA.exists(), reason="needs the corpora")
def test_real_pictures() -> None:
    same = 0
    for path in sorted(CORPORA.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if data.startswith((b"\xff\xd8\xff", b"\x89PNG")) and (found := plain(data)):
            assert found == by_library(data), path
            same += 1
    assert same > 100


def test_pixels_are_not_needed() -> None:
    data = encoded("RGB", "PNG", (3000, 2000))
    assert plain(data[: data.index(b"IDAT") + 4]) == plain(data)
    assert np.prod(plain(data).size) == 6_000_000  # type: ignore[union-attr]
