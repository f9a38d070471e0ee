"""Trim: cut off a border that is all of one color, or nearly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pixelmill.color import Background, rgba
from pixelmill.geometry import Size
from pixelmill.operations.base import Operation, register
from pixelmill.operations.crop import cut
from pixelmill.pixels import Image, channels, is_opaque

ROWS = 256
"""So many rows at a time are weighted by alpha, which takes three times their memory."""


@register
class Trim(Operation):
    """Cut off the border on all four sides whose pixels are like the background.

    A pixel is like it where no channel differs by more than the threshold, each color counting by its alpha. A picture that
    is all background stays as it is. All frames of an animation are cut alike, to the box around what is in any of them.
    """

    pool = "resize"
    positional = ("threshold",)
    sized = False

    threshold: int = Field(10, ge=0, le=255, description="largest difference from the background that is cut off, levels")
    background: Background | None = Field(None, description="the border's color; unset: the top left pixel of the picture")

    def apply(self, image: Image) -> Image:
        return self.apply_frames((image,))[0]

    def apply_frames(self, frames: tuple[Image, ...]) -> tuple[Image, ...]:
        color = _as_rgba(frames[0][0, 0]) if self.background is None else rgba(self.background)
        boxes = [box for box in (_box(frame, color, self.threshold) for frame in frames) if box]
        if not boxes:
            return frames
        left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
        size = Size(max(box[2] for box in boxes) - left, max(box[3] for box in boxes) - top)
        return tuple(cut(frame, left, top, size) for frame in frames)


def _as_rgba(pixel: NDArray[np.uint8]) -> tuple[int, ...]:
    values = pixel.tolist()
    return tuple(values if len(values) == 4 else [*(values * 3)[:3], 255])


def _box(image: Image, background: tuple[int, ...], threshold: int) -> tuple[int, int, int, int] | None:
    """Return the left, top, right and bottom of what differs from the background; None where nothing does."""
    import cv2

    *color, alpha = background
    # 255 times each color as it counts, so that all of it is exact.
    wanted = np.array([*(value * alpha for value in color), 255 * alpha], np.int32)
    look = _differs if is_opaque(image) else _differs_weighted
    left, top, width, height = cv2.boundingRect(look(image, wanted, 255 * threshold))
    return (left, top, left + width, top + height) if width else None


def _differs(image: Image, wanted: NDArray[np.int32], threshold: int) -> NDArray[np.uint8]:
    """Return a mask of shape (H, W): 255 where a pixel of an opaque picture differs."""
    import cv2

    low, high = -((threshold - wanted) // 255), (wanted + threshold) // 255
    count = channels(image)
    if high[3] < 255:
        return np.full(image.shape[:2], 255, np.uint8)
    if count == 1:
        low, high = low[:3].max(keepdims=True), high[:3].min(keepdims=True)
    low, high = low[:count].clip(0, 255), high[:count].clip(0, 255)
    mask: NDArray[np.uint8] = cv2.bitwise_not(cv2.inRange(image, tuple(low.tolist()), tuple(high.tolist())))
    return mask


def _differs_weighted(image: Image, wanted: NDArray[np.int32], threshold: int) -> NDArray[np.uint8]:
    import cv2

    low, high = ((wanted + side * threshold).clip(0, 255 * 255).tolist() for side in (-1, 1))
    mask = np.empty(image.shape[:2], np.uint8)
    for top in range(0, image.shape[0], ROWS):
        part = image[top : top + ROWS]
        alpha = cv2.extractChannel(part, 3)
        values = cv2.multiply(part, cv2.merge([alpha, alpha, alpha, np.full_like(alpha, 255)]), dtype=cv2.CV_16U)
        mask[top : top + ROWS] = cv2.bitwise_not(cv2.inRange(values, tuple(low), tuple(high)))
    return mask
