"""Text written over the picture."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pixelmill.color import Color, rgb
from pixelmill.errors import InvalidPipeline, expected
from pixelmill.geometry import Anchor
from pixelmill.operations.base import Operation, register
from pixelmill.operations.watermark.effects import Outline, Shadow, dressed
from pixelmill.operations.watermark.fonts import Alignment, Font, text_mask
from pixelmill.operations.watermark.kept import Kept, Mark
from pixelmill.operations.watermark.placing import Layout, Margin, Opacity, Place, Rotation, Spacing, Tile, draw
from pixelmill.pixels import Image

MAX_TEXT_LENGTH = 50_000
"""Characters × size, px: what a text may measure before it is cut to the picture."""
MAX_TEXT_AREA = 50_000_000
"""Characters × size², px²: the same, for sizes that follow from the picture's."""
Share = Annotated[float, Field(gt=0, le=1)]

_kept = Kept[Mark](32 * 1024 * 1024)


def _printable(text: str) -> str:
    bad = next((c for c in text if unicodedata.category(c) == "Cc" and c != "\n"), None)
    if bad is not None:
        raise ValueError(f"expected no control character but a line break for text.text, got {bad!r}")
    if not text.strip():
        raise ValueError(expected("something to write", "text.text", text))
    return text


Words = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_printable)]


@register
class Text(Operation):
    """Write text over the picture, as it is: no markup, no escapes. What does not fit is cut off.

    Lines end at a line break, and where a width is given also between words. The fonts are DejaVu's, and Noto Emoji,
    in one color; where they lack a character, a box with the character's code shows. The margin is measured from the ink.
    """

    pool = "watermark"
    positional = ("text",)

    text: Words = Field(description="what to write")
    position: Place = "bottom-right"
    size: int = Field(30, ge=1, le=1000, description="font size, px")
    color: Color = Field("#ffffff", description="#RRGGBB")
    opacity: Opacity = 0.8
    margin: Margin = 10
    font: Font = Field("sans", description="DejaVu Sans, Sans Bold, Serif or Sans Mono")
    relative_size: Share | None = Field(
        None, description="font size as a share of the picture's shorter side; replaces size"
    )
    width: int | None = Field(None, ge=1, le=16_384, description="where lines are wrapped, px; unset: only at line breaks")
    relative_width: Share | None = Field(None, description="where lines are wrapped, as a share of the picture's width")
    align: Literal["auto", "left", "center", "right"] = Field("auto", description="of lines; auto: as the position says")
    rotation: Rotation = 0.0
    tile: Tile = False
    spacing: Spacing = 1.0
    outline: float = Field(0.0, ge=0, le=0.5, description="width of an outline, as a share of the font size; 0: none")
    outline_color: Color = Field("#000000", description="#RRGGBB")
    shadow: float = Field(0.0, ge=0, le=1, description="opacity of a shadow; 0: none")
    shadow_color: Color = Field("#000000", description="#RRGGBB")
    shadow_x: float = Field(0.06, ge=-2, le=2, description="how far right it falls, as a share of the font size")
    shadow_y: float = Field(0.06, ge=-2, le=2, description="how far down it falls, as a share of the font size")
    shadow_blur: float = Field(0.06, ge=0, le=0.5, description="its standard deviation, as a share of the font size")

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.relative_size is None and len(self.text) * self.size > MAX_TEXT_LENGTH:
            raise ValueError(_too_long(self.text, self.size))
        if self.width is not None and self.relative_width is not None:
            raise ValueError("expected a width or a relative_width for text, got both")
        return self

    @property
    def effort_ns(self) -> float:
        return 7.0 if self.tile else 0.5

    def apply(self, image: Image) -> Image:
        height, width = image.shape[:2]
        size = self.size
        if self.relative_size is not None:
            size = max(1, round(self.relative_size * min(width, height)))
            if len(self.text) * size > MAX_TEXT_LENGTH or len(self.text) * size * size > MAX_TEXT_AREA:
                raise InvalidPipeline(_too_long(self.text, size))
        wrap = self.width if self.relative_width is None else max(1, round(self.relative_width * width))
        layout = Layout(self.position, self.margin, self.rotation, self.tile, self.spacing)
        return draw(image, self._mark(size, wrap), layout, self.opacity)

    def _mark(self, size: int, wrap: int | None) -> Mark:
        outline = Outline(self.outline * size, rgb(self.outline_color)) if self.outline else None
        shadow = None
        if self.shadow:
            x, y = round(self.shadow_x * size), round(self.shadow_y * size)
            shadow = Shadow(x, y, self.shadow_blur * size, rgb(self.shadow_color), self.shadow)
        written = (self.text, size, self._alignment(), self.font, wrap)
        look = (rgb(self.color), outline, shadow)
        key = (written, look)
        return _kept.get(key, lambda: dressed(text_mask(*written), *look)._replace(key=key))

    def _alignment(self) -> Alignment:
        side: Anchor = self.position if self.align == "auto" else self.align
        if "left" in side:
            return "low"
        return "high" if "right" in side else "centre"


def _too_long(text: str, size: int) -> str:
    area = min(MAX_TEXT_LENGTH, MAX_TEXT_AREA // size)
    return expected(f"at most {area} px", "characters × size of text", len(text) * size)
