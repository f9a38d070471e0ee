"""Watermarks: a text or a logo drawn over one place of the picture."""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from importlib.resources import files
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, PlainSerializer

from pixelmill.color import Color, rgb
from pixelmill.geometry import Anchor, place
from pixelmill.operations.base import Operation, register
from pixelmill.pixels import Image, composite

FONT = files("pixelmill") / "assets" / "DejaVuSans.ttf"
FONT_NAME = "DejaVu Sans"
MAX_LOGO_BYTES = 8 * 1024 * 1024


def _from_base64(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"expected a picture in base64 for logo.image, got {value[:20]!r}") from None


Encoded = Annotated[
    bytes,
    Field(min_length=1, max_length=MAX_LOGO_BYTES),
    BeforeValidator(_from_base64),
    PlainSerializer(lambda data: base64.b64encode(data).decode(), return_type=str, when_used="json"),
]
"""A picture's encoded bytes; base64 in JSON and YAML."""

Margin = Annotated[int, Field(ge=0, le=10_000)]


@register
class Text(Operation):
    """Write one line of text over the picture, as it is: no markup, no escapes. What does not fit is cut off."""

    pool = "watermark"
    positional = ("text",)

    text: str = Field(min_length=1, max_length=1000, description="what to write")
    position: Anchor = Field("bottom-right", description="where")
    size: int = Field(30, ge=1, le=1000, description="font size, px")
    color: Color = Field("#ffffff", description="#RRGGBB")
    opacity: float = Field(0.8, ge=0, le=1, description="0 is invisible, 1 covers")
    margin: Margin = Field(10, description="distance from the sides, px")

    def apply(self, image: Image) -> Image:
        mask = text_mask(self.text, self.size)
        coverage = np.rint(mask * self.opacity).astype(np.uint8)
        height, width = image.shape[:2]
        corner = place(self.position, (mask.shape[1], mask.shape[0]), (width, height), self.margin)
        return composite(image, np.array(rgb(self.color), np.uint8), coverage, corner)


@lru_cache(maxsize=256)
def text_mask(text: str, size: int) -> NDArray[np.uint8]:
    """Return the coverage, 0 to 255, of `text` in the font that ships with the package, cropped to its ink.

    Rendered by Pango through libvips, so scripts are shaped and run right to left where they should. Kept for the
    next picture, as the same text is usually written on many.
    """
    import html

    import pyvips

    rendered = pyvips.Image.text(html.escape(text, quote=False), font=f"{FONT_NAME} {size}", fontfile=str(FONT), dpi=72)
    mask: NDArray[np.uint8] = rendered.numpy().reshape(rendered.height, rendered.width)
    return mask


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
        logo = scaled_logo(self.image, max(1, round(width * self.scale)))
        coverage = np.rint(logo[:, :, 3] * self.opacity).astype(np.uint8)
        corner = place(self.position, (logo.shape[1], logo.shape[0]), (width, height), self.margin)
        return composite(image, logo[:, :, :3], coverage, corner)


@lru_cache(maxsize=16)
def scaled_logo(data: bytes, width: int) -> Image:
    """Return the logo as RGBA pixels of that width, at most `MAX_OUTPUT` high; kept for the next picture."""
    from pixelmill.codecs import decode, probe
    from pixelmill.limits import DEFAULT_LIMITS
    from pixelmill.operations.resize import Resize
    from pixelmill.pixels import channels, to_rgb

    header = probe(data, DEFAULT_LIMITS)
    logo = Resize(width=width, enlarge=True).apply(decode(data, header))
    if channels(logo) == 4:
        return logo
    return np.dstack([to_rgb(logo), np.full(logo.shape[:2], 255, np.uint8)])
