"""Filters of single pixels against their formulas in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelmill.operations import make_operation
from tests.pictures import difference, luma, photo

SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
IMAGE = photo(97, 61)
AMOUNTS = [0.0, 0.3, 0.5, 1.0]


def clipped(values: NDArray[Any]) -> NDArray[Any]:
    result: NDArray[Any] = np.clip(values, 0, 255)
    return result


def mixed(changed: NDArray[Any], amount: float) -> NDArray[Any]:
    return (1 - amount) * IMAGE + amount * clipped(changed)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_grayscale_is_blended_luma(amount: float) -> None:
    result = make_operation("grayscale", {"amount": amount}).apply(IMAGE)
    wanted = mixed(np.repeat(luma(IMAGE)[:, :, None], 3, axis=2), amount)
    assert difference(np.broadcast_to(result, IMAGE.shape), wanted) <= 1


@pytest.mark.parametrize("amount", AMOUNTS)
def test_sepia_is_its_matrix(amount: float) -> None:
    result = make_operation("sepia", {"amount": amount}).apply(IMAGE)
    assert difference(result, mixed(IMAGE @ SEPIA.T, amount)) <= 1


@pytest.mark.parametrize("amount", AMOUNTS)
def test_negative_is_255_minus_v(amount: float) -> None:
    result = make_operation("negative", {"amount": amount}).apply(IMAGE)
    assert difference(result, mixed(255.0 - IMAGE, amount)) <= 0.5


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 2.0, 10.0])
def test_brightness_multiplies(factor: float) -> None:
    assert difference(make_operation("brightness", {"factor": factor}).apply(IMAGE), clipped(factor * IMAGE)) <= 0.5


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 3.0])
def test_contrast_scales_around_the_mean_luma(factor: float) -> None:
    mean = luma(IMAGE).mean()
    result = make_operation("contrast", {"factor": factor}).apply(IMAGE)
    assert difference(result, clipped(mean + factor * (IMAGE - mean))) <= 1


@pytest.mark.parametrize("name", ["grayscale", "sepia", "negative", "brightness", "contrast"])
def test_alpha_stays(name: str) -> None:
    image = photo(40, 30, channels=4)
    result = make_operation(name, {}).apply(image)
    assert np.array_equal(result[:, :, 3], image[:, :, 3])


@pytest.mark.parametrize("name", ["negative", "brightness", "contrast", "blur", "sharpen", "edge_detect", "grayscale"])
def test_gray_stays_gray_and_equals_the_same_in_color(name: str) -> None:
    gray = photo(40, 30, channels=1)
    operation = make_operation(name, {})
    result = operation.apply(gray)
    assert result.shape == gray.shape
    color = np.broadcast_to(operation.apply(np.repeat(gray, 3, axis=2)), (30, 40, 3))
    assert difference(np.repeat(result, 3, axis=2), color) <= 1


def test_contrast_of_a_transparent_picture_does_not_see_its_hidden_color() -> None:
    image = np.zeros((8, 8, 4), np.uint8)
    image[:, :4] = (100, 100, 100, 255)
    image[:, 4:] = (255, 0, 0, 0)
    result = make_operation("contrast", {"factor": 0}).apply(image)
    assert (result[:, :4, :3] == 100).all()
