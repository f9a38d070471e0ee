"""Gaussian blur, on a reduced picture where the blur is wide."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pixelmill.operations.base import Operation, register
from pixelmill.pixels import Image, is_opaque, on_color, with_axis

REDUCED_SIGMA = 4.0
"""A wide blur runs on a picture reduced until its sigma is between this and twice this."""
FRACTION_BITS = 7
"""A reduced 8-bit picture keeps that many bits behind the point, so that it is rounded once, at the end."""
MARGIN = 2


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
        alpha = image[:, :, 3:].astype(np.float32)
        weighted = gaussian(np.dstack([image[:, :, :3] * (alpha / 255), alpha]), self.sigma)
        coverage = weighted[:, :, 3:]
        weighted[:, :, :3] *= 255 / np.maximum(coverage, 1e-3)
        result: Image = np.clip(np.rint(weighted), 0, 255).astype(np.uint8)
        return result


def gaussian(pixels: NDArray[Any], sigma: float) -> NDArray[Any]:
    """Return `pixels`, uint8 or float32 of shape (H, W, C), blurred; same type and shape."""
    import cv2

    reduction = 2 ** max(0, math.floor(math.log2(sigma / REDUCED_SIGMA)))
    if reduction == 1:
        return with_axis(cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=cv2.BORDER_REFLECT))
    return _wide(pixels, sigma, reduction)


def _wide(pixels: NDArray[Any], sigma: float, reduction: int) -> NDArray[Any]:
    import cv2

    height, width = pixels.shape[:2]
    below, beside = -height % reduction, -width % reduction
    if below or beside:
        pixels = cv2.copyMakeBorder(pixels, 0, below, 0, beside, cv2.BORDER_REFLECT)
    blocks = (pixels.shape[1] // reduction, pixels.shape[0] // reduction)
    small = cv2.resize(pixels, blocks, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
    small = cv2.copyMakeBorder(small, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REFLECT)
    # In units of blocks: the variance of a box of reduction pixels, and that of the triangle that interpolates.
    already = (1 - 1 / reduction**2) / 12 + 1 / 6
    small = cv2.GaussianBlur(small, (0, 0), math.sqrt((sigma / reduction) ** 2 - already), borderType=cv2.BORDER_REFLECT)
    fixed_point = pixels.dtype == np.uint8
    if fixed_point:
        small = np.rint(small * 2**FRACTION_BITS).astype(np.uint16)
    large = cv2.resize(small, None, fx=reduction, fy=reduction, interpolation=cv2.INTER_LINEAR)
    start = MARGIN * reduction
    large = large[start : start + height, start : start + width]
    if fixed_point:
        return with_axis(cv2.convertScaleAbs(large, alpha=2.0**-FRACTION_BITS))
    return with_axis(np.ascontiguousarray(large))
