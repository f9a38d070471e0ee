"""Median: takes away specks and keeps edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pixelmill.operations.base import Operation, register
from pixelmill.pixels import Image, is_opaque, with_axis


@register
class Median(Operation):
    """Replace each channel of each pixel by the median of its neighbourhood; edges are continued by their last pixels.

    A neighbour's color counts by its alpha; for the rest it is taken as the mean of what is visible around it.

    Source: Perreault and Hébert, Median Filtering in Constant Time, IEEE Trans. Image Process. 16, 2007.
    """

    pool = "filter"
    positional = ("radius",)

    radius: int = Field(1, ge=1, le=50, description="half the neighbourhood's side, px: 1 is 3×3")

    def apply(self, image: Image) -> Image:
        import cv2

        filled = image if is_opaque(image) else _filled(image, self.radius)
        return with_axis(cv2.medianBlur(filled, 2 * self.radius + 1))


def _filled(image: Image, radius: int) -> NDArray[np.uint8]:
    """Return RGBA pixels with the color of transparent ones replaced, in part by (1 − alpha), by the mean around them.

    The mean reaches twice as far as the median, so that it sees all that a median sees that the pixel takes part in.
    """
    import cv2

    alpha = image[:, :, 3:].astype(np.float32) / 255
    color = image[:, :, :3].astype(np.float32) * alpha
    window = (4 * radius + 1, 4 * radius + 1)
    total = with_axis(cv2.boxFilter(alpha, -1, window, normalize=False, borderType=cv2.BORDER_REPLICATE))
    mean = cv2.boxFilter(color, -1, window, normalize=False, borderType=cv2.BORDER_REPLICATE) / np.maximum(total, 1e-3)
    result: NDArray[np.uint8] = np.rint(np.minimum(color + (1 - alpha) * mean, 255)).astype(np.uint8)
    return cv2.merge([result, image[:, :, 3]])  # type: ignore[no-any-return]
