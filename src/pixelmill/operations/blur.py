"""Gaussian blur, on a reduced picture where the blur is wide; and the unsharp mask, which is made of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pixelmill.operations.base import Operation, register
from pixelmill.pixels import Image, in_bands, is_opaque, on_color, unweighted, weighted_by_alpha, with_axis, without_alpha

REDUCED_SIGMA = 3.0
"""A wide blur runs on a picture reduced until its sigma is between this and twice this."""
FRACTION_BITS = 7
"""A reduced 8-bit picture keeps that many bits behind the point once it is blurred, until it is large again."""


@register
class Blur(Operation):
    """Blur with a Gaussian; transparent pixels do not bleed into opaque ones.

    Edges are continued by reflection. A wide blur runs on the picture averaged over 2ⁿ × 2ⁿ blocks, with sigma
    corrected for what averaging and linear interpolation blur already: within 2 levels of the exact result.

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


def gaussian(pixels: NDArray[Any], sigma: float) -> NDArray[Any]:
    """Return `pixels`, uint8 or float32 of shape (H, W, C), blurred; same type and shape."""
    import cv2

    reduction = _reduction(sigma)
    if reduction == 1:
        return with_axis(cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=cv2.BORDER_REFLECT))
    return _wide(pixels, sigma, reduction)


def gaussian_by_alpha(image: Image, sigma: float) -> Image:
    """Return RGBA pixels blurred, each counted by its alpha."""

    def blurred(pixels: Image) -> Image:
        return unweighted(gaussian(weighted_by_alpha(pixels), sigma))

    return in_bands(image, math.ceil(4 * sigma) + 1, blurred) if _reduction(sigma) == 1 else blurred(image)


def _reduction(sigma: float) -> int:
    return int(2 ** max(0, math.floor(math.log2(sigma / REDUCED_SIGMA))))


def _wide(pixels: NDArray[Any], sigma: float, reduction: int) -> NDArray[Any]:
    import cv2

    height, width = pixels.shape[:2]
    # As many blocks as cover the picture, all equally large: so it is reflected at its true edges. Interpolating linearly
    # needs nothing beyond them, as the block next to an edge is its own reflection.
    across, down = math.ceil(width / reduction), math.ceil(height / reduction)
    small = cv2.resize(pixels, (across, down), interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
    x, y = _remaining(sigma, width / across), _remaining(sigma, height / down)
    small = cv2.GaussianBlur(small, (0, 0), x, sigmaY=y, borderType=cv2.BORDER_REFLECT)
    if pixels.dtype != np.uint8:
        return with_axis(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))
    fixed_point = np.rint(small * 2**FRACTION_BITS).astype(np.uint16)
    large = cv2.resize(fixed_point, (width, height), interpolation=cv2.INTER_LINEAR)
    return with_axis(cv2.convertScaleAbs(large, alpha=2.0**-FRACTION_BITS))


def _remaining(sigma: float, block: float) -> float:
    """Return what is left of `sigma`, in blocks of that many pixels, beside averaging them and interpolating linearly."""
    already = (1 - 1 / block**2) / 12 + 1 / 6
    return math.sqrt((sigma / block) ** 2 - already)
