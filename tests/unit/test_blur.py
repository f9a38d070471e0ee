"""Blur against a Gaussian in float64 and against Pillow."""

from __future__ import annotations

import numpy as np
import pytest

from pixelmill.operations import make_operation
from pixelmill.pixels import BAND, Image
from tests.pictures import blurred, difference, photo

SIGMAS = [0.3, 1, 2, 5.9, 6, 7.9, 12, 20, 50, 100]


def hard_edges() -> Image:
    """Return what shows a blur's errors best: black and white halves, a thin line and single points."""
    image = np.zeros((150, 211, 3), np.uint8)
    image[:, 100:] = 255
    image[40, :] = (255, 0, 255)
    image[90::13, ::17] = 255
    return image


def blur(image: Image, sigma: float) -> Image:
    return make_operation("blur", {"sigma": sigma}).apply(image)


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_photograph_is_within_2_levels_everywhere(sigma: float, channels: int) -> None:
    image = photo(233, 157, channels)
    assert difference(blur(image, sigma), blurred(image, sigma)) <= 2


@pytest.mark.parametrize("sigma", SIGMAS)
def test_hard_edges_are_within_2_levels_everywhere(sigma: float) -> None:
    assert difference(blur(hard_edges(), sigma), blurred(hard_edges(), sigma)) <= 2


@pytest.mark.parametrize("sigma", [2, 8, 20])
@pytest.mark.parametrize("size", [(160, 120), (45, 2 * BAND + 1)])
def test_transparent_pictures_are_blurred_weighted_by_alpha(sigma: float, size: tuple[int, int]) -> None:
    image = photo(*size, channels=4)
    alpha = image[:, :, 3:].astype(np.float64)
    coverage = blurred(alpha, sigma)
    color = blurred(image[:, :, :3] * alpha, sigma) / np.maximum(coverage, 1e-9)
    result = blur(image, sigma)
    assert difference(result[:, :, 3:], coverage) <= 2
    seen = coverage[:, :, 0] > 20
    assert difference(result[:, :, :3][seen], color[seen]) <= 2


@pytest.mark.parametrize("sigma", [0.1, 2, 20, 250])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 2), (9, 9)])
def test_pictures_smaller_than_the_kernel_work(sigma: float, size: tuple[int, int]) -> None:
    image = photo(*size)
    assert difference(blur(image, sigma), blurred(image, sigma)) <= 2
