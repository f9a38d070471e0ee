"""Vignette, pixelate, rounded corners and the median against plain NumPy and Pillow."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageFilter

from pixelmill import InvalidPipeline, run
from pixelmill.operations import make_operation
from pixelmill.pixels import Image
from tests.pictures import Floats, by_pillow, difference, encoded, photo


def made(name: str, image: Image, **parameters: Any) -> Image:
    return make_operation(name, parameters).apply(image)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("width", "height"), [(90, 70), (91, 71), (1, 1), (200, 3), (30, 300)])
@pytest.mark.parametrize(("amount", "start"), [(0.5, 0.3), (1.0, 0.0), (0.8, 0.99)])
def test_vignette_is_its_formula(width: int, height: int, channels: int, amount: float, start: float) -> None:
    image = photo(width, height, channels)
    y, x = np.mgrid[0:height, 0:width] + 0.5
    distance = np.hypot(2 * x / width - 1, 2 * y / height - 1) / np.sqrt(2)
    t = np.clip((distance - start) / (1 - start), 0, 1)
    light = (1 - amount * (3 * t**2 - 2 * t**3))[:, :, None]
    result = made("vignette", image, amount=amount, start=start)
    assert difference(result[:, :, :3], image[:, :, :3] * light) <= 0.51
    assert channels < 4 or np.array_equal(result[:, :, 3], image[:, :, 3])


def test_vignette_is_as_symmetric_as_its_picture() -> None:
    result = made("vignette", np.full((71, 90, 3), 200, np.uint8), amount=1)
    assert np.array_equal(result, result[::-1])
    assert np.array_equal(result, result[:, ::-1])
    assert (result[35, 45] == 200).all()
    assert result[0, 0].max() <= 1


def block_means(image: Image, size: int) -> Floats:
    """Return every pixel's block's mean, weighted by alpha."""
    pixels = image.astype(np.float64)
    if image.shape[2] == 4:
        pixels[:, :, :3] *= pixels[:, :, 3:]
    result = np.zeros(image.shape)
    for top in range(0, image.shape[0], size):
        for left in range(0, image.shape[1], size):
            block = np.s_[top : top + size, left : left + size]
            mean = pixels[block].mean(axis=(0, 1))
            if image.shape[2] == 4:
                mean[:3] /= max(mean[3], 1e-9)
            result[block] = mean
    return result


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 10, 64, 150, 1000])
@pytest.mark.parametrize(("width", "height"), [(90, 140), (70, 21), (1, 9)])
def test_pixelate_averages_blocks(width: int, height: int, channels: int, size: int) -> None:
    image = photo(width, height, channels)
    result = made("pixelate", image, size=size)
    if size == 1:
        assert np.array_equal(result, image)
    else:
        assert difference(result, block_means(image, size)) <= 0.51


def test_pixelate_counts_exactly_in_the_largest_blocks() -> None:
    image = np.full((1000, 1000, 4), 250, np.uint8)
    image[::2, :, :3] = 251
    assert made("pixelate", image, size=1000)[0, 0].tolist() in ([250, 250, 250, 250], [251, 251, 251, 250])
    image[0, 0] = (9, 9, 9, 0)
    image[1, :, :3] = 251
    assert made("pixelate", image, size=1000)[0, 0].tolist() == [251, 251, 251, 250]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("width", "height"), [(90, 60), (61, 91), (5, 5), (1, 1)])
@pytest.mark.parametrize("share", [0.1, 0.37, 0.5])
def test_rounded_corners_are_discs(width: int, height: int, channels: int, share: float) -> None:
    image = photo(width, height, channels)
    result = made("rounded_corners", image, share=share)
    radius, fine = share * min(width, height), 16
    y, x = (np.mgrid[0 : height * fine, 0 : width * fine] + 0.5) / fine
    inside = np.hypot(x - x.clip(radius, width - radius), y - y.clip(radius, height - radius)) <= radius
    covered = inside.reshape(height, fine, width, fine).mean(axis=(1, 3))
    alpha = image[:, :, 3] if channels == 4 else np.full((height, width), 255)
    assert np.array_equal(result[:, :, :3], np.broadcast_to(image[:, :, :3], (height, width, 3)))
    assert difference(result[:, :, 3], covered * alpha) <= 25
    assert np.abs(result[:, :, 3] - covered * alpha).mean() < 5


def test_a_radius_in_pixels_is_at_most_half_a_side() -> None:
    image = photo(40, 30)
    assert np.array_equal(made("rounded_corners", image, radius=500), made("rounded_corners", image, radius=15))
    assert np.array_equal(made("rounded_corners", image, radius=6), made("rounded_corners", image, share=0.2))
    assert made("rounded_corners", image, radius=0).shape == image.shape


@pytest.mark.parametrize(("parameters", "got"), [({}, "neither"), ({"radius": 1, "share": 0.1}, "both")])
def test_corners_have_one_radius(parameters: dict[str, float], got: str) -> None:
    with pytest.raises(InvalidPipeline, match=f"expected radius or share for rounded_corners, got {got}"):
        make_operation("rounded_corners", parameters)


def test_a_background_shows_in_the_corners_where_the_format_has_no_alpha() -> None:
    source = encoded(np.full((64, 64, 3), 200, np.uint8))
    result = by_pillow(run(source, 'rounded_corners:share=0.5 | jpeg:95,background="#204060"').data)
    assert difference(result[0, 0], np.array([0x20, 0x40, 0x60])) <= 4
    assert difference(result[32, 32], np.array([200, 200, 200])) <= 4


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("radius", [1, 2, 3, 6])
def test_median_is_pillows(channels: int, radius: int) -> None:
    image = photo(60, 50, channels)
    picture = Pillow.fromarray(image[:, :, 0] if channels == 1 else image)
    wanted = np.asarray(picture.filter(ImageFilter.MedianFilter(2 * radius + 1))).reshape(image.shape)
    assert np.array_equal(made("median", image, radius=radius), wanted)


def test_median_takes_away_a_speck() -> None:
    image = np.full((20, 30, 3), 90, np.uint8)
    image[7, 7] = 255
    assert (made("median", image) == 90).all()


@pytest.mark.parametrize("radius", [1, 4, 50])
def test_median_sees_only_visible_colors(radius: int) -> None:
    image = np.zeros((40, 40, 4), np.uint8)
    image[:, :, 0] = 255
    image[8:32, 8:32] = (20, 90, 160, 255)
    image[20, 20] = (0, 255, 0, 0)
    result = made("median", image, radius=radius)
    assert (result[result[:, :, 3] > 0] == (20, 90, 160, 255)).all()
    assert radius == 50 or result[:, :, 3].any()


def test_an_almost_opaque_picture_has_an_opaque_one_s_median() -> None:
    color = photo(60, 40)
    alpha = np.full((40, 60, 1), 255, np.uint8)
    alpha[0, 0] = 254
    result = made("median", np.dstack([color, alpha]), radius=3)
    assert np.array_equal(result[8:, 8:, :3], made("median", color, radius=3)[8:, 8:])


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("median", {"radius": 51}, "expected a number ≤ 50 for median.radius, got 51"),
        ("pixelate", {"size": 0}, "expected a number ≥ 1 for pixelate.size, got 0"),
        ("vignette", {"start": 1}, "expected a number ≤ 0.99 for vignette.start, got 1"),
        ("rounded_corners", {"share": float("nan")}, "expected a finite number for rounded_corners.share, got nan"),
    ],
)
def test_bounds(name: str, parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidPipeline, match=re.escape(said)):
        make_operation(name, parameters)
