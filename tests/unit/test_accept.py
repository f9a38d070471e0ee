"""The Accept header, as RFC 9110 has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelmill.web.accept import EVERYWHERE, JSON, chosen_from, prefers, quality, ranges

RFC = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"


@pytest.mark.parametrize(("kind", "wanted"), [("text/plain", 0.7), ("text/html", 0.3), ("image/jpeg", 0.5)])
def test_the_example_of_the_standard(kind: str, wanted: float) -> None:
    assert quality(RFC, kind) == wanted


@pytest.mark.parametrize(
    ("header", "kind", "wanted"),
    [
        ("", "image/png", 1.0),
        ("image/png", "image/png", 1.0),
        ("IMAGE/PNG;Q=0.5", "image/png", 0.5),
        ("image/png ; q=0.25 , */*", "image/png", 0.25),
        ("image/png;q=0, */*", "image/png", 0.0),
        ("image/*;q=0.1, */*;q=0.9", "image/png", 0.1),
        ("application/json", "image/png", 0.0),
        ("image/png;q=2", "image/png", 0.0),
        ("image/png;q=0.1234", "image/png", 0.0),
        ("nonsense, ;;, image/png", "image/png", 1.0),
        ('image/png;level="1,2";q=0.3', "image/png", 0.0),
    ],
)
def test_quality(header: str, kind: str, wanted: float) -> None:
    assert quality(header, kind) == wanted


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", True),
        ("application/*, image/*", False),
        ("application/json;q=0.9, image/png", False),
        ("application/json, image/*;q=0.9", True),
    ],
)
def test_json_only_where_it_is_wanted_more(header: str, wanted: bool) -> None:
    assert prefers(header, JSON, "image/png") is wanted


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", EVERYWHERE),
        ("*/*", EVERYWHERE),
        ("image/*", EVERYWHERE),
        ("application/json", EVERYWHERE),
        ("image/avif,image/webp,*/*;q=0.8", ("avif", "webp", *EVERYWHERE)),
        ("image/webp,*/*", ("webp", *EVERYWHERE)),
        ("image/avif", ("avif",)),
        ("image/png;q=0.1", ("png",)),
        ("image/jpeg;q=0,*/*", ("png", "gif")),
        ("image/webp;q=0,*/*", EVERYWHERE),
        ("image/jxl,image/heic", EVERYWHERE),
    ],
)
def test_what_auto_chooses_from(header: str, wanted: tuple[str, ...]) -> None:
    assert set(chosen_from(header)) == set(wanted)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("image/avif,image/webp,*/*;q=0.8", ("avif", "jpeg")),
        ("image/webp;q=0.5", ("jpeg",)),
        ("*/*", ("jpeg",)),
        ("image/jxl", ("jxl",)),
    ],
)
def test_what_is_offered(header: str, wanted: tuple[str, ...]) -> None:
    """A client that takes nothing of it but what is new gets nothing where nothing else is offered."""
    assert set(chosen_from(header, ("avif", "jpeg", "jxl"))) == set(wanted)
    assert chosen_from("image/png, */*;q=0.1", ("avif",)) == ()


@given(st.text(max_size=200))
def test_any_header_can_be_read(header: str) -> None:
    for one in ranges(header):
        assert 0 <= one.quality <= 1
    assert 0 <= quality(header, "image/png") <= 1
    assert chosen_from(header)
