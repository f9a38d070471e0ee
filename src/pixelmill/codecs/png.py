"""PNG: at the speed of a good network card, one filter for all rows and deflate by ISA-L at its fastest; or smaller.

Source: Portable Network Graphics (PNG) Specification, third edition, W3C, 2025.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pixelmill.codecs.png_filters import adaptively_filtered, unfiltered
from pixelmill.pixels import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOR_TYPES = {1: 0, 3: 2, 4: 6}
INDEXED = 3
FILTER_SUB, FILTER_UP = 1, 2
DEFLATE_LEVEL = 1
STORED = 16
"""How many bytes are stored before those that ISA-L compresses, which gets them as its dictionary.

Where a stream has nothing before it, ISA-L 2.32 now and then takes its first bytes for a match, or not, depending on what
its memory held: other bytes in another process or thread for the same pixels. With a dictionary it never does.
"""
SMALL_LEVELS = {"balanced": 6, "small": 12}
"""Of libdeflate."""
RAW_DEFLATE = -15
ZLIB_HEADER = b"\x78\x01"
SAMPLED_ROWS = 8
"""Every so many rows are looked at, to choose a filter."""


def encode(image: Image, effort: str = "speed", chunks: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """Return pixels as a PNG of 8 bits a channel: gray, truecolor, or truecolor with alpha.

    Args:
        effort: speed, balanced or small.
        chunks: kind and content of more chunks, put before the pixels.
    """
    height, width, channels = image.shape
    return file_of((width, height), 8, COLOR_TYPES[channels], chunks, compressed(image, effort))


def file_of(size: tuple[int, int], depth: int, color_type: int, chunks: Iterable[tuple[bytes, bytes]], data: bytes) -> bytes:
    """Return a PNG of scanlines that are filtered and deflated; `chunks` come before these."""
    header = struct.pack(">IIBBBBB", *size, depth, color_type, 0, 0, 0)
    others = [chunk(kind, content) for kind, content in chunks]
    return b"".join((SIGNATURE, chunk(b"IHDR", header), *others, chunk(b"IDAT", data), chunk(b"IEND", b"")))


def packed(rows: Image, effort: str) -> bytes:
    """Return deflated scanlines that no filter would make smaller: numbers of colors in a palette."""
    import deflate

    return bytes(deflate.zlib_compress(unfiltered(rows), SMALL_LEVELS.get(effort, SMALL_LEVELS["balanced"])))


def compressed(image: Image, effort: str) -> bytes:
    """Return the filtered and deflated scanlines."""
    if effort == "speed":
        return _deflated(filtered(image))
    import deflate

    tried = [adaptively_filtered(image)]
    if effort == "small":
        # Drawings of few colors are often smaller without any filter.
        tried.append(unfiltered(image))
    return min((bytes(deflate.zlib_compress(lines, SMALL_LEVELS[effort])) for lines in tried), key=len)


def filtered(image: Image) -> NDArray[np.uint8]:
    """Return the scanlines, each led by its filter's type: each row less the one above it, or each pixel less the one
    before it, whichever leaves less.
    """
    height, width, channels = image.shape
    rows = image.reshape(height, width * channels)
    some = rows[1::SAMPLED_ROWS]
    across = _size(some[:, channels:] - some[:, :-channels])
    down = _size(some - rows[:-1:SAMPLED_ROWS][: len(some)])
    lines = np.empty((height, 1 + width * channels), np.uint8)
    if across < down:
        lines[:, 0] = FILTER_SUB
        lines[:, 1 : 1 + channels] = rows[:, :channels]
        np.subtract(rows[:, channels:], rows[:, :-channels], out=lines[:, 1 + channels :])
    else:
        lines[:, 0] = FILTER_UP
        lines[0, 1:] = rows[0]
        np.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    return lines


def _size(differences: NDArray[np.uint8]) -> int:
    """Return the sum of differences modulo 256, each taken for the smaller of what it can be, up or down."""
    return int(np.minimum(differences, 0 - differences).sum(dtype=np.int64))


def _deflated(lines: NDArray[np.uint8]) -> bytes:
    """Return a zlib stream: a block that is stored, then those that ISA-L makes.

    Source: RFC 1950 and RFC 1951 (3.2.4).
    """
    from isal import isal_zlib

    data = lines.reshape(-1).data
    first, rest = data[:STORED], data[STORED:]
    stored = struct.pack("<BHH", 0, len(first), len(first) ^ 0xFFFF)
    deflate = isal_zlib.compressobj(DEFLATE_LEVEL, isal_zlib.DEFLATED, RAW_DEFLATE, zdict=first)
    checksum = struct.pack(">I", isal_zlib.adler32(data))
    return b"".join((ZLIB_HEADER, stored, first, deflate.compress(rest), deflate.flush(), checksum))


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return b"".join((struct.pack(">I", len(data)), kind, data, struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))))
