"""Resize: Lanczos-3, never larger than the source unless asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from pixelmill.geometry import Anchor, Size, place
from pixelmill.operations.base import Operation, register
from pixelmill.pixels import Image

if TYPE_CHECKING:
    import pyvips

Side = Annotated[int, Field(ge=1, le=16_384)]


class Geometry(NamedTuple):
    """What a resize does to one picture: the size of the whole, then the box that is kept of it."""

    scaled: Size
    left: int
    top: int
    kept: Size


@register
class Resize(Operation):
    """Change the size. Where only a width or a height is given, the other follows from the aspect ratio.

    Source: Lanczos-3 windowed sinc, Duchon, Lanczos Filtering in One and Two Dimensions, J. Appl. Meteorol. 18, 1979.
    """

    pool = "resize"
    positional = ("width×height",)

    width: Side | None = Field(None, description="width of the box, px")
    height: Side | None = Field(None, description="height of the box, px")
    fit: Literal["inside", "cover", "fill"] = Field(
        "inside",
        description="inside: the whole picture within the box; cover: the box filled, the rest cropped; fill: stretched",
    )
    gravity: Anchor = Field("center", description="which part cover keeps")
    enlarge: bool = Field(False, description="also make pictures larger")

    @model_validator(mode="after")
    def _some_side(self) -> Self:
        if self.width is None and self.height is None:
            raise ValueError("expected a width, a height or both for resize, got neither")
        return self

    def output_size(self, size: Size) -> Size:
        return self.geometry(size).kept

    def geometry(self, size: Size) -> Geometry:
        """Return what happens to a picture of `size`."""
        box = self._box(size)
        across, down = box.width / size.width, box.height / size.height
        if self.fit == "fill":
            return Geometry(box, 0, 0, box)
        if self.fit == "inside" or self.width is None or self.height is None:
            scaled = _scaled(size, min(across, down), box)
            return Geometry(scaled, 0, 0, scaled)
        filled = _scaled(size, max(across, down))
        scaled = Size(max(filled.width, box.width), max(filled.height, box.height))
        left, top = place(self.gravity, box, scaled)
        return Geometry(scaled, left, top, box)

    def _box(self, size: Size) -> Size:
        """Return the box that is really aimed at: both sides known, and no enlargement unless asked."""
        width = self.width or max(1, round(size.width * (self.height or 0) / size.height))
        height = self.height or max(1, round(size.height * (self.width or 0) / size.width))
        if self.enlarge:
            return Size(width, height)
        if self.fit == "cover":
            shrink = min(1.0, size.width / width, size.height / height)
            return Size(max(1, round(width * shrink)), max(1, round(height * shrink)))
        return Size(min(width, size.width), min(height, size.height))

    def apply(self, image: Image) -> Image:
        from pixelmill.pixels import from_vips, is_opaque, to_vips

        geometry = self.geometry(Size(image.shape[1], image.shape[0]))
        if geometry.kept == (image.shape[1], image.shape[0]):
            return image
        return from_vips(resample(to_vips(image), geometry, opaque=is_opaque(image)))


def _scaled(size: Size, scale: float, within: Size | None = None) -> Size:
    width, height = max(1, round(size.width * scale)), max(1, round(size.height * scale))
    return Size(min(width, within.width), min(height, within.height)) if within else Size(width, height)


def resample(vips: pyvips.Image, geometry: Geometry, *, opaque: bool = False) -> pyvips.Image:
    """Scale and crop a libvips image, as part of its pipeline: nothing is computed yet, and only what is kept will be.

    Where it is known to be opaque, colors need not be weighted by alpha, which costs seven times the resize itself.
    """
    scaled, left, top, kept = geometry
    if scaled != (vips.width, vips.height):
        alpha = vips.hasalpha() and not opaque
        if alpha:
            vips = vips.premultiply()
        vips = vips.resize(scaled.width / vips.width, vscale=scaled.height / vips.height, kernel="lanczos3")
        if alpha:
            vips = vips.unpremultiply().rint().cast("uchar")
    if kept != scaled:
        vips = vips.crop(left, top, kept.width, kept.height)
    return vips
