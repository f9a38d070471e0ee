"""A background around or behind a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelmill.color import rgba
from pixelmill.geometry import Size
from pixelmill.pixels import Image, channels, to_rgb, with_alpha


def holding(image: Image, background: str) -> tuple[Image, NDArray[np.uint8]]:
    """Return `image` with as many channels as it and the background need, and the background in those channels.

    A gray picture stays gray beside a gray background; a background that is not opaque needs alpha. The count never
    depends on the pixels, so the frames of an animation stay alike.
    """
    red, green, blue, alpha = rgba(background)
    if alpha < 255 or channels(image) == 4:
        image = image if channels(image) == 4 else with_alpha(image, np.full(image.shape[:2], 255, np.uint8))
        return image, np.array((red, green, blue, alpha), np.uint8)
    if channels(image) == 1 and red == green == blue:
        return image, np.array((red,), np.uint8)
    return to_rgb(image), np.array((red, green, blue), np.uint8)


def padded(image: Image, left: int, top: int, size: Size, background: str) -> Image:
    """Return a canvas of `size` with `image` on it, its top left corner at (left, top); the image must lie within."""
    height, width = image.shape[:2]
    if size == (width, height):
        return image
    image, ink = holding(image, background)
    result = np.empty((*size[::-1], channels(image)), np.uint8)
    result[:top], result[top + height :] = ink, ink
    result[top : top + height, :left], result[top : top + height, left + width :] = ink, ink
    result[top : top + height, left : left + width] = image
    return result
