"""Extend: more picture around the picture."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pixelmill.color import Background
from pixelmill.geometry import Size
from pixelmill.operations.base import Operation, register
from pixelmill.operations.canvas import padded
from pixelmill.pixels import Image

Border = Annotated[int, Field(ge=0, le=16_384)]


@register
class Extend(Operation):
    """Add a border, of one color or made from the picture; a side's own width goes before the one for all sides."""

    pool = "resize"
    positional = ("border",)

    border: Border | None = Field(None, description="width on every side, px", examples=[20])
    left: Border | None = Field(None, description="width on the left, px; unset: border, or 0; so for the others")
    top: Border | None = Field(None, description="width at the top, px")
    right: Border | None = Field(None, description="width on the right, px")
    bottom: Border | None = Field(None, description="width at the bottom, px")
    mode: Literal["background", "copy", "mirror", "repeat"] = Field(
        "background", description="background: one color; copy: the edge pixels; mirror: reflected; repeat: tiled"
    )
    background: Background = Field("#ffffff", description="the color of the border; transparent gives the result alpha")

    @model_validator(mode="after")
    def _some_side(self) -> Self:
        if {self.border, self.left, self.top, self.right, self.bottom} == {None}:
            raise ValueError("expected a border, a left, a top, a right or a bottom for extend, got none")
        return self

    @property
    def _sides(self) -> tuple[int, int, int, int]:
        left, top, right, bottom = (
            (self.border or 0) if side is None else side for side in (self.left, self.top, self.right, self.bottom)
        )
        return left, top, right, bottom

    def output_size(self, size: Size) -> Size:
        left, top, right, bottom = self._sides
        return Size(left + size.width + right, top + size.height + bottom)

    def apply(self, image: Image) -> Image:
        size = Size(image.shape[1], image.shape[0])
        left, top, _, _ = self._sides
        result = self.output_size(size)
        if result == size:
            return image
        if self.mode == "background":
            return padded(image, left, top, result, self.background)
        extended = np.empty((result.height, result.width, image.shape[2]), np.uint8)
        beside = extended[top : top + size.height]
        beside[:, left : left + size.width] = image
        for part in (np.s_[:left], np.s_[left + size.width :]):
            beside[:, part] = image[:, self._beyond(np.arange(result.width)[part] - left, size.width)]
        for part in (np.s_[:top], np.s_[top + size.height :]):
            extended[part] = beside[self._beyond(np.arange(result.height)[part] - top, size.height)]
        return extended

    def _beyond(self, places: NDArray[np.int64], length: int) -> NDArray[np.int64]:
        """Return which of `length` pixels shows at each place; 0 is the picture's first, and places may lie outside."""
        if self.mode == "copy":
            return places.clip(0, length - 1)
        if self.mode == "repeat":
            return places % length
        folded = places % (2 * length)
        return np.minimum(folded, 2 * length - 1 - folded)
