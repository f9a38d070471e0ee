"""Resize: into a box, one of five ways, or by a factor; never larger than the source unless asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from pixelmill.color import Background
from pixelmill.errors import expected
from pixelmill.geometry import Gravity, Size, place
from pixelmill.operations.attention import corner, is_smart
from pixelmill.operations.base import Operation, register
from pixelmill.operations.canvas import padded
from pixelmill.operations.columns import fits_columns, saves_time, shrunk_by_columns
from pixelmill.operations.crop import cut
from pixelmill.operations.resample import Geometry, Kernel, resample, shrunk
from pixelmill.pixels import Image, is_opaque, to_vips

if TYPE_CHECKING:
    import pyvips

Side = Annotated[int, Field(ge=1, le=16_384)]


@register
class Resize(Operation):
    """Change the size. Where only a width or a height is given, the other follows from the aspect ratio.

    A picture smaller than the box stays as it is, unless it is to be enlarged; contain then pads it to the box all the
    same, and cover crops it to the box's shape. kernel nearest takes single pixels, so a JPEG is never shrunk on load
    for it, as it is for the others.

    Source: Lanczos-3 windowed sinc, Duchon, Lanczos Filtering in One and Two Dimensions, J. Appl. Meteorol. 18, 1979;
    cubic: Catmull and Rom, A Class of Local Interpolating Splines, 1974.
    """

    pool = "resize"
    positional = ("width×height",)

    width: Side | None = Field(None, description="width of the box, px")
    height: Side | None = Field(None, description="height of the box, px")
    fit: Literal["inside", "outside", "cover", "contain", "fill"] = Field(
        "inside",
        description="the whole inside the box, or outside around it; cover: cropped to it; contain: padded; fill: stretched",
    )
    gravity: Gravity = Field(
        "center",
        description="which part cover keeps, at a place or by what is seen; where contain puts the picture",
    )
    enlarge: bool = Field(False, description="also make pictures larger")
    scale: float | None = Field(
        None, gt=0, le=100, description="instead of a box, a factor, above 1 enlarges; also 50% in text"
    )
    dpr: float = Field(1.0, gt=0, le=10, description="device pixel ratio: multiplies width and height")
    kernel: Kernel = Field("lanczos3", description="lanczos3: sharpest; cubic: softer, less ringing; nearest: for pixel art")
    background: Background = Field("#ffffff", description="what contain pads with; transparent gives the result alpha")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        box = self.width is not None or self.height is not None
        if not box and self.scale is None:
            raise ValueError("expected a width, a height or both for resize, or a scale, got none")
        if self.scale is not None and (box or self.dpr != 1):
            raise ValueError("expected either a scale or width, height and dpr for resize, got both")
        if is_smart(self.gravity) and self.fit != "cover":
            raise ValueError(expected(f"fit=cover with gravity {self.gravity}", "resize", self.fit))
        return self

    @property
    def effort_ns(self) -> float:
        return 50.0 if self.enlarge or (self.scale or 0) > 1 else 6.0

    def output_size(self, size: Size) -> Size:
        return self.geometry(size).kept

    def largest_size(self, size: Size) -> Size:
        geometry = self.geometry(size)
        whole = is_smart(self.gravity) or (self.kernel == "lanczos3" and shrunk(geometry.scaled, size) != geometry.scaled)
        return geometry.scaled if whole and self.fit != "contain" else geometry.kept

    def decoded_size(self, size: Size) -> Size | None:
        """Return the size that a picture of `size` is scaled down to, as a decoder may shrink it; None: it must not."""
        return None if self.kernel == "nearest" else self.geometry(size).scaled

    def geometry(self, size: Size) -> Geometry:
        """Return what happens to a picture of `size`; where the pixels decide what is kept, its place is only a guess."""
        if self.scale is not None:
            scaled = _size_at(size, self.scale)
            return Geometry(scaled, 0, 0, scaled)
        box = self._box(size)
        across, down = box.width / size.width, box.height / size.height
        if self.fit == "fill" or self.width is None or self.height is None:
            return Geometry(box, 0, 0, box)
        if self.fit == "inside":
            scaled = _size_at(size, min(across, down), within=box)
            return Geometry(scaled, 0, 0, scaled)
        if self.fit == "contain":
            scaled = _size_at(size, min(across, down, across if self.enlarge else 1.0), within=box)
            left, top = place(self.gravity, scaled, box)
            return Geometry(scaled, -left, -top, box)
        scaled = _size_at(size, max(across, down), around=box)
        if self.fit == "outside":
            return Geometry(scaled, 0, 0, scaled)
        left, top = place(self.gravity, box, scaled)
        return Geometry(scaled, left, top, box)

    def _box(self, size: Size) -> Size:
        """Return the box that is really aimed at: both sides known, and no enlargement unless asked."""
        given = [side and max(1, round(side * self.dpr)) for side in (self.width, self.height)]
        width = given[0] or max(1, round(size.width * (given[1] or 0) / size.height))
        height = given[1] or max(1, round(size.height * (given[0] or 0) / size.width))
        if self.enlarge or (self.fit == "contain" and None not in given):
            return Size(width, height)
        if self.fit == "cover":
            shrink = min(1.0, size.width / width, size.height / height)
            return Size(max(1, round(width * shrink)), max(1, round(height * shrink)))
        return Size(min(width, size.width), min(height, size.height))

    def apply(self, image: Image) -> Image:
        return self.apply_frames((image,))[0]

    def apply_frames(self, frames: tuple[Image, ...]) -> tuple[Image, ...]:
        return self.resized(frames, Size(frames[0].shape[1], frames[0].shape[0]))

    def resized(self, frames: Sequence[Image | pyvips.Image], size: Size) -> tuple[Image, ...]:
        """Return the result for each frame of a picture of `size`.

        Args:
            frames: pixels, or libvips pipelines that make them; shrunk on load, maybe, but not below `decoded_size`.
        """
        geometry = self.geometry(size)
        if is_smart(self.gravity):
            scaled = [self._scaled(frame, geometry.whole) for frame in frames]
            left, top = corner(scaled, geometry.kept, self.gravity)
            return tuple(cut(frame, left, top, geometry.kept) for frame in scaled)
        if self.fit == "contain":
            left, top, box = -geometry.left, -geometry.top, geometry.kept
            return tuple(padded(self._scaled(frame, geometry.whole), left, top, box, self.background) for frame in frames)
        return tuple(self._scaled(frame, geometry) for frame in frames)

    def _scaled(self, source: Image | pyvips.Image, geometry: Geometry) -> Image:
        if isinstance(source, np.ndarray):
            if geometry.scaled == geometry.kept == (source.shape[1], source.shape[0]):
                return source
            vips, opaque = to_vips(source), is_opaque(source)
        else:
            vips, opaque = source, not source.hasalpha()
        if opaque and self.kernel == "lanczos3" and saves_time(vips) and fits_columns(vips, geometry):
            return shrunk_by_columns(vips, geometry)
        return resample(vips, geometry, opaque=opaque, kernel=self.kernel)


def _size_at(size: Size, scale: float, *, within: Size | None = None, around: Size | None = None) -> Size:
    width, height = max(1, round(size.width * scale)), max(1, round(size.height * scale))
    if within:
        return Size(min(width, within.width), min(height, within.height))
    return Size(max(width, around.width), max(height, around.height)) if around else Size(width, height)
