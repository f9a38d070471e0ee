"""Watermarks: a text or a logo drawn over one place of the picture."""

from __future__ import annotations

import base64
import binascii
import html
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from pixelmill.codecs import decode, probe
from pixelmill.codecs.vips import set_up
from pixelmill.color import Color, rgb
from pixelmill.errors import CorruptImage, ImageTooLarge, InvalidPipeline, UnsupportedFormat, expected
from pixelmill.geometry import Anchor, Size, place
from pixelmill.operations.base import Operation, register
from pixelmill.operations.resize import Resize
from pixelmill.pixels import Image, channels, composite, from_vips, with_alpha

FONT = files("pixelmill") / "assets" / "DejaVuSans.ttf"
FONT_NAME = "DejaVu Sans"
MAX_LOGO_BYTES = 8 * 1024 * 1024
MAX_TEXT_LENGTH = 50_000
"""Characters × size, px: what a text may measure before it is cut to the picture."""
MAX_INK = 32_768
"""What cairo, which draws the text, can hold, px."""
KEPT_PIXELS = 1_000_000
"""Rendered texts and scaled logos of up to that many pixels are kept."""
Alignment = Literal["low", "centre", "high"]


def _from_base64(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"expected a picture's bytes, or base64, for logo.image, got {value[:20]!r}") from None


Encoded = Annotated[
    bytes,
    Field(min_length=1, max_length=MAX_LOGO_BYTES),
    BeforeValidator(_from_base64),
    PlainSerializer(lambda data: base64.b64encode(data).decode(), return_type=str, when_used="json"),
]
"""A picture's encoded bytes; base64 in JSON and YAML."""

Margin = Annotated[int, Field(ge=0, le=10_000)]


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

    Lines end at a line break only, and are aligned as the position says. The font is DejaVu Sans; where it lacks a
    character, a box with the character's code shows.
    """

    pool = "watermark"
    positional = ("text",)

    text: Words = Field(description="what to write")
    position: Anchor = Field("bottom-right", description="where")
    size: int = Field(30, ge=1, le=1000, description="font size, px")
    color: Color = Field("#ffffff", description="#RRGGBB")
    opacity: float = Field(0.8, ge=0, le=1, description="0 is invisible, 1 covers")
    margin: Margin = Field(10, description="distance from the sides, px")

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        length = len(self.text) * self.size
        if length > MAX_TEXT_LENGTH:
            raise ValueError(expected(f"at most {MAX_TEXT_LENGTH} px", "characters × size of text", length))
        return self

    def apply(self, image: Image) -> Image:
        mask = text_mask(self.text, self.size, _alignment(self.position))
        coverage = np.rint(mask * self.opacity).astype(np.uint8)
        height, width = image.shape[:2]
        corner = place(self.position, (mask.shape[1], mask.shape[0]), (width, height), self.margin)
        return composite(image, np.array(rgb(self.color), np.uint8), coverage, corner)


def _alignment(position: Anchor) -> Alignment:
    if "left" in position:
        return "low"
    return "high" if "right" in position else "centre"


def text_mask(text: str, size: int, align: Alignment = "low") -> NDArray[np.uint8]:
    """Return the coverage, 0 to 255, of `text` in the font that ships with the package, cropped to its ink.

    Rendered by Pango through libvips, so scripts are shaped and run right to left where they should. Small ones are kept
    for the next picture, as the same text is usually written on many.
    """
    return (_kept_mask if len(text) * size * size <= KEPT_PIXELS else _render)(text, size, align)


def _render(text: str, size: int, align: Alignment) -> NDArray[np.uint8]:
    set_up()
    import pyvips

    escaped = html.escape(text, quote=False)
    try:
        rendered = pyvips.Image.text(escaped, font=f"{FONT_NAME} {size}", fontfile=str(FONT), dpi=72, align=align)
    except pyvips.Error as error:
        # libvips has no codes for its errors, only their texts.
        if "no text to render" in str(error.detail):  # only spaces and joiners: nothing that leaves ink
            return np.zeros((0, 0), np.uint8)
        if "too big" in str(error.detail):
            raise InvalidPipeline(expected(f"less than {MAX_INK} px each way", "what text writes", text)) from None
        raise
    return from_vips(rendered)[:, :, 0]


_kept_mask = lru_cache(maxsize=64)(_render)


@register
class Logo(Operation):
    """Draw another picture over this one, scaled to a share of this one's width."""

    pool = "watermark"
    positional = ("image",)

    image: Encoded = Field(
        description="the logo: the bytes of a JPEG, PNG, WebP or AVIF; base64 in JSON, @FILE on the command line"
    )
    position: Anchor = Field("bottom-right", description="where")
    scale: float = Field(0.2, gt=0, le=1, description="the logo's width as a share of the picture's")
    opacity: float = Field(0.8, ge=0, le=1, description="0 is invisible, 1 covers")
    margin: Margin = Field(10, description="distance from the sides, px")

    def apply(self, image: Image) -> Image:
        height, width = image.shape[:2]
        logo = scaled_logo(self.image, Size(max(1, round(width * self.scale)), height))
        coverage = np.rint(logo[:, :, 3] * self.opacity).astype(np.uint8)
        corner = place(self.position, (logo.shape[1], logo.shape[0]), (width, height), self.margin)
        return composite(image, logo[:, :, :3], coverage, corner)


def scaled_logo(data: bytes, box: Size) -> Image:
    """Return the logo as RGBA pixels, as large as `box` allows; a small one is kept for the next picture.

    Raises:
        InvalidPipeline: the logo is no picture that can be read.
    """
    try:
        resize = Resize(width=box.width, height=box.height, enlarge=True)
        size = resize.output_size(probe(data).size)
        return (_kept_logo if size.width * size.height <= KEPT_PIXELS else _decode_logo)(data, resize)
    except (CorruptImage, UnsupportedFormat, ImageTooLarge) as error:
        raise InvalidPipeline(f"expected a picture for logo.image, which it is not: {error}") from None


def _decode_logo(data: bytes, resize: Resize) -> Image:
    logo = resize.apply(decode(data, probe(data)))
    return logo if channels(logo) == 4 else with_alpha(logo, np.full(logo.shape[:2], 255, np.uint8))


_kept_logo = lru_cache(maxsize=16)(_decode_logo)
