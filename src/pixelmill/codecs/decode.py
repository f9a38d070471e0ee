"""Encoded bytes to pixels: upright, sRGB, 8 bits a channel.

JPEG goes through libjpeg-turbo (simplejpeg), which can decode at a reduced size, the rest through libvips, which
streams: where a resize comes first, the decoder feeds it row by row and the whole picture never stands in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pixelmill.codecs.foreign import codec
from pixelmill.codecs.formats import Kept
from pixelmill.codecs.header import SIDEWAYS, Header
from pixelmill.codecs.icc import is_srgb, to_srgb, with_profile
from pixelmill.codecs.metadata import keeps_profile, kept_metadata, read_metadata
from pixelmill.codecs.sequence import is_sequence, read_sequence, times_played
from pixelmill.codecs.vips import load, vips_errors
from pixelmill.errors import CorruptImage, UnsupportedFormat, expected
from pixelmill.geometry import Size
from pixelmill.picture import MAX_LOOP, Metadata, Picture
from pixelmill.pixels import Image, channels, from_vips, with_axis

if TYPE_CHECKING:
    import pyvips

    Source: TypeAlias = Image | pyvips.Image
    """Pixels, or a libvips pipeline that will make them."""
else:
    Source = object

JPEG_REDUCTIONS = ((1, 2.0), (2, 1.5), (4, 1.25))
"""The reductions, in eighths, that libjpeg-turbo decodes faster than the whole, and how many times larger than needed
each must be: the fewer coefficients of a block are used, the more it aliases. Against the whole picture scaled by Lanczos,
six photographs of 12 megapixels have 49 dB or more with these, and 42 to 48 where each need only be large enough."""


DEFAULT_DELAY_MS = 100
"""How long a frame shows where the file does not say, as in browsers."""


@dataclass(frozen=True)
class Reading:
    """What a decoder shall deliver.

    Attributes:
        first_frame: only that one of an animation or of pages.
        keep: metadata to keep; with "icc", pixels stay in the color space of an RGB profile.
        at_least: the size, upright, that the caller will scale down to; the decoder may deliver `reduced_size`.
    """

    first_frame: bool = False
    keep: tuple[Kept, ...] = ()
    at_least: Size | None = None


WHOLE = Reading()


def decode(data: bytes, header: Header) -> Image:
    """Return the pixels of a still picture.

    Raises:
        CorruptImage: it is damaged or truncated.
        UnsupportedFormat: it has more than one frame.
    """
    return read(data, header).frames[0] if header.frames == 1 else _refuse_frames(header)


def _refuse_frames(header: Header) -> Image:
    raise UnsupportedFormat(f"expected a still picture, got a {header.format.name} of {header.frames} frames or pages")


def read(data: bytes, header: Header, reading: Reading = WHOLE) -> Picture:
    """Return a picture: one frame, or all of an animation, and its metadata where that is to be kept.

    Raises:
        CorruptImage: it is damaged or truncated.
        UnsupportedFormat: it has several pages, which are no animation, and not only the first is wanted.
    """
    if header.frames == 1 or reading.first_frame:
        if is_sequence(data):
            (stored,), _ = read_sequence(data, 1)
            source = _colored(upright(with_axis(stored), header.orientation), header, reading)
            metadata = read_metadata(data, header, reading.keep)
        else:
            source, metadata = open_source(data, header, reading)
        with vips_errors(f"decoding a {header.format.name}"):
            pixels = source if isinstance(source, np.ndarray) else from_vips(source)
        reduced = Size(pixels.shape[1], pixels.shape[0]) != header.size
        return Picture((pixels,), metadata=metadata, source=header.size if reduced else None)
    if not header.is_animation:
        _refuse_frames(header)
    metadata = read_metadata(data, header, reading.keep)
    if is_sequence(data):
        stored_frames, delays = read_sequence(data, header.frames)
        sources = [_colored(upright(with_axis(frame), header.orientation), header, reading) for frame in stored_frames]
        with vips_errors(f"decoding a {header.format.name}"):
            frames = tuple(item if isinstance(item, np.ndarray) else from_vips(item) for item in sources)
        return Picture(frames, tuple(delays), times_played(data), metadata)
    return _read_roll(data, header, reading, metadata)


def _read_roll(data: bytes, header: Header, reading: Reading, metadata: Metadata) -> Picture:
    """Read an animation by libvips, which delivers the frames one below the other."""
    with vips_errors(f"decoding a {header.format.name}"):
        roll = load(data, header.format, n=-1)
        fields = set(roll.get_fields())
        delays = list(roll.get("delay")) if "delay" in fields else []
        delays += [DEFAULT_DELAY_MS] * (header.frames - len(delays))
        loop = min(int(roll.get("loop")), MAX_LOOP) if "loop" in fields else 0
        pixels = from_vips(to_srgb(roll, convert=not keeps_profile(header, reading.keep)))
    frames = tuple(upright(frame, header.orientation) for frame in pixels.reshape(header.frames, -1, *pixels.shape[1:]))
    return Picture(frames, tuple(delays[: header.frames]), loop, metadata)


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


def open_source(data: bytes, header: Header, reading: Reading = WHOLE) -> tuple[Source, Metadata]:
    """Return a still picture, or the first frame, as pixels or as a libvips pipeline, upright and in sRGB; and its metadata.

    Raises:
        CorruptImage: it is damaged or truncated; a libvips pipeline may say so only when it is computed.
    """
    if header.format.loader:
        return _open_source(data, header, reading), read_metadata(data, header, reading.keep)
    stored = codec(header.format).read(data, header)
    size = Size(stored.pixels.shape[1], stored.pixels.shape[0])
    if size != header.size:
        raise CorruptImage(
            expected(f"the size in its header, {tuple(header.size)},", f"a {header.format.name}", tuple(size))
        )
    header = replace(header, bands=channels(stored.pixels), profile=stored.profile)
    metadata = kept_metadata(header, reading.keep, stored.exif, stored.xmp)
    return _colored(stored.pixels, header, reading), metadata


def _open_source(data: bytes, header: Header, reading: Reading) -> Source:
    """Open a picture that libjpeg-turbo or libvips reads."""
    size = reduced_size(header, reading.at_least) if reading.at_least else header.size
    if _fits_turbo(header):
        pixels = _turbo(data, header, size)
        if pixels is not None:
            return _colored(upright(pixels, header.orientation), header, reading)
    with vips_errors(f"decoding a {header.format.name}"):
        shrink = {"shrink": round(header.size.width / size.width)} if size != header.size else {}
        vips = to_srgb(load(data, header.format, **shrink), convert=not keeps_profile(header, reading.keep))
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


def _colored(pixels: Image, header: Header, reading: Reading) -> Source:
    if header.profile is None or keeps_profile(header, reading.keep) or (header.bands == 3 and is_srgb(header.profile)):
        return pixels
    return to_srgb(with_profile(pixels, header.profile))


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
