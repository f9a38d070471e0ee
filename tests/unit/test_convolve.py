"""Convolution with a user's kernel, and the unsharp mask."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageFilter

from pixelmill import InvalidPipeline, Pipeline
from pixelmill.fleet.wire import operation_message, operations_of
from pixelmill.operations import make_operation
from pixelmill.pixels import Image
from tests.pictures import Floats, blurred, difference, photo

SHARP = (0.0, -1.0, 0.0, -1.0, 5.0, -1.0, 0.0, -1.0, 0.0)
ROWS = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
SLOPED = [[1.0, 2.0, -1.0], [0.0, 3.0, 4.0], [-2.0, 0.5, 0.25]]


def made(name: str, image: Image, **parameters: Any) -> Image:
    return make_operation(name, parameters).apply(image)


def summed(image: Image, kernel: Floats) -> Floats:
    """Return the sum of neighbours, each times its number, edges continued by reflection."""
    reach = len(kernel) // 2
    padded = np.pad(image.astype(np.float64), ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape, axis=(0, 1))
    result: Floats = np.einsum("ijckl,kl->ijc", windows, kernel)
    return result


@pytest.mark.parametrize("side", [1, 3, 5, 9, 11, 15])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("divisor", "offset"), [(None, 0.0), (3.5, 20.0), (-40.0, 255.0)])
def test_convolve_is_its_sum(side: int, channels: int, divisor: float | None, offset: float) -> None:
    kernel = np.random.default_rng(side).integers(-3, 6, (side, side)).astype(np.float64)
    image = photo(83, 47, channels)
    wanted = np.clip(summed(image, kernel) / (divisor or kernel.sum()) + offset, 0, 255)
    result = made("convolve", image, kernel=kernel.tolist(), divisor=divisor, offset=offset)
    assert difference(result, wanted) <= 0.51


def test_a_kernel_whose_sum_is_0_is_not_divided() -> None:
    image = photo(40, 30)
    edges = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], float)
    assert np.array_equal(made("convolve", image, kernel=edges.ravel().tolist()), made("edge_detect", image))


def test_the_kernel_lies_as_it_is_written() -> None:
    image = photo(40, 30)
    right = made("convolve", image, kernel="0 0 0, 0 0 1, 0 0 0")
    assert np.array_equal(right[:, :-1], image[:, 1:])
    below = made("convolve", image, kernel="0 0 0, 0 0 0, 0 1 0")
    assert np.array_equal(below[:-1], image[1:])


def test_convolve_is_pillows_inside() -> None:
    image = photo(40, 30)
    kernel = np.array(SLOPED)
    wanted = Pillow.fromarray(image).filter(ImageFilter.Kernel((3, 3), kernel[::-1].ravel().tolist(), kernel.sum(), 9))
    inside = np.s_[1:-1, 1:-1]
    assert difference(made("convolve", image, kernel=SLOPED, offset=9)[inside], np.asarray(wanted)[inside]) <= 1


def test_a_transparent_neighbour_counts_as_the_pixel_itself() -> None:
    image = photo(40, 30, 4)
    kernel = np.array(SLOPED) / np.sum(SLOPED)
    alpha = image[:, :, 3:] / 255
    color = image[:, :, :3].astype(np.float64)
    padded = [np.pad(one, ((1, 1), (1, 1), (0, 0)), mode="symmetric") for one in (color, alpha)]
    wanted = np.zeros_like(color)
    for y in range(3):
        for x in range(3):
            neighbour, share = (one[y : y + 30, x : x + 40] for one in padded)
            wanted += kernel[y, x] * (share * neighbour + (1 - share) * color)
    result = made("convolve", image, kernel=SLOPED)
    assert difference(result[:, :, :3], np.clip(wanted, 0, 255)) <= 0.51
    assert np.array_equal(result[:, :, 3], image[:, :, 3])


@pytest.mark.parametrize(
    "kernel",
    [
        SHARP,
        list(SHARP),
        ROWS,
        tuple(map(tuple, ROWS)),
        "0 -1 0, -1 5 -1, 0 -1 0",
        "0 -1 0; -1 5 -1; 0 -1 0",
        "0 -1 0\n-1 5 -1\n0 -1 0",
        " 0 -1 0 -1 5.0 -1 0 -1 0 ",
        "0,-1,0,-1,5,-1,0,-1,0",
    ],
)
def test_a_kernel_has_many_spellings(kernel: object) -> None:
    operation = make_operation("convolve", {"kernel": kernel})
    assert operation.model_dump()["kernel"] == SHARP
    pipeline = Pipeline(operations=(operation,))
    assert pipeline.to_text() == "convolve:0 -1 0 -1 5 -1 0 -1 0"
    assert Pipeline.from_text('convolve:"0 -1 0, -1 5 -1, 0 -1 0"') == pipeline
    assert Pipeline.from_data(json.loads(json.dumps({"operations": [{"op": "convolve", "kernel": kernel}]}))) == pipeline
    assert Pipeline().convolve([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]) == pipeline
    assert operations_of([operation_message(operation)]) == (operation,)


@pytest.mark.parametrize(
    ("kernel", "said"),
    [
        ([1, 2, 3, 4], "expected 3×3, 5×5 or another odd square up to 15×15 for a kernel, got 4 number(s)"),
        ([[1, 2], [3, 4]], "expected 3×3, 5×5 or another odd square up to 15×15 for a kernel, got 4 number(s)"),
        ("1 2 3, 4 5, 6 7 8", "expected as many rows as numbers in each for a kernel, got rows of [3, 2, 3]"),
        ([[1, 2, 3]], "expected as many rows as numbers in each for a kernel, got rows of [3]"),
        ([1.0] * 289, "expected at most 225 values for convolve.kernel, got [1.0, 1.0,"),
        ([], "expected at least 1 value(s) for convolve.kernel, got []"),
        ("", "expected at least 1 value(s) for convolve.kernel, got []"),
        (5, "expected a list for convolve.kernel, got 5"),
        ("1 2 x 4 5 6 7 8 9", "expected a number for convolve.kernel.2, got 'x'"),
        ([float("nan")], "for convolve.kernel.0, got nan"),
        ([float("inf")], "for convolve.kernel.0, got inf"),
        ([1e9], "expected a number ≤ 10000 for convolve.kernel.0, got 1000000000.0"),
        ("1 " * 5000, "expected at most 7200 characters for a kernel"),
        ([["1", []], [1, 2]], "for convolve.kernel.1, got []"),
    ],
)
def test_other_kernels_are_refused(kernel: object, said: str) -> None:
    with pytest.raises(InvalidPipeline, match=re.escape(said)):
        make_operation("convolve", {"kernel": kernel})


def test_the_divisor_is_not_0() -> None:
    with pytest.raises(InvalidPipeline, match=re.escape("expected a number other than 0 for convolve.divisor, got 0.0")):
        make_operation("convolve", {"kernel": SHARP, "divisor": 0})


@pytest.mark.parametrize("sigma", [0.5, 2.0, 15.0])
@pytest.mark.parametrize("amount", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_unsharp_adds_what_a_blur_takes_away(sigma: float, amount: float, channels: int) -> None:
    image = photo(90, 70, channels)
    wanted = np.clip(image + amount * (image - blurred(image, sigma)), 0, 255)
    # The blurred picture is rounded, and a wide blur within two levels of the exact one.
    off = 0.51 if sigma < 6 else 2.5
    assert difference(made("unsharp", image, sigma=sigma, amount=amount), wanted) <= 0.5 + 1.1 * off * amount


@pytest.mark.parametrize("threshold", [1, 8, 255])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_unsharp_leaves_small_differences(threshold: int, channels: int) -> None:
    image = photo(90, 70, channels)
    smooth = made("blur", image, sigma=2)
    strong = np.abs(image.astype(int) - smooth) > threshold
    wanted = np.where(strong, made("unsharp", image, sigma=2, amount=2), image)
    if channels == 4:
        wanted[:, :, 3] = image[:, :, 3]
    assert np.array_equal(made("unsharp", image, sigma=2, amount=2, threshold=threshold), wanted)


def test_unsharp_is_near_pillows() -> None:
    image = photo(90, 70)
    wanted = np.asarray(Pillow.fromarray(image).filter(ImageFilter.UnsharpMask(radius=2, percent=150, threshold=0)))
    result = made("unsharp", image, sigma=2, amount=1.5)
    assert np.abs(result.astype(int) - wanted).mean() < 1  # whose Gaussian is three averages
