"""Turning and mirroring: exact permutations of the pixels where possible, interpolation for other angles."""

from __future__ import annotations

import math

from pydantic import Field

from pixelmill.color import TRANSPARENT, Background, rgba
from pixelmill.geometry import Size
from pixelmill.operations.base import Operation, register
from pixelmill.operations.canvas import holding
from pixelmill.operations.resample import transformed
from pixelmill.pixels import Image, from_vips, is_opaque, to_rgb, to_vips, with_axis

ROUNDING = 1e-6
"""A side that is longer than a whole number by less than that many pixels is taken for whole."""
QUARTER = 90.0
EXACT = 1e-9
"""An angle that is off a quarter turn by less than that many degrees moves no pixel of any picture, and is taken for one."""


@register
class Rotate(Operation):
    """Turn clockwise. Quarter turns move the pixels as they are; other angles interpolate.

    The result is the box around the turned picture, their centres on each other; a tenth of a pixel at its edges shows as
    a tenth. Transparent pixels do not bleed into opaque ones.

    Source: cubic convolution, Keys, IEEE Trans. Acoust. Speech Signal Process. 29, 1981, a = −0.5.
    """

    pool = "resize"
    positional = ("angle",)

    angle: float = Field(ge=-360, le=360, description="degrees clockwise", examples=[90])
    background: Background = Field("#ffffff", description="what fills the corners; transparent gives the result alpha")

    @property
    def effort_ns(self) -> float:
        return 60.0 if _turns(self.angle)[1] else 1.0

    def output_size(self, size: Size) -> Size:
        across, up = _direction(self.angle)
        width = size.width * abs(across) + size.height * abs(up)
        height = size.width * abs(up) + size.height * abs(across)
        return Size(math.ceil(width - ROUNDING), math.ceil(height - ROUNDING))

    def apply(self, image: Image) -> Image:
        import cv2

        turns, rest = _turns(self.angle)
        if rest:
            return _turned(image, self.angle, self.output_size(Size(image.shape[1], image.shape[0])), self.background)
        if turns == 0:
            return image
        code = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)[turns - 1]
        return with_axis(cv2.rotate(image, code))


@register
class Flip(Operation):
    """Mirror upside down."""

    pool = "resize"

    def apply(self, image: Image) -> Image:
        import cv2

        return with_axis(cv2.flip(image, 0))


@register
class Flop(Operation):
    """Mirror left to right."""

    pool = "resize"

    def apply(self, image: Image) -> Image:
        import cv2

        return with_axis(cv2.flip(image, 1))


def _turns(angle: float) -> tuple[int, float]:
    """Return how many quarter turns clockwise, 0 to 3, an angle is, and what is left, in degrees."""
    nearest = round(angle / QUARTER)
    if abs(angle - nearest * QUARTER) < EXACT:
        return nearest % 4, 0.0
    turns, rest = divmod(angle, QUARTER)
    return int(turns) % 4, rest


def _direction(angle: float) -> tuple[float, float]:
    """Return the angle's cosine and sine, exact for quarter turns."""
    turns, rest = _turns(angle)
    radians = math.radians(rest)
    across, up = math.cos(radians), math.sin(radians)
    for _ in range(turns):
        across, up = -up, across
    return across, up


def _turned(image: Image, angle: float, size: Size, background: str) -> Image:
    """Return `image` turned about its centre, on a canvas of `size`.

    The picture's edge pixels are continued for interpolating, and how much of each pixel of the result the picture covers
    is computed apart: so edges are smooth and nothing of the background mixes into what is inside.
    """
    import pyvips

    (height, width), (across, up) = image.shape[:2], _direction(angle)
    matrix = [across, -up, up, across]
    whole = (pyvips.Image.black(width, height) + 255).cast("uchar")
    coverage = transformed(whole, matrix, size, "bilinear", "black")
    if is_opaque(image) and background == TRANSPARENT:
        color = transformed(to_vips(to_rgb(image[:, :, :3])), matrix, size)
        return from_vips((coverage > 0).ifthenelse(color, 0).bandjoin(coverage))
    opaque = is_opaque(image) and rgba(background)[3] == 255
    image, ink = holding(image, background)
    if opaque:
        inside = transformed(to_vips(image), matrix, size)
        return from_vips(coverage.ifthenelse(inside, ink.tolist(), blend=True))
    inside = transformed(to_vips(image).premultiply(), matrix, size)
    outside = [*(ink[:3] * (ink[3] / 255)).tolist(), float(ink[3])]
    mixed = coverage.ifthenelse(inside, outside, blend=True)
    return from_vips(mixed.unpremultiply().rint().cast("uchar"))
