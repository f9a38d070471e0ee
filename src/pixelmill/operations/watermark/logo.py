"""A logo drawn over the picture."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field, PlainSerializer

from pixelmill.codecs import Header, decode, probe
from pixelmill.errors import CorruptImage, ImageTooLarge, InvalidPipeline, UnsupportedFormat
from pixelmill.geometry import Size
from pixelmill.limits import Limits
from pixelmill.operations.base import Operation, register
from pixelmill.operations.resize import Resize
from pixelmill.operations.watermark.blending import Blend
from pixelmill.operations.watermark.kept import Kept, Mark
from pixelmill.operations.watermark.placing import Layout, Margin, Opacity, Place, Rotation, Spacing, Tile, draw
from pixelmill.pixels import Image, channels, to_rgb, without_alpha

MAX_LOGO_BYTES = 8 * 1024 * 1024
LOGO_LIMITS = Limits(max_pixels=25_000_000)
"""A logo is decoded whole, so a few bytes must not become hundreds of megabytes."""

_kept = Kept[Mark](32 * 1024 * 1024)


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


@register
class Logo(Operation):
    """Draw another picture over this one, scaled to a share of this one's width."""

    pool = "watermark"
    positional = ("image",)

    image: Encoded = Field(
        description="the logo: the bytes of a JPEG, PNG, WebP or AVIF; base64 in JSON, @FILE on the command line"
    )
    position: Place = "bottom-right"
    scale: float = Field(0.2, gt=0, le=1, description="the logo's width as a share of the picture's")
    opacity: Opacity = 0.8
    margin: Margin = 10
    rotation: Rotation = 0.0
    tile: Tile = False
    spacing: Spacing = 1.0
    blend: Blend = Field("normal", description="how its colors mix with the picture's, by the names of CSS")

    @property
    def effort_ns(self) -> float:
        return 7.0 if self.tile else 0.5

    def apply(self, image: Image) -> Image:
        height, width = image.shape[:2]
        mark = scaled_logo(self.image, Size(max(1, round(width * self.scale)), height))
        layout = Layout(self.position, self.margin, self.rotation, self.tile, self.spacing)
        return draw(image, mark, layout, self.opacity, self.blend)


def scaled_logo(data: bytes, box: Size) -> Mark:
    """Return the logo as large as `box` allows; a small one is kept for the next picture.

    Raises:
        InvalidPipeline: the logo is no picture that can be read.
    """
    try:
        resize = Resize(width=box.width, height=box.height, enlarge=True)
        header = probe(data, LOGO_LIMITS)
        size = resize.output_size(header.size)
        key = (hashlib.sha256(data).digest(), size)
        return _kept.get(key, lambda: _decoded(data, header, resize)._replace(key=key))
    except (CorruptImage, UnsupportedFormat, ImageTooLarge) as error:
        raise InvalidPipeline(f"expected a picture for logo.image, which it is not: {error}") from None


def _decoded(data: bytes, header: Header, resize: Resize) -> Mark:
    logo = resize.apply(decode(data, header))
    if channels(logo) == 4:
        return Mark(without_alpha(logo), np.ascontiguousarray(logo[:, :, 3]), framed=True)
    return Mark(to_rgb(logo), np.full(logo.shape[:2], 255, np.uint8), framed=True)
