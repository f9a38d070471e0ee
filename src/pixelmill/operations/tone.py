"""Filters of single pixels: gray, sepia, negative, brightness, contrast. Alpha stays."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from pixelmill.operations.base import Operation, register
from pixelmill.pixels import Image, blend, channels, is_opaque, lookup, on_color, to_rgb, without_alpha

LEVELS = np.arange(256, dtype=np.float64)
SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32)


def luma(color: Image) -> Image:
    """Return the ITU-R BT.601 luma of gray or sRGB pixels, of shape (H, W, 1)."""
    import cv2

    return color if channels(color) == 1 else cv2.cvtColor(color, cv2.COLOR_RGB2GRAY)[:, :, None]


@register
class Grayscale(Operation):
    """Turn to gray: ITU-R BT.601 luma, 0.299 R + 0.587 G + 0.114 B."""

    pool = "filter"
    positional = ("amount",)

    amount: float = Field(1.0, ge=0, le=1, description="share of the result against the original")

    def apply(self, image: Image) -> Image:
        return on_color(image, lambda color: blend(color, luma(color), self.amount))


@register
class Sepia(Operation):
    """Tone like an old print: the matrix (.393 .769 .189; .349 .686 .168; .272 .534 .131), clipped."""

    pool = "filter"
    positional = ("amount",)

    amount: float = Field(1.0, ge=0, le=1, description="share of the result against the original")

    def apply(self, image: Image) -> Image:
        import cv2

        return on_color(image, lambda color: blend(color, cv2.transform(to_rgb(color), SEPIA), self.amount))


@register
class Negative(Operation):
    """Invert every color: 255 − v."""

    pool = "filter"
    positional = ("amount",)

    amount: float = Field(1.0, ge=0, le=1, description="share of the result against the original")

    def apply(self, image: Image) -> Image:
        return lookup(image, (1 - self.amount) * LEVELS + self.amount * (255 - LEVELS))


@register
class Brightness(Operation):
    """Multiply every color by a factor."""

    pool = "filter"
    positional = ("factor",)

    factor: float = Field(1.2, ge=0, le=10, description="1 leaves the picture as it is, 0 makes it black")

    def apply(self, image: Image) -> Image:
        return lookup(image, self.factor * LEVELS)


@register
class Contrast(Operation):
    """Scale every color's distance from the picture's mean luma; transparent pixels do not count for the mean."""

    pool = "filter"
    positional = ("factor",)

    factor: float = Field(1.2, ge=0, le=10, description="1 leaves the picture as it is, 0 makes it flat")

    def apply(self, image: Image) -> Image:
        mean = mean_luma(image)
        return lookup(image, mean + self.factor * (LEVELS - mean))


def mean_luma(image: Image) -> float:
    """Return the mean ITU-R BT.601 luma, 0 to 255, weighted by alpha."""
    weights = None if is_opaque(image) else image[:, :, 3]
    gray = luma(image if channels(image) < 4 else without_alpha(image))[:, :, 0]
    return float(np.average(gray, weights=weights)) if weights is None or weights.any() else 0.0
