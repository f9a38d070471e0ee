"""What a picture's header says, read without decoding it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pixelmill.codecs.formats import Format, format_of
from pixelmill.codecs.quick import quick_header
from pixelmill.codecs.sequence import is_sequence, open_sequence
from pixelmill.codecs.structure import check_structure
from pixelmill.codecs.svg import check_svg, check_svg_size
from pixelmill.codecs.vips import load
from pixelmill.errors import CorruptImage, expected
from pixelmill.geometry import Size
from pixelmill.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    import pyvips

SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that swap width and height."""


@dataclass(frozen=True)
class Header:
    """What is known of a picture before it is decoded.

    Attributes:
        format: what kind of file it is.
        size: its size when upright, in pixels.
        frames: how many pictures it holds, frames in time or pages.
        bands: channels as they are stored, with alpha.
        depth: bits a channel.
        space: libvips' name for the color space that the pixels are stored in.
        has_alpha: whether it has an alpha channel.
        orientation: EXIF orientation, 1 to 8, which decoding undoes.
        profile: its ICC profile.
    """

    format: Format
    size: Size
    frames: int = 1
    bands: int = 3
    depth: int = 8
    space: str = "srgb"
    has_alpha: bool = False
    orientation: int = 1
    profile: bytes | None = None

    @property
    def is_animation(self) -> bool:
        """Whether it holds frames that follow each other in time."""
        return self.frames > 1 and self.format.animated


_DEPTHS = {"uchar": 8, "char": 8, "ushort": 16, "short": 16, "uint": 32, "int": 32, "float": 32, "double": 64}


def probe(data: bytes, limits: Limits = DEFAULT_LIMITS, *, first_frame: bool = False) -> Header:
    """Read the header of an encoded picture and hold it against the limits.

    Args:
        first_frame: whether only that one will be decoded, and so counts for the limits.

    Raises:
        UnsupportedFormat: no format of ours.
        CorruptImage: the header is damaged.
        ImageTooLarge: more bytes or pixels × frames than `limits` allows.
    """
    entry = _checked(data, limits)
    return _within(_plain_header(data, entry) or _library_header(data, entry, limits), limits, first_frame)


def probe_plain(data: bytes, limits: Limits = DEFAULT_LIMITS, *, first_frame: bool = False) -> Header | None:
    """Do what `probe` does, where that takes no library, which could crash; None where it takes one. Raises the same."""
    header = _plain_header(data, _checked(data, limits))
    return _within(header, limits, first_frame) if header else None


def _checked(data: bytes, limits: Limits) -> Format:
    """Return what kind of file it is, after the checks that come before a library may see it."""
    limits.check_input(len(data))
    if not data:
        raise CorruptImage("expected a picture, got 0 bytes")
    entry = format_of(data)
    check_structure(data, entry.name, limits)
    return entry


def _within(header: Header, limits: Limits, first_frame: bool) -> Header:
    limits.check_source(header.size.width, header.size.height, 1 if first_frame else header.frames)
    return header


def _library_header(data: bytes, entry: Format, limits: Limits) -> Header:
    if entry.name == "svg":
        drawn = check_svg(data, limits)
        header = _loaded_header(data, entry)
        check_svg_size(header.size, drawn)
        return header
    if entry.loader:
        return _loaded_header(data, entry)
    from pixelmill.codecs.foreign import codec

    header = codec(entry).header(data, entry, limits)
    if min(header.size) < 1:
        raise CorruptImage(expected("a width and a height of 1 or more", f"the source, a {entry.name}", header.size))
    return header


def _plain_header(data: bytes, entry: Format) -> Header | None:
    found = quick_header(data, entry.name)
    if not found:
        return None
    size, bands, orientation = found
    return Header(
        format=entry,
        size=_upright(size, orientation),
        bands=bands,
        space="srgb" if bands >= 3 else "b-w",
        has_alpha=bands in (2, 4),
        orientation=orientation,
    )


def _upright(size: Size, orientation: int) -> Size:
    return Size(size.height, size.width) if orientation in SIDEWAYS else size


def _loaded_header(data: bytes, entry: Format) -> Header:
    if is_sequence(data):
        return _sequence_header(data, entry)
    header = _header(load(data, entry), entry)
    return replace(header, frames=_apng_frames(data)) if entry.name == "png" else header


def _header(vips: pyvips.Image, entry: Format) -> Header:
    fields = set(vips.get_fields())
    orientation = vips.get("orientation") if "orientation" in fields else 1
    orientation = orientation if 1 <= orientation <= 8 else 1
    return Header(
        format=entry,
        size=_upright(Size(vips.width, vips.height), orientation),
        frames=vips.get("n-pages") if "n-pages" in fields else 1,
        bands=vips.bands,
        depth=_DEPTHS.get(vips.format, 64),
        space=vips.interpretation,
        has_alpha=bool(vips.hasalpha()),
        orientation=orientation,
        profile=vips.get("icc-profile-data") if "icc-profile-data" in fields else None,
    )


def _sequence_header(data: bytes, entry: Format) -> Header:
    with open_sequence(data) as file:
        orientation = file.getexif().get(0x0112, 1)
        return Header(
            format=entry,
            size=_upright(Size(*file.size), orientation),
            frames=file.n_frames,
            bands=len(file.getbands()),
            has_alpha="A" in file.getbands(),
            orientation=orientation if 1 <= orientation <= 8 else 1,
            profile=file.info.get("icc_profile"),
        )


def _apng_frames(data: bytes) -> int:
    """Return the number of frames that a PNG's acTL chunk promises; it comes before the pixels, in IDAT.

    Source: Portable Network Graphics (PNG) Specification, third edition, W3C, 2025, 11.3.6.
    """
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            break
        if kind == b"acTL":
            return max(1, int(struct.unpack_from(">I", data, at + 8)[0]))
        at += 12 + length
    return 1
