"""Filters of a 3×3 neighbourhood: sharpen and edge detection."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pixelmill.operations.base import Operation, register
from pixelmill.pixels import (
    Image,
    blend,
    in_bands,
    is_opaque,
    on_color,
    per_color,
    replace_alpha,
    weighted_by_alpha,
    with_axis,
)

SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
AROUND = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]])
SELF = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])


@register
class Sharpen(Operation):
    """Add `amount` times what the 3×3 kernel [1 1 1; 1 5 1; 1 1 1]/13 smooths away; alpha stays."""

    pool = "filter"
    positional = ("amount",)

    amount: float = Field(2.0, ge=0, le=10, description="strength; 0 leaves the picture as it is")

    def apply(self, image: Image) -> Image:
        # image + amount·(image − smooth): each neighbour's difference from the centre, weighted.
        return difference(image, self.amount * SMOOTH * AROUND, keep=1)


@register
class EdgeDetect(Operation):
    """Show the differences from the eight neighbours: the 3×3 kernel of −1 around 8; alpha stays."""

    pool = "filter"
    positional = ("amount",)

    amount: float = Field(1.0, ge=0, le=1, description="share of the result against the original")

    def apply(self, image: Image) -> Image:
        return blend(image, difference(image, AROUND, keep=0), self.amount)


def difference(image: Image, weights: NDArray[np.float64], keep: int) -> Image:
    """Return keep·centre + Σ weights·(centre − neighbour), as `convolved` does."""
    return convolved(image, (keep + weights.sum()) * SELF - weights)


def convolved(image: Image, kernel: NDArray[np.float64], offset: float = 0) -> Image:
    """Return `image` under a kernel of odd sides, laid over it as it is, plus `offset`; rounded and clipped, alpha stays.

    Edges are continued by reflection. A neighbour counts by its alpha, and as the pixel itself for the rest, so that the
    color under transparent pixels does not show.
    """
    import cv2

    def convolve(pixels: NDArray[Any], depth: int, delta: float = 0) -> NDArray[Any]:
        return with_axis(cv2.filter2D(pixels, depth, kernel, delta=delta, borderType=cv2.BORDER_REFLECT))

    if is_opaque(image):
        return on_color(image, lambda color: convolve(color, -1, offset))

    def by_alpha(band: Image) -> Image:
        around = convolve(weighted_by_alpha(band), cv2.CV_32F, offset)
        missing = np.float32(kernel.sum()) - (cv2.extractChannel(around, 3) - np.float32(offset)) / np.float32(255)
        itself = cv2.multiply(band, per_color(missing, 0), dtype=cv2.CV_32F)
        return replace_alpha(cv2.add(around, itself, dtype=cv2.CV_8U), band)

    return in_bands(image, len(kernel) // 2, by_alpha)
