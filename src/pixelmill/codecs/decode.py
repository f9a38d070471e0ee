"""Encoded bytes to pixels: upright, sRGB, 8 bits a channel.

JPEG goes through libjpeg-turbo (simplejpeg), which can decode at a reduced size, the rest through libvips, which
streams: where a resize comes first, the decoder feeds it row by row and the whole picture never stands in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pixelmill.codecs.header import SIDEWAYS, Header
from pixelmill.codecs.icc import is_srgb, to_srgb
from pixelmill.codecs.vips import load, vips_errors
from pixelmill.geometry import Size
from pixelmill.pixels import Image, from_vips, to_vips, with_axis

if TYPE_CHECKING:
    import pyvips

    Source: TypeAlias = Image | pyvips.Image
    """Pixels, or a libvips pipeline that will make them."""
else:
    Source = object

JPEG_REDUCTIONS = ((1, 8.0), (2, 4.0), (4, 1.5))
"""The reductions, in eighths, that libjpeg-turbo decodes faster than the whole, and how many times larger than needed
each must be for the result to stay within 40 dB of the one from the whole picture: the fewer coefficients of a block
are used, the more it aliases."""


def decode(data: bytes, header: Header) -> Image:
    """Return the pixels of a picture.

    Raises:
        CorruptImage: it is damaged or truncated.
    """
    source = open_source(data, header)
    if isinstance(source, np.ndarray):
        return source
    with vips_errors(f"decoding a {header.format.name}"):
        return from_vips(source)


def reduced_size(header: Header, at_least: Size) -> Size:
    """Return the size, upright, that the decoder will deliver where a picture of `at_least` is all that is needed.

    Only JPEG has a choice: n/8 of the whole, the smallest that is enough larger.
    """
    if header.format.name != "jpeg":
        return header.size
    for eighths, larger in JPEG_REDUCTIONS:
        size = Size(*(-(-side * eighths // 8) for side in header.size))
        if size.width >= larger * at_least.width and size.height >= larger * at_least.height:
            return size
    return header.size


def open_source(data: bytes, header: Header, at_least: Size | None = None) -> Source:
    """Return the picture as pixels or as a libvips pipeline, upright and in sRGB.

    Args:
        at_least: the size, upright, that the caller will scale down to: the decoder may deliver `reduced_size`.

    Raises:
        CorruptImage: it is damaged or truncated; a libvips pipeline may say so only when it is computed.
    """
    size = reduced_size(header, at_least) if at_least else header.size
    if _fits_turbo(header):
        pixels = _turbo(data, header, size)
        if pixels is not None:
            return _colored(upright(pixels, header.orientation), header)
    with vips_errors(f"decoding a {header.format.name}"):
        shrink = {"shrink": round(header.size.width / size.width)} if size != header.size else {}
        vips = to_srgb(load(data, header.format, **shrink))
        if header.orientation == 1:
            return vips
        return upright(from_vips(vips), header.orientation)


def _fits_turbo(header: Header) -> bool:
    return header.format.name == "jpeg" and header.depth == 8 and header.space in ("srgb", "b-w")


def _turbo(data: bytes, header: Header, size: Size) -> Image | None:
    """Return a JPEG's pixels as stored, or None where libjpeg-turbo is not content and libvips shall decide."""
    import simplejpeg

    sideways = header.orientation in SIDEWAYS
    width, height = (size.height, size.width) if sideways else size
    least = {} if size == header.size else {"min_width": width, "min_height": height, "min_factor": 2}
    try:
        pixels = simplejpeg.decode_jpeg(data, "GRAY" if header.bands == 1 else "RGB", strict=True, **least)
    except ValueError:
        return None
    return with_axis(pixels) if pixels.shape[:2] == (height, width) else None


def _colored(pixels: Image, header: Header) -> Source:
    if header.profile is None or (header.bands == 3 and is_srgb(header.profile)):
        return pixels
    import pyvips

    vips = to_vips(pixels)
    vips.set_type(pyvips.GValue.blob_type, "icc-profile-data", header.profile)
    return to_srgb(vips)


def upright(image: Image, orientation: int) -> Image:
    """Undo an EXIF orientation, 1 to 8.

    Source: EXIF 2.32, tag 0x0112.
    """
    if orientation in (5, 6, 7, 8):
        image = np.transpose(image, (1, 0, 2))
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
