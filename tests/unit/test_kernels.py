"""Sharpen and edge detection against their 3×3 kernels in float64."""

from __future__ import annotations

import numpy as np
import pytest

from pixelmill.operations import make_operation
from tests.pictures import convolved, difference, photo

SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
EDGES = np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])


@pytest.mark.parametrize("intensity", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_sharpen_is_smooth_plus_what_it_took_away(intensity: float, channels: int) -> None:
    image = photo(83, 47, channels)
    smooth = convolved(image, SMOOTH)
    wanted = np.clip(smooth + (1 + 2 * intensity) * (image - smooth), 0, 255)
    assert difference(make_operation("sharpen", {"amount": 2 * intensity}).apply(image), wanted) <= 1


@pytest.mark.parametrize("amount", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_edge_detect_is_its_kernel(amount: float, channels: int) -> None:
    image = photo(83, 47, channels)
    wanted = (1 - amount) * image + amount * np.clip(convolved(image, EDGES), 0, 255)
    assert difference(make_operation("edge_detect", {"amount": amount}).apply(image), wanted) <= 1


@pytest.mark.parametrize("name", ["sharpen", "edge_detect"])
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 1)])
def test_tiny_pictures_work(name: str, size: tuple[int, int]) -> None:
    image = photo(*size)
    assert make_operation(name, {}).apply(image).shape == image.shape


def test_an_almost_opaque_picture_is_sharpened_like_an_opaque_one() -> None:
    color = photo(60, 40)
    alpha = np.full((40, 60, 1), 255, np.uint8)
    alpha[0, 0] = 254
    result = make_operation("sharpen", {}).apply(np.dstack([color, alpha]))
    assert difference(result[2:, 2:, :3], make_operation("sharpen", {}).apply(color)[2:, 2:]) <= 1
