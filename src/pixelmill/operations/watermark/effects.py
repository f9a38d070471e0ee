"""An outline around a text, and a shadow under it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pixelmill.errors import InvalidPipeline
from pixelmill.operations.blur import gaussian
from pixelmill.operations.watermark.blending import paint
from pixelmill.operations.watermark.kept import Mark
from pixelmill.pixels import without_alpha

MAX_DRESSED = 8_000_000
"""The largest text that gets an outline or a shadow, in pixels with both: so it takes 0.2 s and 200 MB at most."""
MAGNIFIED = 4_000_000
"""A text is magnified fourfold or twofold for its outline as long as it has no more pixels than that afterwards."""
TAIL = 3.0
"""A Gaussian's tail beyond that many sigmas is left away: 0.1 percent."""
Color = tuple[int, int, int]


class Outline(NamedTuple):
    """How far an outline reaches, px, and its color."""

    width: float
    color: Color


class Shadow(NamedTuple):
    """Where a shadow falls, px to the right and down, the blur's standard deviation in px, its color and its opacity."""

    x: int
    y: int
    sigma: float
    color: Color
    opacity: float


def dressed(mask: NDArray[np.uint8], color: Color, outline: Outline | None, shadow: Shadow | None) -> Mark:
    """Return a text with what is around and under it, as one mark, cropped to what shows.

    Raises:
        InvalidPipeline: the mark would be too large.
    """
    import cv2

    if mask.size == 0 or (outline is None and shadow is None):
        return Mark(np.array(color, np.uint8), mask)
    reach = math.ceil(outline.width) + 1 if outline else 0
    if shadow:
        reach += math.ceil(max(abs(shadow.x), abs(shadow.y)) + TAIL * shadow.sigma)
    height, width = mask.shape[0] + 2 * reach, mask.shape[1] + 2 * reach
    if height * width > MAX_DRESSED:
        raise InvalidPipeline(
            f"expected at most {MAX_DRESSED} pixels for a text with an outline or a shadow, got {width}×{height}"
        )
    mask = np.pad(mask, reach)
    canvas = np.zeros((height, width, 4), np.uint8)
    around = grown(mask, outline.width) if outline else mask
    if shadow:
        paint(canvas, np.array(shadow.color, np.uint8), _fallen(around, shadow))
    if outline:
        paint(canvas, np.array(outline.color, np.uint8), around)
    paint(canvas, np.array(color, np.uint8), mask)
    coverage = canvas[:, :, 3].copy()
    left, top, width, height = cv2.boundingRect(coverage)
    shows = np.s_[top : top + height, left : left + width]
    return Mark(without_alpha(canvas)[shows], coverage[shows])


def grown(mask: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    """Return a coverage that reaches `radius` px further than `mask`, which must have room for it.

    By the exact distance to the ink, on a magnified mask, so that edges are as smooth as the letters' own.

    Source: Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions, Theory of Computing 8, 2012.
    """
    import cv2

    factor = next((f for f in (4, 2) if mask.size * f * f <= MAGNIFIED), 1)
    height, width = mask.shape
    large = cv2.resize(mask, (width * factor, height * factor), interpolation=cv2.INTER_LINEAR) if factor > 1 else mask
    outside = (large < min(128, max(1, int(mask.max()) // 2))).astype(np.uint8)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Half a pixel, as ink ends at the edge of its pixel, and half for a pixel that is half within.
    np.subtract(radius * factor + 1, distance, out=distance)
    np.clip(distance, 0, 1, out=distance)
    if factor > 1:
        distance = cv2.resize(distance, (width, height), interpolation=cv2.INTER_AREA)
    distance *= 255
    np.rint(distance, out=distance)
    around: NDArray[np.uint8] = np.maximum(mask, distance.astype(np.uint8))
    return around


def _fallen(mask: NDArray[np.uint8], shadow: Shadow) -> NDArray[np.uint8]:
    """Return the coverage of the shadow of `mask`, which has room for it."""
    moved = np.roll(mask, (shadow.y, shadow.x), (0, 1))
    if shadow.sigma >= 0.1:
        moved = gaussian(moved[:, :, None], shadow.sigma)[:, :, 0]
    table = np.rint(np.arange(256) * shadow.opacity).astype(np.uint8)
    fallen: NDArray[np.uint8] = table[moved]
    return fallen
