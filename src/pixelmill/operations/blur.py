"""Gaussian blur, on a reduced picture where the blur is wide; and the unsharp mask, which is made of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pixelmill.geometry import Size
from pixelmill.operations.base import Operation, register
from pixelmill.pixels import (
    BAND,
    Image,
    Number,
    in_bands,
    is_opaque,
    on_color,
    unweighted,
    weighted_by_alpha,
    with_axis,
    without_alpha,
)

REDUCED_SIGMA = 3.0
"""A wide blur runs on a picture reduced until its sigma is between this and twice this."""
FRACTION_BITS = 7
"""A reduced 8-bit picture keeps that many bits behind the point once it is blurred, until it is large again."""


@register
class Blur(Operation):
    """Blur with a Gaussian; transparent pixels do not bleed into opaque ones.

    Edges are continued by reflection. A wide blur runs on the picture averaged over 2ⁿ × 2ⁿ blocks, with sigma
    corrected for what averaging and linear interpolation blur already: within 2 levels of the exact result, within
    3 where the picture is noise.

    Source: Burt and Adelson, The Laplacian Pyramid as a Compact Image Code, IEEE Trans. Commun. 31, 1983.
    """

    pool = "filter"
    positional = ("sigma",)

    sigma: float = Field(2.0, gt=0, le=250, description="standard deviation, px")

    def apply(self, image: Image) -> Image:
        if is_opaque(image):
            return on_color(image, lambda color: gaussian(color, self.sigma))
        return gaussian_by_alpha(image, self.sigma)


@register
class Unsharp(Operation):
    """Sharpen by an unsharp mask: add `amount` times what a Gaussian blur takes away.

    Differences of up to `threshold` levels stay as they are. The blurred picture is rounded to whole levels. Transparent
    pixels do not bleed into opaque ones; alpha stays.

    Source: as UnsharpMask in Pillow, with a true Gaussian.
    """

    pool = "filter"
    positional = ("sigma", "amount", "threshold")

    sigma: float = Field(1.0, gt=0, le=250, description="standard deviation of the blur, px")
    amount: float = Field(1.0, ge=0, le=10, description="strength; 0 leaves the picture as it is")
    threshold: int = Field(0, ge=0, le=255, description="differences of up to that many levels stay, as noise does")

    def apply(self, image: Image) -> Image:
        if is_opaque(image):
            return on_color(image, lambda color: self._mask(color, gaussian(color, self.sigma)))
        smooth = without_alpha(gaussian_by_alpha(image, self.sigma))
        return on_color(image, lambda color: self._mask(color, smooth))

    def _mask(self, color: Image, smooth: NDArray[Any]) -> Image:
        import cv2

        sharp: Image = cv2.addWeighted(color, 1 + self.amount, smooth, -self.amount, 0)
        if self.threshold:
            _, weak = cv2.threshold(cv2.absdiff(color, smooth), self.threshold, 255, cv2.THRESH_BINARY_INV)
            cv2.copyTo(color, weak, sharp)
        return with_axis(sharp)


def gaussian(color: Image, sigma: float) -> Image:
    """Return pixels without alpha blurred."""
    import cv2

    reduction = _reduction(sigma)
    if reduction == 1:
        return _blurred(color, sigma, sigma)
    height, width = color.shape[:2]
    blocks = _blocks(color, reduction)
    small = cv2.resize(color, blocks, interpolation=cv2.INTER_AREA).astype(np.float32)
    small = _blurred(small, _remaining(sigma, width / blocks.width), _remaining(sigma, height / blocks.height))
    fixed_point = np.rint(small * 2**FRACTION_BITS).astype(np.uint16)
    large = cv2.resize(fixed_point, (width, height), interpolation=cv2.INTER_LINEAR)
    return with_axis(cv2.convertScaleAbs(large, alpha=2.0**-FRACTION_BITS))


def gaussian_by_alpha(image: Image, sigma: float) -> Image:
    """Return RGBA pixels blurred, each counted by its alpha."""
    reduction = _reduction(sigma)
    if reduction > 1:
        return _wide_by_alpha(image, sigma, reduction)
    return in_bands(
        image, math.ceil(4 * sigma) + 1, lambda band: unweighted(_blurred(weighted_by_alpha(band), sigma, sigma))
    )


def _wide_by_alpha(image: Image, sigma: float, reduction: int) -> Image:
    """Blur on a reduced picture. The large ones exist in bands only, as weighted pixels take four times the memory."""
    import cv2

    height, width = image.shape[:2]
    blocks = _blocks(image, reduction)
    bands = [np.s_[top : top + BAND] for top in range(0, height, BAND)]
    tall = np.empty((height, blocks.width, 4), np.float32)
    for band in bands:
        weighted = weighted_by_alpha(image[band])
        cv2.resize(weighted, (blocks.width, len(weighted)), tall[band], interpolation=cv2.INTER_AREA)
    small = cv2.resize(tall, blocks, interpolation=cv2.INTER_AREA)
    small = _blurred(small, _remaining(sigma, width / blocks.width), _remaining(sigma, height / blocks.height))
    cv2.resize(small, (blocks.width, height), tall, interpolation=cv2.INTER_LINEAR)
    result = np.empty_like(image)
    for band in bands:
        blurred = tall[band]
        result[band] = unweighted(cv2.resize(blurred, (width, len(blurred)), interpolation=cv2.INTER_LINEAR))
    return result


def _reduction(sigma: float) -> int:
    return int(2 ** max(0, math.floor(math.log2(sigma / REDUCED_SIGMA))))


def _blocks(image: Image, reduction: int) -> Size:
    """Return as many blocks as cover a picture, all equally large: so it is reflected at its true edges.

    Interpolating linearly needs nothing beyond them, as the block next to an edge is its own reflection.
    """
    height, width = image.shape[:2]
    return Size(math.ceil(width / reduction), math.ceil(height / reduction))


def _blurred(pixels: NDArray[Number], across: float, down: float) -> NDArray[Number]:
    import cv2

    blurred: NDArray[Number] = cv2.GaussianBlur(pixels, (0, 0), across, sigmaY=down, borderType=cv2.BORDER_REFLECT)
    return blurred.reshape(pixels.shape)


def _remaining(sigma: float, block: float) -> float:
    """Return what is left of `sigma`, in blocks of that many pixels, beside averaging them and interpolating linearly."""
    already = (1 - 1 / block**2) / 12 + 1 / 6
    return math.sqrt((sigma / block) ** 2 - already)
