"""Saturation, hue, duotone, gamma, tint, auto-level and opacity against their formulas in float64, and Pillow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from pixelmill.operations import make_operation
from pixelmill.pixels import Image
from tests.pictures import Floats, difference, luma, photo

IMAGE = photo(97, 61)
MATRIX = 0.9
"""Levels: a matrix has 10 bits behind the point."""


def made(name: str, image: Image = IMAGE, **parameters: Any) -> Image:
    return make_operation(name, parameters).apply(image)


def by_matrix(rows: list[list[float]]) -> Floats:
    result: Floats = np.clip(IMAGE @ np.array(rows).T, 0, 255)
    return result


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.5, 10.0])
def test_saturation_is_the_specification_s(factor: float) -> None:
    s = factor
    wanted = by_matrix(
        [
            [0.213 + 0.787 * s, 0.715 - 0.715 * s, 0.072 - 0.072 * s],
            [0.213 - 0.213 * s, 0.715 + 0.285 * s, 0.072 - 0.072 * s],
            [0.213 - 0.213 * s, 0.715 - 0.715 * s, 0.072 + 0.928 * s],
        ]
    )
    assert difference(made("saturation", factor=factor), wanted) <= MATRIX


@pytest.mark.parametrize("degrees", [-360.0, -77.0, 0.0, 30.0, 90.0, 180.0, 359.0])
def test_hue_is_the_specification_s(degrees: float) -> None:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    wanted = by_matrix(
        [
            [0.213 + c * 0.787 - s * 0.213, 0.715 - c * 0.715 - s * 0.715, 0.072 - c * 0.072 + s * 0.928],
            [0.213 - c * 0.213 + s * 0.143, 0.715 + c * 0.285 + s * 0.140, 0.072 - c * 0.072 - s * 0.283],
            [0.213 - c * 0.213 - s * 0.787, 0.715 - c * 0.715 + s * 0.715, 0.072 + c * 0.928 + s * 0.072],
        ]
    )
    assert difference(made("hue", degrees=degrees), wanted) <= MATRIX


@pytest.mark.parametrize(("name", "parameters"), [("saturation", {"factor": 3.7}), ("hue", {"degrees": 123.0})])
def test_gray_has_no_hue(name: str, parameters: dict[str, float]) -> None:
    levels = np.arange(256, dtype=np.uint8)[None, :, None]
    for image in (levels, np.repeat(levels, 3, axis=2)):
        assert np.array_equal(made(name, image, **parameters), image)


@pytest.mark.parametrize("amount", [0.0, 0.6, 1.0])
def test_duotone_lies_between_two_colors_by_luma(amount: float) -> None:
    dark, light = np.array([16, 32, 200]), np.array([255, 240, 10])
    share = luma(IMAGE)[:, :, None] / 255
    wanted = (1 - amount) * IMAGE + amount * ((1 - share) * dark + share * light)
    result = made("duotone", dark="#1020c8", light="#fff00a", amount=amount)
    assert difference(result, wanted) <= MATRIX


def test_duotone_is_near_pillows_colorize() -> None:
    wanted = ImageOps.colorize(Pillow.fromarray(IMAGE).convert("L"), "#1020c8", "#fff00a")
    assert difference(made("duotone", dark="#1020c8", light="#fff00a"), np.asarray(wanted)) <= 2


def test_duotone_gives_gray_pictures_colors() -> None:
    ends = np.array([[0, 255]], np.uint8)[:, :, None]
    assert made("duotone", ends, dark="#102030", light="#fafbfc").tolist() == [[[16, 32, 48], [250, 251, 252]]]


@pytest.mark.parametrize("gamma", [0.1, 0.45, 1.0, 2.2, 10.0])
def test_gamma_is_a_power(gamma: float) -> None:
    assert difference(made("gamma", gamma=gamma), 255 * (IMAGE / 255) ** (1 / gamma)) <= 0.5


@pytest.mark.parametrize("amount", [0.0, 0.5, 1.0])
def test_tint_moves_midtones(amount: float) -> None:
    color = np.array([255, 136, 0])
    towards = color - (0.299 * 255 + 0.587 * 136)
    wanted = np.clip(IMAGE + amount * towards * (1 - 4 * (IMAGE / 255 - 0.5) ** 2), 0, 255)
    assert difference(made("tint", color="#f80", amount=amount), wanted) <= 0.51


def test_tint_keeps_black_and_white_and_gives_gray_pictures_colors() -> None:
    grays = np.array([[0, 128, 255]], np.uint8)[:, :, None]
    black, middle, white = made("tint", grays, color="#3060ff")[0].tolist()
    assert (black, white) == ([0, 0, 0], [255, 255, 255])
    assert middle[0] < 128 < middle[2]
    assert np.array_equal(made("tint", grays, color="#808080"), grays)


@pytest.mark.parametrize("percent", [0, 1, 7, 30])
@pytest.mark.parametrize(("by", "preserve_tone"), [("luma", True), ("channel", False)])
@pytest.mark.parametrize("channels", [1, 3])
def test_auto_level_is_pillows_autocontrast(percent: int, by: str, preserve_tone: bool, channels: int) -> None:
    image = (60 + photo(97, 61, channels) // 3).astype(np.uint8)
    picture = Pillow.fromarray(image if channels == 3 else image[:, :, 0])
    wanted = np.asarray(ImageOps.autocontrast(picture, percent, preserve_tone=preserve_tone)).reshape(image.shape)
    # Pillow cuts whole numbers of pixels, and fractions off levels.
    assert difference(made("auto_level", image, clip=percent / 100, by=by), wanted) <= 1


@pytest.mark.parametrize("by", ["luma", "channel"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_auto_level_leaves_a_flat_picture(by: str, channels: int) -> None:
    flat = np.full((5, 7, channels), 77, np.uint8)
    assert np.array_equal(made("auto_level", flat, by=by), flat)
    flat[:, :, -1] = 0
    assert np.array_equal(made("auto_level", flat, by=by), flat)


def test_auto_level_counts_pixels_by_their_alpha() -> None:
    image = np.zeros((10, 10, 4), np.uint8)
    image[:, :, :3] = np.linspace(80, 160, 100).round().reshape(10, 10, 1)
    image[:, :, 3] = 255
    image[0, :2] = (0, 255, 255, 0)
    visible = image[:, :, 3] > 0
    result = made("auto_level", image, clip=0)
    assert (result[visible][:, 0].min(), result[visible][:, 0].max()) == (0, 255)
    image[0, :2, 3] = 1  # two of 255 parts of a pixel are less than a hundredth of the picture
    assert np.array_equal(
        made("auto_level", image, clip=0.01)[visible],
        made("auto_level", np.where(image[:, :, 3:] == 1, 0, image).astype(np.uint8), clip=0.01)[visible],
    )


@pytest.mark.parametrize("factor", [0.0, 0.3, 0.999])
def test_opacity_scales_alpha(factor: float) -> None:
    image = photo(40, 30, 4)
    result = made("opacity", image, factor=factor)
    assert np.array_equal(result[:, :, :3], image[:, :, :3])
    assert difference(result[:, :, 3], factor * image[:, :, 3]) <= 0.5


@pytest.mark.parametrize("channels", [1, 3])
def test_opacity_makes_alpha(channels: int) -> None:
    image = photo(40, 30, channels)
    result = made("opacity", image, factor=0.6)
    assert np.array_equal(result[:, :, :3], np.broadcast_to(image, (30, 40, 3)))
    assert (result[:, :, 3] == 153).all()
    assert made("opacity", image, factor=1).shape == image.shape
