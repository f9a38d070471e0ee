"""Filters that mix a pixel's channels: grayscale, sepia, saturation, hue, duotone. Alpha stays.

Each is one pass with one matrix. Two of them in a row are two passes: levels are rounded and clipped between them, so that
one pass with the product of their matrices would not give the same picture.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pixelmill.color import Color, rgb
from pixelmill.operations.base import Operation, register
from pixelmill.pixels import Image, blend, channels, luma, on_color, to_rgb

LUMA_601 = np.array([0.299, 0.587, 0.114])
SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
LUMA_709 = np.array([[0.213, 0.715, 0.072]] * 3)
QUARTER_TURN = np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]])


@register
class Grayscale(Operation):
    """Turn to gray: ITU-R BT.601 luma, 0.299 R + 0.587 G + 0.114 B."""

    pool = "filter"
    positional = ("amount",)

    amount: float = Field(1.0, ge=0, le=1, description="share of the result against the original")

    def apply(self, image: Image) -> Image:
        if channels(image) == 1:
            return image
        if self.amount == 1:
            return on_color(image, luma)
        return recolored(image, (1 - self.amount) * np.eye(3) + self.amount * LUMA_601)


@register
class Sepia(Operation):
    """Tone like an old print: the matrix (.393 .769 .189; .349 .686 .168; .272 .534 .131), clipped."""

    pool = "filter"
    positional = ("amount",)

    amount: float = Field(1.0, ge=0, le=1, description="share of the result against the original")

    def apply(self, image: Image) -> Image:
        # The amount is no part of the matrix: what is blended has been clipped, and one matrix clips only the sum.
        return on_color(image, lambda color: blend(color, recolored(color, SEPIA), self.amount))


@register
class Saturation(Operation):
    """Scale every color's distance from gray of the same luma, on sRGB values as they are stored.

    Source: saturate(), W3C Filter Effects Module Level 1, feColorMatrix.
    """

    pool = "filter"
    positional = ("factor",)

    factor: float = Field(1.2, ge=0, le=10, description="1 leaves the picture as it is, 0 makes it gray")

    def apply(self, image: Image) -> Image:
        return image if channels(image) == 1 else recolored(image, LUMA_709 + self.factor * (np.eye(3) - LUMA_709))


@register
class Hue(Operation):
    """Turn every color's hue around gray of the same luma, on sRGB values as they are stored.

    Source: hue-rotate(), W3C Filter Effects Module Level 1, feColorMatrix.
    """

    pool = "filter"
    positional = ("degrees",)

    degrees: float = Field(90, ge=-360, le=360, description="angle; 120 makes red green, nearly")

    def apply(self, image: Image) -> Image:
        if channels(image) == 1:
            return image
        angle = math.radians(self.degrees)
        return recolored(image, LUMA_709 + math.cos(angle) * (np.eye(3) - LUMA_709) + math.sin(angle) * QUARTER_TURN)


@register
class Duotone(Operation):
    """Replace colors by those between a dark and a light one, in proportion to ITU-R BT.601 luma."""

    pool = "filter"
    positional = ("dark", "light", "amount")

    dark: Color = Field("#1d2b53", description="what black becomes, #RRGGBB")
    light: Color = Field("#fff1e8", description="what white becomes, #RRGGBB")
    amount: float = Field(1.0, ge=0, le=1, description="share of the result against the original")

    def apply(self, image: Image) -> Image:
        dark, light = np.array(rgb(self.dark), np.float64), np.array(rgb(self.light), np.float64)
        mixed = np.outer((light - dark) / 255, LUMA_601)
        matrix = np.hstack([(1 - self.amount) * np.eye(3) + self.amount * mixed, self.amount * dark[:, None]])
        return recolored(image, matrix)


def recolored(image: Image, matrix: NDArray[np.float64]) -> Image:
    """Return every pixel's color times a matrix of shape (3, 3), or (3, 4) with what is added, rounded and clipped.

    Gray pictures become sRGB; alpha stays. OpenCV's matrix has 10 bits behind the point, so that a result is within
    0.9 levels of the exact one.
    """
    import cv2

    return on_color(image, lambda color: cv2.transform(to_rgb(color), matrix.astype(np.float32)))
