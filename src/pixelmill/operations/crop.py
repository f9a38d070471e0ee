"""Crop: keep a part of the picture, given by its place or found by what is seen in it."""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from pixelmill.errors import InvalidPipeline, expected
from pixelmill.geometry import Gravity, Size
from pixelmill.operations.attention import corner
from pixelmill.operations.base import Operation, register
from pixelmill.pixels import Image

Side = Annotated[int, Field(ge=1, le=16_384)]
Place = Annotated[int, Field(ge=0, le=100_000_000)]


@register
class Crop(Operation):
    """Keep a box of the picture: at a place in px, at an anchor, or around what draws the eye.

    A side that is not given is all there is. What lies beyond the picture is cut off the box; a box that lies wholly
    beyond it is an error. All frames of an animation keep the same box.

    Source: attention and entropy are libvips' smartcrop.
    """

    pool = "resize"
    positional = ("width×height", "gravity")

    width: Side | None = Field(None, description="width of the box, px")
    height: Side | None = Field(None, description="height of the box, px")
    gravity: Gravity = Field("center", description="which part is kept where neither left nor top is given")
    left: Place | None = Field(None, description="distance of the box from the left side, px")
    top: Place | None = Field(None, description="distance of the box from the top, px")

    @model_validator(mode="after")
    def _some_box(self) -> Self:
        if not self._placed and self.width is None and self.height is None:
            raise ValueError("expected a width, a height, a left or a top for crop, got none")
        if self._placed and self.gravity != "center":
            raise ValueError(f"expected either left and top or a gravity for crop, got both, gravity {self.gravity}")
        return self

    @property
    def _placed(self) -> bool:
        return self.left is not None or self.top is not None

    def output_size(self, size: Size) -> Size:
        """Return the size of what is kept.

        Raises:
            InvalidPipeline: the box lies wholly beyond the picture.
        """
        left, top = self.left or 0, self.top or 0
        for name, at, side, length in (("left", left, "width", size.width), ("top", top, "height", size.height)):
            if at >= length:
                raise InvalidPipeline(expected(f"less than the picture's {side} of {length} px", f"crop.{name}", at))
        return Size(min(self.width or size.width, size.width - left), min(self.height or size.height, size.height - top))

    def apply(self, image: Image) -> Image:
        return self.apply_frames((image,))[0]

    def apply_frames(self, frames: tuple[Image, ...]) -> tuple[Image, ...]:
        size = Size(frames[0].shape[1], frames[0].shape[0])
        box = self.output_size(size)
        left, top = (self.left or 0, self.top or 0) if self._placed else corner(frames, box, self.gravity)
        return tuple(cut(frame, left, top, box) for frame in frames)


def cut(image: Image, left: int, top: int, box: Size) -> Image:
    """Return the part of `image` that is `box` large and begins at (left, top); it must lie within."""
    if box == (image.shape[1], image.shape[0]):
        return image
    return np.ascontiguousarray(image[top : top + box.height, left : left + box.width])
