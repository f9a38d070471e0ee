"""Colors and backgrounds: however they are written, equal ones are the same text."""

from __future__ import annotations

import pytest
from PIL import ImageColor
from pydantic import TypeAdapter, ValidationError

from pixelmill.color import CSS, Background, rgba

BACKGROUND: TypeAdapter[str] = TypeAdapter(Background)


@pytest.mark.parametrize(
    ("written", "canonical", "values"),
    [
        ("#fff", "#ffffff", (255, 255, 255, 255)),
        ("ABC", "#aabbcc", (170, 187, 204, 255)),
        ("#a1b2c3", "#a1b2c3", (161, 178, 195, 255)),
        ("#f008", "#ff000088", (255, 0, 0, 136)),
        ("#FF000080", "#ff000080", (255, 0, 0, 128)),
        ("#ff0000ff", "#ff0000", (255, 0, 0, 255)),
        ("#12345600", "transparent", (0, 0, 0, 0)),
        ("Transparent", "transparent", (0, 0, 0, 0)),
        ("RebeccaPurple", "#663399", (102, 51, 153, 255)),
    ],
)
def test_backgrounds(written: str, canonical: str, values: tuple[int, int, int, int]) -> None:
    assert BACKGROUND.validate_python(written) == canonical
    assert BACKGROUND.validate_python(canonical) == canonical
    assert rgba(canonical) == values


@pytest.mark.parametrize("text", ["", "#", "#12345", "#ggg", "no color", "#1234567", "rgb(1,2,3)", "##fff"])
def test_what_is_no_color_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="for a background, got"):
        BACKGROUND.validate_python(text)


def test_the_names_are_those_of_css() -> None:
    wanted = {name: ImageColor.getrgb(name) for name in ImageColor.colormap}
    assert {name: rgba(BACKGROUND.validate_python(name))[:3] for name in CSS} == wanted
