"""Custom operations whose functions fail, or return what is no picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pixelmill
from pixelmill import InvalidPipeline, OperationFailed, Pipeline
from pixelmill.errors import ImageTooLarge
from pixelmill.pixels import Image
from tests.pictures import encoded, photo

CHAIN: Any = Pipeline()
pytestmark = pytest.mark.usefixtures("own_registry")


def test_a_result_beyond_the_limits() -> None:
    @pixelmill.operation(output_size=lambda size, factor: (size[0] * factor, size[1] * factor))
    def enlarge(image: Image, *, factor: int = 10_000) -> Image:
        raise AssertionError("it must not get here")

    with pytest.raises(ImageTooLarge, match="for the result of enlarge, got 50000×30000"):
        pixelmill.run(encoded(photo(5, 3)), CHAIN.enlarge())


def raises(image: Image) -> Image:
    raise ZeroDivisionError("by nothing")


def writes(image: Image) -> Image:
    image[0, 0] = 0
    return image


def leaves(image: Image) -> Image:
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (raises, "expected a picture from the operation one, got ZeroDivisionError: by nothing"),
        (writes, "expected a picture from the operation one, got ValueError: assignment destination is read-only"),
        (leaves, "expected a picture from the operation one, got SystemExit: 3"),
        (lambda image: None, "expected an array of uint8 from the operation one, got NoneType"),
        (lambda image: [[1]], "expected an array of uint8 from the operation one, got list"),
        (lambda image: image / 2, "from the operation one, got float64 of shape (3, 5, 3)"),
        (lambda image: image[:, :, :2], "from the operation one, got uint8 of shape (3, 5, 2)"),
        (lambda image: image[0, 0], "from the operation one, got uint8 of shape (3,)"),
        (lambda image: image[:, 1:], "expected 5×3 px from the operation one, got 4×3; where it changes the size, say so"),
        (lambda image: image[:0], "expected 5×3 px from the operation one, got 5×0"),
    ],
)
def test_a_function_that_fails_is_told_from_a_fault_of_ours(function: Callable[[Image], Image], got: str) -> None:
    pixelmill.operation(name="one")(function)
    image = photo(5, 3).copy()
    before = image.copy()
    with pytest.raises(OperationFailed, match=re.escape(got)) as failure:
        CHAIN.one().operations[0].apply(image)
    assert np.array_equal(image, before)
    assert image.flags.writeable
    if "got ZeroDivisionError" in got:
        assert isinstance(failure.value.__cause__, ZeroDivisionError)
    with pytest.raises(OperationFailed):
        pixelmill.run(encoded(image), CHAIN.one())


@pytest.mark.parametrize("size", [None, (0, 1), (1.5, 2), (1,), "ab"])
def test_an_output_size_that_is_none(size: object) -> None:
    pixelmill.operation(name="one", output_size=lambda _: size)(lambda image: image)  # type: ignore[arg-type, return-value]
    with pytest.raises(OperationFailed, match="expected a width and a height of at least 1 px for the output_size of one"):
        pixelmill.run(encoded(photo(5, 3)), CHAIN.one())


def test_our_own_errors_pass() -> None:
    @pixelmill.operation
    def picky(image: Image, *, text: str = "") -> Image:
        raise InvalidPipeline("expected another text for picky, got none")

    with pytest.raises(InvalidPipeline, match="expected another text for picky, got none"):
        pixelmill.run(encoded(photo(5, 3)), CHAIN.picky())
