"""Filters of place: vignette, pixelate, rounded corners."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pixelmill.operations.base import Operation, register
from pixelmill.pixels import Image, channels, is_opaque, to_rgba, unweighted, weighted_by_alpha, with_axis

KEPT_PIXELS = 1_000_000
"""A vignette's mask of up to that many pixels is kept for the next picture of its size."""
BAND = 64
"""Rows that are worked on at a time: few enough to stay in the processor's cache."""


@register
class Vignette(Operation):
    """Darken towards the corners, along ellipses of the picture's shape; alpha stays.

    Colors are multiplied by 1 − amount·(3t² − 2t³), where t goes from 0 at `start` to 1 in the corners.
    """

    pool = "filter"
    positional = ("amount", "start")

    amount: float = Field(0.5, ge=0, le=1, description="how much darker the corners are; 1 makes them black")
    start: float = Field(0.3, ge=0, le=0.99, description="where it begins: share of the way from the centre to a corner")

    def apply(self, image: Image) -> Image:
        import cv2

        height, width, count = image.shape
        result = np.empty_like(image)
        quarter = (_kept_quarter if height * width <= KEPT_PIXELS else _quarter)(width, height, self.amount, self.start)
        for top in range(0, height, BAND):
            bottom = min(top + BAND, height)
            rows = np.arange(top, bottom)
            half = quarter[np.minimum(rows, height - 1 - rows)]
            light = np.hstack([half, half[:, : width // 2][:, ::-1]])
            bands = [light] * min(count, 3) + [np.ones_like(light)] * (count == 4)
            result[top:bottom] = with_axis(cv2.multiply(image[top:bottom], cv2.merge(bands), dtype=cv2.CV_8U))
        return result


def _quarter(width: int, height: int, amount: float, start: float) -> NDArray[np.float32]:
    """Return what the top left quarter of a picture is multiplied by, its middle row and column included."""

    def squares(length: int) -> NDArray[np.float32]:
        places = (np.arange((length + 1) // 2) + 0.5) * 2 / length - 1
        return (places**2 / 2).astype(np.float32)

    distance = np.sqrt(squares(height)[:, None] + squares(width))
    t = np.maximum(distance - np.float32(start), 0) / np.float32(1 - start)
    light: NDArray[np.float32] = 1 - np.float32(amount) * (t * t * (3 - 2 * t))
    return light


_kept_quarter = lru_cache(maxsize=16)(_quarter)


@register
class Pixelate(Operation):
    """Replace each square block by its mean, weighted by alpha; blocks at the right and bottom may be smaller."""

    pool = "filter"
    positional = ("size",)

    size: int = Field(10, ge=1, le=1000, description="side of a block, px")

    def apply(self, image: Image) -> Image:
        import cv2

        height, width = image.shape[:2]
        size = min(self.size, max(height, width))
        if size == 1:
            return image
        if is_opaque(image):
            means = _block_means(image, size, size)
        else:
            step = size * max(1, BAND // size)
            means = np.concatenate([_weighted_block_means(image[top : top + step], size) for top in range(0, height, step)])
        wide = cv2.resize(means, (means.shape[1] * size, len(means)), interpolation=cv2.INTER_NEAREST_EXACT)
        return np.repeat(with_axis(wide)[:, :width], size, axis=0)[:height]


def _block_means(pixels: NDArray[Any], *sides: int) -> NDArray[Any]:
    """Return the mean of each block of `pixels`, uint8 (rounded) or float64 of shape (H, W, C).

    Args:
        sides: height and width of a block.
    """
    import cv2

    for axis, (length, side) in enumerate(zip(pixels.shape[:2], sides, strict=True)):
        whole = length - length % side
        if 0 < whole < length:
            return np.concatenate([_block_means(part, *sides) for part in np.split(pixels, [whole], axis)], axis)
    down, across = (max(1, length // side) for length, side in zip(pixels.shape[:2], sides, strict=True))
    return with_axis(cv2.resize(pixels, (across, down), interpolation=cv2.INTER_AREA))


def _weighted_block_means(rows: Image, size: int) -> Image:
    """Return the mean of each block, weighted by alpha; in float64, as single precision would lose count in large blocks."""
    bands = (weighted_by_alpha(rows[top : top + BAND]).astype(np.float64) for top in range(0, len(rows), BAND))
    wide = np.concatenate([_block_means(band, 1, size) for band in bands])
    return unweighted(_block_means(wide, size, 1).astype(np.float32))


@register
class RoundedCorners(Operation):
    """Cut the corners off along circles, smoothly; a picture without alpha gets one."""

    pool = "filter"
    positional = ("radius",)

    radius: float | None = Field(
        None, ge=0, le=16_384, description="radius of the corners, px; at most half the shorter side", examples=[20]
    )
    share: float | None = Field(None, ge=0, le=0.5, description="radius as a share of the shorter side; 0.5 makes a disc")

    @model_validator(mode="after")
    def _one_radius(self) -> Self:
        if (self.radius is None) == (self.share is None):
            got = "neither" if self.radius is None else "both"
            raise ValueError(f"expected radius or share for rounded_corners, got {got}")
        return self

    def apply(self, image: Image) -> Image:
        height, width = image.shape[:2]
        shorter = min(height, width)
        radius = min(self.radius if self.share is None else self.share * shorter, shorter / 2)
        if not radius:
            return image
        result = image.copy() if channels(image) == 4 else to_rgba(image)
        side = math.ceil(radius)
        corner = _corner(radius, side)
        for alpha, mask in (
            (result[:side, :side, 3], corner),
            (result[:side, width - side :, 3], corner[:, ::-1]),
            (result[height - side :, :side, 3], corner[::-1]),
            (result[height - side :, width - side :, 3], corner[::-1, ::-1]),
        ):
            alpha[:] = np.rint(alpha * mask)
        return result


def _corner(radius: float, side: int) -> NDArray[np.float32]:
    """Return the share of each pixel of a top left corner that is inside a circle, to within a few percent."""
    if radius < 1:
        return np.full((1, 1), 1 - (1 - math.pi / 4) * radius**2, np.float32)
    away = np.maximum(radius - 0.5 - np.arange(side, dtype=np.float32), 0)
    inside: NDArray[np.float32] = np.clip(np.float32(radius + 0.5) - np.hypot(away[:, None], away), 0, 1)
    return inside
