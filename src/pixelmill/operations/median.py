"""Median: takes away specks and keeps edges."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from pixelmill.operations.base import Operation, register
from pixelmill.pixels import Image, in_bands, is_opaque, per_color, weighted_by_alpha, with_axis


@register
class Median(Operation):
    """Replace each channel of each pixel by the median of its neighbourhood; edges are continued by their last pixels.

    A neighbour's color counts by its alpha; for the rest it is taken as the mean of what is visible around it.

    Source: Perreault and Hébert, Median Filtering in Constant Time, IEEE Trans. Image Process. 16, 2007.
    """

    pool = "filter"
    positional = ("radius",)

    radius: int = Field(1, ge=1, le=50, description="half the neighbourhood's side, px: 1 is 3×3")

    @property
    def effort_ns(self) -> float:
        return 75.0 if self.radius > 1 else 1.0

    def apply(self, image: Image) -> Image:
        import cv2

        filled = image if is_opaque(image) else in_bands(image, 2 * self.radius, lambda band: _filled(band, self.radius))
        return with_axis(cv2.medianBlur(filled, 2 * self.radius + 1))


def _filled(image: Image, radius: int) -> Image:
    """Return RGBA pixels with the color of transparent ones replaced, in part by (1 − alpha), by the mean around them.

    The mean reaches twice as far as the median, so that it sees all that a median sees that the pixel takes part in.
    """
    import cv2

    visible = weighted_by_alpha(image)
    window = (4 * radius + 1, 4 * radius + 1)
    around = cv2.boxFilter(visible, -1, window, normalize=False, borderType=cv2.BORDER_REPLICATE)
    hidden = 255 - cv2.extractChannel(visible, 3)
    share = hidden / np.maximum(cv2.extractChannel(around, 3), np.float32(0.1))
    filled: Image = cv2.add(visible, cv2.multiply(around, per_color(share, 0)), dtype=cv2.CV_8U)
    return filled
