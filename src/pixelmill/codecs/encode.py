"""Pixels to encoded bytes. No metadata is written."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pixelmill.codecs import png
from pixelmill.codecs.output import Output
from pixelmill.codecs.vips import set_up
from pixelmill.color import rgb
from pixelmill.geometry import Size
from pixelmill.pixels import Image, channels, is_opaque, to_vips, without_alpha

WEBP_EFFORT = 2
AVIF_EFFORT = 1


def encode(image: Image, output: Output) -> bytes:
    """Encode pixels as `output` says; its format must not be "source" any more.

    Raises:
        ImageTooLarge: the format cannot hold a picture of that size.
    """
    output.check_size(Size(image.shape[1], image.shape[0]))
    return _ENCODERS[output.format](image, output)


def _jpeg(image: Image, output: Output) -> bytes:
    import simplejpeg

    if channels(image) == 4:
        image = flatten(image, output.background)
    image = np.ascontiguousarray(image)
    if channels(image) == 1:
        return bytes(simplejpeg.encode_jpeg(image, output.effective_quality, colorspace="GRAY", colorsubsampling="Gray"))
    return bytes(simplejpeg.encode_jpeg(image, output.effective_quality, colorspace="RGB", colorsubsampling="420"))


def _png(image: Image, output: Output) -> bytes:
    return png.encode(image)


def _webp(image: Image, output: Output) -> bytes:
    set_up()
    return bytes(
        to_vips(image).webpsave_buffer(Q=output.effective_quality, lossless=output.lossless, effort=WEBP_EFFORT, keep="none")
    )


def _avif(image: Image, output: Output) -> bytes:
    set_up()
    options = {"Q": output.effective_quality, "lossless": output.lossless, "effort": AVIF_EFFORT, "keep": "none"}
    return bytes(to_vips(image).heifsave_buffer(compression="av1", bitdepth=8, **options))


class _Encoder(Protocol):
    def __call__(self, image: Image, output: Output) -> bytes: ...


_ENCODERS: dict[str, _Encoder] = {"jpeg": _jpeg, "png": _png, "webp": _webp, "avif": _avif}


def flatten(image: Image, background: str) -> Image:
    """Return RGBA pixels over a background of one color, as sRGB."""
    import cv2

    color = without_alpha(image)
    if is_opaque(image):
        return color
    alpha = image[:, :, 3].astype(np.float32)
    flat: Image = cv2.blendLinear(color, np.full_like(color, rgb(background)), alpha, 255 - alpha)
    return flat
