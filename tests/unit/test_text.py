"""Text is written as it is, in a font that ships with the package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from pixelmill.errors import InvalidPipeline
from pixelmill.operations import make_operation
from pixelmill.operations.watermark.fonts import ASSETS, text_mask

DARK = np.full((80, 400, 3), 20, np.uint8)


def write(text: str, **parameters: object) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return make_operation("text", {"text": text, **parameters}).apply(DARK)


def test_it_looks_like_pillows_rendering_of_the_same_font() -> None:
    mask = text_mask("Pixelmill & co", 40)
    # Pillow's other layout engine needs a library that a slim system lacks.
    font = ImageFont.truetype(str(ASSETS / "DejaVuSans.ttf"), 40, layout_engine=ImageFont.Layout.BASIC)
    page = Pillow.new("L", (400, 80))
    ImageDraw.Draw(page).text((20, 20), "Pixelmill & co", font=font, fill=255)
    picture = page.crop(page.getbbox())
    assert abs(mask.shape[1] - picture.width) <= 3
    assert abs(mask.shape[0] - picture.height) <= 2
    assert abs(float(mask.mean()) - float(np.asarray(picture).mean())) < 6


@pytest.mark.parametrize(
    ("text", "other"),
    [("<b>X</b>", "X"), ("&amp;", "&"), ("&lt;", "<"), ("<span size='200%'>X</span>", "X"), ("%d", "%"), ("\\n", "\n.")],
)
def test_there_is_no_markup_and_no_escape(text: str, other: str) -> None:
    assert text_mask(text, 30).shape[1] > text_mask(other, 30).shape[1]


@pytest.mark.parametrize("text", ["a < b && c > d", "</span>", "<", "&", "&#0;", "<b", "]]>", "'\"", "%s%n", "{}", "\\"])
def test_no_punctuation_is_special(text: str) -> None:
    assert text_mask(text, 20).max() > 200


@pytest.mark.parametrize(
    "text", ["漢字", "😀", "\U0010ffff", "\ue000", "\ufffe", "مرحبا", "नमस्ते", "a\u202eb", "e\u0301", "ﷺ"]
)
def test_what_the_font_lacks_still_shows_something(text: str) -> None:
    assert (write(text) != DARK).any()


@pytest.mark.parametrize("text", ["\u200b", "\u200b \u2060", "\u00ad"])
def test_text_without_ink_leaves_the_picture_as_it_is(text: str) -> None:
    assert write(text).shape == DARK.shape


@pytest.mark.parametrize("text", ["a\0b", "\x01", "tab\t", "\x7f", "\x85", "a\r\nb", "\x1b[31m"])
def test_control_characters_are_refused(text: str) -> None:
    with pytest.raises(InvalidPipeline, match=r"expected no control character but a line break for text\.text, got"):
        write(text)


@pytest.mark.parametrize("text", ["", "   ", "\n", "x" * 1001, "\ud800"])
def test_other_texts_that_are_refused(text: str) -> None:
    with pytest.raises(InvalidPipeline, match=r"^expected .* for text\.text, got "):
        write(text)


def test_a_text_of_absurd_length_is_refused() -> None:
    with pytest.raises(InvalidPipeline, match="expected at most 50000 px for characters × size of text, got 100000"):
        write("x" * 100, size=1000)


def test_a_text_beyond_what_can_be_drawn_is_refused() -> None:
    with pytest.raises(InvalidPipeline, match="expected less than 32768 px each way for what text writes, got 'WWW"):
        write("W" * 1000, size=50)


def test_lines_are_aligned_as_the_position_says() -> None:
    left, right = text_mask("i\nwide line", 30, "low"), text_mask("i\nwide line", 30, "high")
    assert left.shape == right.shape
    top = slice(0, left.shape[0] // 3)
    assert left[top, :20].max() > 200
    assert left[top, -20:].max() == 0
    assert right[top, -20:].max() > 200
    assert text_mask("one", 30).shape[0] < left.shape[0]


@pytest.mark.parametrize(
    "position", ["top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom-right"]
)
def test_the_margin_keeps_clear_and_the_ink_touches_it(position: str) -> None:
    changed = np.argwhere((write("HHH", position=position, margin=7) != DARK).any(axis=2))
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    if "left" in position:
        assert left == 7
    if "right" in position:
        assert right == 400 - 1 - 7
    if "top" in position:
        assert top in (7, 8)
    if "bottom" in position:
        assert bottom in (80 - 1 - 7, 80 - 2 - 7)


def test_the_margin_is_measured_from_the_box_of_a_character_that_is_lacking() -> None:
    ink = np.argwhere((write("漢", position="top-left", margin=7, size=48, opacity=1.0) != DARK).any(axis=2))
    assert ink.min(axis=0).tolist() == [7, 7]


def test_color_and_opacity() -> None:
    result = write("█████", color="#ff8000", opacity=0.5, position="center", size=40)
    assert np.abs(result[40, 200].astype(int) - [138, 74, 10]).max() <= 1
    assert np.array_equal(write("x", opacity=0), DARK)


def test_a_text_larger_than_the_picture_is_cut() -> None:
    assert (write("W" * 200, size=100, position="center") != DARK).any()


@pytest.mark.parametrize("size", [(1, 1), (3, 2)])
def test_tiny_pictures_work(size: tuple[int, int]) -> None:
    image = np.zeros((*size, 3), np.uint8)
    assert make_operation("text", {"text": "large", "size": 200}).apply(image).shape == image.shape


def test_on_gray_white_stays_gray_and_color_makes_color() -> None:
    gray = np.zeros((60, 200, 1), np.uint8)
    assert make_operation("text", {"text": "x"}).apply(gray).shape == gray.shape
    assert make_operation("text", {"text": "x", "color": "#f00"}).apply(gray).shape == (60, 200, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is only there")
def test_no_font_of_the_host_and_no_writable_directory_is_needed(tmp_path: Path) -> None:
    program = (
        "from pixelmill.operations.watermark.fonts import text_mask; import hashlib, sys;"
        "sys.stdout.write(hashlib.sha256(text_mask('漢 text', 33).tobytes()).hexdigest())"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "FONTCONFIG"))}
    environment |= {"HOME": "/proc/nowhere", "XDG_CACHE_HOME": "/proc/nowhere", "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    import hashlib

    assert done.stderr == ""
    assert done.stdout == hashlib.sha256(text_mask("漢 text", 33).tobytes()).hexdigest()
