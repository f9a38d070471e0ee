"""Rotate, flip and flop: exact where pixels only move, close to the exact cubic convolution elsewhere."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import ImageTooLarge, InvalidPipeline, Pipeline
from pixelmill.codecs import FORMATS, Header
from pixelmill.geometry import Size
from pixelmill.operations import make_operation
from pixelmill.pixels import Image
from pixelmill.plan import plan
from tests.pictures import Floats, difference, photo, psnr

TRANSPOSED = {
    ("rotate", 90.0): Pillow.Transpose.ROTATE_270,
    ("rotate", -180.0): Pillow.Transpose.ROTATE_180,
    ("rotate", -90.0): Pillow.Transpose.ROTATE_90,
    ("rotate", 270.0): Pillow.Transpose.ROTATE_90,
    ("flip", 0.0): Pillow.Transpose.FLIP_TOP_BOTTOM,
    ("flop", 0.0): Pillow.Transpose.FLIP_LEFT_RIGHT,
}


def rotated(image: Image, angle: float, background: str = "#ffffff") -> Image:
    return make_operation("rotate", {"angle": angle, "background": background}).apply(image)


@pytest.mark.parametrize(("name", "angle"), TRANSPOSED)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(31, 20), (1, 9), (1, 1)])
def test_quarter_turns_and_mirrors_are_pillows(name: str, angle: float, channels: int, size: tuple[int, int]) -> None:
    image = photo(*size, channels)
    result = make_operation(name, {"angle": angle} if name == "rotate" else {}).apply(image)
    picture = Pillow.fromarray(image[:, :, 0] if channels == 1 else image)
    assert np.array_equal(result, np.asarray(picture.transpose(TRANSPOSED[name, angle])).reshape(result.shape))


@pytest.mark.parametrize("angle", [0, 360, -360, 1e-12, -1e-300])
def test_no_turn_changes_nothing(angle: float) -> None:
    image = photo(31, 20)
    assert difference(rotated(image, angle), image) == 0


def cubic(image: Image, angle: float, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return cubic convolution (a = −0.5, edges continued) in float64, and how far inside the picture each centre is."""
    height, width = image.shape[:2]
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float64)
    x, y = x - (shape[1] - 1) / 2, y - (shape[0] - 1) / 2
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    x, y = cos * x + sin * y + (width - 1) / 2, cos * y - sin * x + (height - 1) / 2
    inside = np.minimum.reduce([x + 0.5, y + 0.5, width - 0.5 - x, height - 0.5 - y])

    def weight(t: Floats) -> Floats:
        t = np.abs(t)
        near, far = 1.5 * t**3 - 2.5 * t**2 + 1, -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
        result: Floats = np.where(t < 1, near, np.where(t < 2, far, 0))
        return result

    total = np.zeros((*shape, image.shape[2]))
    for dy in range(-1, 3):
        for dx in range(-1, 3):
            column, row = np.floor(x) + dx, np.floor(y) + dy
            pixels = image[row.clip(0, height - 1).astype(int), column.clip(0, width - 1).astype(int)]
            total += (weight(x - column) * weight(y - row))[:, :, None] * pixels
    return total, inside


@pytest.mark.parametrize("angle", [0.3, 17, 45, 100.5, 225, -30, 359.9])
@pytest.mark.parametrize("channels", [1, 3])
def test_other_turns_are_cubic_convolution(angle: float, channels: int) -> None:
    image = photo(150, 90, channels)
    result = rotated(image, angle, "#808080")
    wanted, inside = cubic(image, angle, result.shape[:2])
    whole = inside > 1
    assert psnr(result[whole], wanted.clip(0, 255)[whole]) >= 48
    assert (result[inside < -1] == 128).all()
    # A pixel at the edge is a mixture by how much of it the picture covers.
    edge = np.abs(inside) < 0.3
    share = (inside + 0.5)[edge][:, None]
    assert np.abs(result[edge] - (share * wanted.clip(0, 255)[edge] + (1 - share) * 128)).mean() <= 8


@pytest.mark.parametrize("angle", [10, 77, -45])
def test_turns_go_the_way_pillows_do(angle: float) -> None:
    image = photo(150, 90)
    result = rotated(image, angle, "black")
    wanted = np.asarray(Pillow.fromarray(image).rotate(-angle, Pillow.Resampling.BILINEAR, expand=True))
    dy, dx = (np.array(wanted.shape[:2]) - result.shape[:2]) // 2
    wanted = wanted[dy : dy + result.shape[0], dx : dx + result.shape[1]]
    assert np.abs(result.astype(int) - wanted).mean() <= 7


@pytest.mark.parametrize("background", ["transparent", "#204060", "#20406080"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_corners_are_the_background_and_the_middle_is_the_picture(channels: int, background: str) -> None:
    color = np.array([9, 60, 200, 255][-channels:] if channels < 4 else [9, 60, 200, 255], np.uint8)
    image = np.broadcast_to(color, (40, 60, channels))
    result = rotated(image, 30, background)
    assert result.shape[2] == (3 if background == "#204060" and channels < 4 else 4)
    wanted = {"transparent": [0, 0, 0, 0], "#204060": [32, 64, 96, 255], "#20406080": [32, 64, 96, 128]}[background]
    assert result[0, 0].tolist() == wanted[: result.shape[2]]
    middle = np.broadcast_to(color, (3,)) if channels == 1 else color[:3]
    assert result[result.shape[0] // 2, result.shape[1] // 2, :3].tolist() == middle.tolist()
    if result.shape[2] == 4:
        assert result[result.shape[0] // 2, result.shape[1] // 2, 3] == 255
        # At the edges too, what shows is the picture's color: nothing dark bleeds in from outside.
        if background == "transparent":
            assert np.abs(result[result[:, :, 3] > 8][:, :3].astype(int) - middle).max() <= 1


def test_a_gray_picture_stays_gray_before_a_gray_background() -> None:
    assert rotated(photo(20, 20, 1), 10, "#777").shape[2] == 1
    assert rotated(photo(20, 20, 1), 10, "#778").shape[2] == 3


@pytest.mark.parametrize(
    ("size", "angle", "wanted"),
    [
        ((100, 50), 90, (50, 100)),
        ((100, 50), -180, (100, 50)),
        ((100, 50), 45, (107, 107)),
        ((100, 100), 30, (137, 137)),
        ((1, 1), 1, (2, 2)),
        ((100, 50), 1e-9, (100, 50)),
    ],
)
def test_the_result_is_the_box_around_the_turned_picture(
    size: tuple[int, int], angle: float, wanted: tuple[int, int]
) -> None:
    operation = make_operation("rotate", {"angle": angle})
    assert operation.output_size(Size(*size)) == wanted
    assert operation.apply(photo(*size)).shape[:2] == wanted[::-1]


def test_limits_are_held_before_anything_is_turned() -> None:
    assert plan(Pipeline().rotate(90), Header(FORMATS["png"], Size(16_000, 6_000))).sizes == ((6_000, 16_000),)
    with pytest.raises(ImageTooLarge, match="for the result of rotate"):
        plan(Pipeline().rotate(45), Header(FORMATS["png"], Size(16_000, 6_000)))


@pytest.mark.parametrize("angle", [361, -400, 1e9, float("nan"), float("inf"), "steep"])
def test_refusals(angle: Any) -> None:
    with pytest.raises(InvalidPipeline, match=r"expected .* for rotate\.angle"):
        make_operation("rotate", {"angle": angle})
