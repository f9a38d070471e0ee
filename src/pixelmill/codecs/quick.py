"""Headers of plain JPEG and PNG files, read without a library: a tenth of the time, which counts where nothing else is done.

What is out of the ordinary in any way is left to libvips; of everything else, libvips says the same.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from pixelmill.codecs.exif import ORIENTATION
from pixelmill.geometry import Size

_SEGMENT = re.compile(rb"\xff([\xc0-\xfe])")
_FRAMES = (0xC0, 0xC1, 0xC2)
"""Start of a baseline, an extended sequential and a progressive frame, with Huffman coding."""
_PLAIN_SEGMENTS = frozenset((0xC4, 0xDB, 0xDD, 0xE0, 0xFE))
"""Huffman and quantization tables, restart interval, JFIF, comment."""
_EXIF = 0xE1
MAX_SIDE = 65_500
"""libjpeg's bound on a side, px."""
_PLAIN_CHUNKS = frozenset((b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"tEXt", b"tIME", b"bKGD", b"sBIT"))
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Of each of PNG's color types but the one with a palette."""
_SHORT = 3
"""TIFF's number for 16-bit integers."""


class Quick(NamedTuple):
    """A still picture of 8 bits a channel without a profile: its size as stored, channels and EXIF orientation."""

    size: Size
    bands: int
    orientation: int = 1


def quick_header(data: bytes, format: str) -> Quick | None:
    """Return what the header of a plain JPEG or PNG says; None where libvips has to be asked."""
    try:
        if format == "jpeg":
            return _jpeg(data)
        return _png(data) if format == "png" else None
    except (struct.error, IndexError):
        return None


def _jpeg(data: bytes) -> Quick | None:
    """Source: ITU-T T.81, annex B."""
    at, orientation, has_exif = 2, 1, False
    while segment := _SEGMENT.match(data, at):
        kind, at = segment[1][0], at + 2
        length = struct.unpack_from(">H", data, at)[0]
        if kind in _FRAMES:
            precision, height, width, bands = struct.unpack_from(">BHHB", data, at + 2)
            plain = precision == 8 and bands in (1, 3) and length == 8 + 3 * bands
            plain = plain and min(width, height) > 0 and max(width, height) <= MAX_SIDE
            return Quick(Size(width, height), bands, orientation) if plain else None
        if kind == _EXIF and not has_exif and data.startswith(b"Exif\0\0", at + 2):
            has_exif = True
            orientation = _orientation(data[at + 8 : at + length])
            if not orientation:
                return None
        elif kind not in _PLAIN_SEGMENTS:
            return None
        at += length
    return None


def _orientation(exif: bytes) -> int:
    """Return the orientation that the first directory of EXIF data holds, 1 to 8; 0 where that is not clear.

    Source: CIPA DC-008, Exif 2.32, 4.6.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if not order:
        return 0
    at = struct.unpack_from(order + "I", exif, 4)[0]
    found = 0
    for number in range(struct.unpack_from(order + "H", exif, at)[0]):
        tag, kind, count, value = struct.unpack_from(order + "HHIH", exif, at + 2 + 12 * number)
        if tag == ORIENTATION:
            if found or (kind, count) != (_SHORT, 1) or not 1 <= value <= 8:
                return 0
            found = value
    return int(found)


def _png(data: bytes) -> Quick | None:
    """Source: Portable Network Graphics (PNG) Specification, third edition, W3C, 2025, 11."""
    length, kind, width, height, depth, color, *methods = struct.unpack_from(">I4sIIBBBBB", data, 8)
    plain = (length, kind, depth) == (13, b"IHDR", 8) and color in _CHANNELS and methods in ([0, 0, 0], [0, 0, 1])
    if not plain or min(width, height) < 1:
        return None
    at = 33
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            return Quick(Size(width, height), _CHANNELS[color])
        if kind not in _PLAIN_CHUNKS:
            return None
        at += 12 + length
