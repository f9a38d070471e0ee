"""Fonts, sizes, wrapping, directions, outlines and shadows of text."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pixelmill import InvalidPipeline, Pipeline
from pixelmill.operations import make_operation
from pixelmill.operations.watermark.effects import Outline, Shadow, dressed, grown
from pixelmill.operations.watermark.fonts import ASSETS, FILES, FONTS, text_mask
from pixelmill.pixels import Image
from tests.pictures import difference, rounded

DARK = np.full((200, 300, 3), 20, np.uint8)


def write(text: str, **parameters: object) -> Image:
    return make_operation("text", {"text": text, "opacity": 1, **parameters}).apply(DARK)


def test_fonts_differ_and_ship_with_their_licences() -> None:
    masks = {font: text_mask("Rail", 40, "low", font) for font in FONTS}
    assert len({mask.tobytes() for mask in masks.values()}) == len(FONTS)
    assert masks["sans-bold"].mean() > masks["sans"].mean()
    assert text_mask("iiii", 40, "low", "mono").shape[1] > text_mask("iiii", 40, "low", "sans").shape[1]
    for file in FILES.values():
        assert (ASSETS / file).is_file()
    assert "Bitstream" in (ASSETS / "DejaVu.LICENSE.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE" in (ASSETS / "NotoEmoji.LICENSE.txt").read_text("utf-8")


@pytest.mark.parametrize("font", FONTS)
def test_what_a_font_lacks_comes_from_the_others(font: str) -> None:
    box = text_mask("\U0010ffff", 40, "low", font)  # type: ignore[arg-type]
    for text in ("ا", "ש", "😀", "🚀", "🇩🇪"):
        mask = text_mask(text, 40, "low", font)  # type: ignore[arg-type]
        assert mask.shape != box.shape
        assert mask.max() == 255


def test_an_emoji_of_many_characters_is_one() -> None:
    two = text_mask("👩💻", 40).shape[1]
    assert text_mask("👩\u200d💻", 40).shape[1] < 0.6 * two
    assert text_mask("🇩🇪", 40).shape[1] < 0.6 * two


def test_arabic_is_shaped_and_runs_right_to_left() -> None:
    joined, apart = text_mask("بب", 40), text_mask("ب\u200cب", 40)
    assert joined.shape[1] < apart.shape[1]
    # Alef is a plain stroke; it stands right of the wide letter that follows it.
    mask = text_mask("اس", 60)
    tall = np.flatnonzero(mask[: mask.shape[0] // 4].any(axis=0))
    assert tall.min() > mask.shape[1] / 2


@pytest.mark.parametrize("text", ["שלום\nשלום שלום שלום", "مرحبا\nمرحبا مرحبا", "HH\nשלום שלום", "שלום\n12 34 56 78 90"])
def test_lines_that_run_right_to_left_are_aligned_as_the_position_says(text: str) -> None:
    left, right = text_mask(text, 30, "low"), text_mask(text, 30, "high")
    assert abs(left.shape[1] - right.shape[1]) <= 1
    first = slice(0, left.shape[0] // 3)
    assert left[first, :8].any()
    assert not left[first, -8:].any()
    assert right[first, -8:].any()
    assert not right[first, :8].any()


def test_lines_can_be_aligned_otherwise() -> None:
    assert np.array_equal(write("i\nwide", position="top-left"), write("i\nwide", position="top-left", align="left"))
    others = {write("i\nwide", position="top-left", align=align).tobytes() for align in ("left", "center", "right")}
    assert len(others) == 3


def test_wrapping_keeps_to_the_width_and_loses_no_word() -> None:
    text = "several words that do not fit into one line"
    for width in (60, 100, 180):
        mask = text_mask(text, 16, width=width)
        assert mask.shape[1] <= width + 2
        assert mask.shape[0] > text_mask(text, 16).shape[0]
    by_hand = text_mask("several words\nthat do not fit\ninto one line", 16)
    assert np.array_equal(text_mask(text, 16, width=by_hand.shape[1] + 6), by_hand)
    assert np.array_equal(write(text, size=16, width=150), write(text, size=16, relative_width=0.5))


def test_a_word_that_is_too_long_is_broken_without_a_hyphen() -> None:
    assert np.array_equal(text_mask("mmmmmmmm", 20, "low", "mono", 50), text_mask("mmmm\nmmmm", 20, "low", "mono"))


def test_a_relative_size_is_a_share_of_the_shorter_side() -> None:
    assert np.array_equal(write("x", relative_size=0.2), write("x", size=40))
    upright = np.ascontiguousarray(DARK.transpose(1, 0, 2))
    text = make_operation("text", {"text": "x", "relative_size": 0.2, "position": "top-left"})
    assert np.array_equal(text.apply(upright)[:100, :100], text.apply(DARK)[:100, :100])


def test_a_relative_size_is_bounded_as_others_are() -> None:
    with pytest.raises(InvalidPipeline, match="expected at most 50000 px for characters × size of text, got 200000"):
        write("x" * 1000, relative_size=1)
    wide = np.zeros((6000, 6000, 1), np.uint8)
    with pytest.raises(InvalidPipeline, match="expected at most 8333 px for characters × size of text, got 24000"):
        make_operation("text", {"text": "xxxx", "relative_size": 1}).apply(wide)


def test_two_widths_are_refused() -> None:
    with pytest.raises(InvalidPipeline, match="expected a width or a relative_width for text, got both"):
        make_operation("text", {"text": "x", "width": 5, "relative_width": 0.5})


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("font", "Comic Sans"),
        ("outline", 0.6),
        ("outline", float("nan")),
        ("shadow", 2),
        ("shadow_x", -3),
        ("shadow_blur", 1),
        ("relative_size", 0),
        ("relative_width", float("inf")),
        ("width", 0),
        ("align", "justify"),
    ],
)
def test_what_is_out_of_range_is_refused(parameter: str, value: object) -> None:
    with pytest.raises(InvalidPipeline, match=rf"^expected .* for text\.{parameter}, got "):
        write("x", **{parameter: value})


@pytest.mark.parametrize("radius", [0.5, 1, 2.5, 7, 20])
def test_an_outline_reaches_as_far_as_it_says(radius: float) -> None:
    # A disc that grows by r is a larger disc; the exact coverage comes from samples of each pixel.
    y, x = (np.mgrid[0 : 90 * 8, 0 : 100 * 8] + 0.5) / 8
    distance = np.hypot(x - 50.3, y - 45.6)

    def disc(around: float) -> Image:
        return rounded(255 * (distance <= around).reshape(90, 8, 100, 8).mean(axis=(1, 3)))

    got, wanted = grown(disc(18), radius).astype(float), disc(18 + radius)
    assert np.abs(got - wanted).max() <= 64  # a quarter of a pixel
    assert np.abs(got - wanted).mean() < 1
    assert abs(got.sum() / 255 - math.pi * (18 + radius) ** 2) < 0.12 * 2 * math.pi * (18 + radius)


def test_an_outline_of_a_large_text_is_the_same_but_for_its_edges() -> None:
    mask = np.zeros((3000, 2000), np.uint8)
    mask[1000:1100, 500:900] = 255
    outlined = grown(mask, 20)
    assert outlined[980, 700] == outlined[1119, 700] == 255
    assert outlined[978, 700] == outlined[1121, 700] == 0


def test_an_outline_is_around_the_letters_and_under_them() -> None:
    plain, outlined = write("Io", size=60, position="center"), write("Io", size=60, position="center", outline=0.1)
    solid = (plain == 255).all(axis=2)
    assert (outlined[solid] == 255).all()
    black = (outlined == 0).all(axis=2)
    assert black.any()
    ink = (plain != DARK).any(axis=2)
    assert not (black & ink).any()


def test_a_shadow_falls_where_it_says() -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[5:15, 5:15] = 255
    mark = dressed(mask[5:15, 5:15], (255, 255, 255), None, Shadow(7, -3, 0, (200, 0, 0), 0.5))
    assert mark.coverage.shape == (13, 17)
    assert mark.coverage[0, 16] == 128
    assert mark.color[0, 16].tolist() == [200, 0, 0]
    assert mark.coverage[3:, :10].min() == 255
    assert (mark.color[3:, :10] == 255).all()
    assert mark.coverage[0, 0] == 0


def test_a_blurred_shadow_is_a_gaussian() -> None:
    dot = np.full((1, 1), 255, np.uint8)
    mark = dressed(np.pad(dot, 0), (255, 255, 255), None, Shadow(0, 0, 2, (0, 0, 0), 1))
    y, x = np.mgrid[-5:6, -5:6]
    weights = np.exp(-(x**2 + y**2) / 8)
    wanted = 255 * weights / weights.sum()
    middle = np.array(mark.coverage.shape) // 2
    got = mark.coverage[middle[0] - 4 : middle[0] + 5, middle[1] - 4 : middle[1] + 5].astype(float)
    got[4, 4] = wanted[5, 5]
    assert difference(got, wanted[1:-1, 1:-1]) <= 1


def test_a_text_with_everything_on_it_stays_bounded() -> None:
    with pytest.raises(InvalidPipeline, match="expected at most 8000000 pixels for a text with an outline or a shadow"):
        write("W" * 8, size=1000, outline=0.5)
    assert dressed(np.zeros((0, 0), np.uint8), (0, 0, 0), Outline(5, (1, 1, 1)), None).coverage.size == 0


def test_the_compact_form_takes_the_new_parameters() -> None:
    text = 'text:"Ωψ",relative_size=0.05,font=serif,rotation=-30,tile=true,outline=0.1,outline_color="#112233",shadow=0.5'
    pipeline = Pipeline.from_text(text)
    assert Pipeline.from_text(pipeline.to_text()) == Pipeline.from_json(pipeline.to_json()) == pipeline


PROGRAM = """
import hashlib, sys
from pixelmill.operations.watermark.fonts import FONTS, text_mask
masks = [text_mask("Ђб fi şţ\\n漢 ا ש 😀☎❤ text", 33, "low", font, 150) for font in FONTS]
sys.stdout.write(hashlib.sha256(b"".join(mask.tobytes() for mask in masks)).hexdigest())
"""


@pytest.mark.parametrize(
    "host",
    [
        {},
        {"FONTCONFIG_PATH": "{empty}", "FONTCONFIG_FILE": "{empty}/none.conf"},
        {"FONTCONFIG_PATH": "{other}", "FONTCONFIG_FILE": "{other}/fonts.conf", "FONTCONFIG_SYSROOT": "{empty}"},
        {"LANG": "sr_RS.UTF-8", "LC_ALL": "sr_RS.UTF-8", "LANGUAGE": "fa:ur:sr", "PANGO_LANGUAGE": "sr"},
        {"FC_LANG": "zh-cn", "XDG_DATA_HOME": "{other}", "HOME": "{empty}"},
    ],
    ids=["as it is", "no fonts", "other fonts", "another language", "other places"],
)
def test_nothing_of_the_host_changes_a_text(host: dict[str, str], tmp_path: Path) -> None:
    other, empty = tmp_path / "other", tmp_path / "empty"
    for folder in (other, empty):
        folder.mkdir()
    # Another host's fonts: ours, under each other's names, for all families.
    (other / "fonts.conf").write_text(
        f"<fontconfig><dir>{ASSETS}</dir><cachedir>{other}</cachedir><match><edit name='family' mode='assign'>"
        "<string>DejaVu Serif</string></edit></match></fontconfig>"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FONTCONFIG", "LC_", "LANG"))}
    environment |= {name: value.format(other=other, empty=empty) for name, value in host.items()}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    masks = [text_mask("Ђб fi şţ\n漢 ا ש 😀☎❤ text", 33, "low", font, 150) for font in FONTS]
    assert done.stderr == ""
    assert done.stdout == hashlib.sha256(b"".join(mask.tobytes() for mask in masks)).hexdigest()
    assert not list(empty.iterdir())
