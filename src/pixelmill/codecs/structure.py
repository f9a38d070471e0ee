"""What a file's own structure asks for, counted before a library reads it.

Libraries open a file in time or memory out of proportion where it has very many frames, scans, chunks or directories, or
metadata that inflates: each is counted here, up to its limit, by following the lengths that stand in the file. What is
damaged is left to the decoders, but for a GIF that ends too early: its decoder shows what is there.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator

from pixelmill.codecs.boxes import exif_blocks
from pixelmill.codecs.exif import check_exif
from pixelmill.errors import CorruptImage, ImageTooLarge
from pixelmill.limits import Limits

MAX_CHUNKS = 100_000
"""Chunks, segments, boxes and directory entries of a file: 64 MiB in chunks of 8 kB are 8,192."""
MAX_BLOCKS = 1_000_000
"""Blocks of a GIF, which hold up to 255 bytes each: 64 MiB are 264,000."""
MAX_SCANS = 100
"""Scans of a JPEG. Progressive ones have about 10; each costs a pass over the whole picture, however few its bytes."""
MAX_SCANNED = 2_000_000_000
"""Scans of a JPEG times its pixels: 20 of 100 megapixels, or 100 of 20."""
MAX_INFLATED = 16 * 1024 * 1024
"""Bytes that the compressed metadata of a PNG may inflate to, all chunks together."""


def check_structure(data: bytes, format: str, limits: Limits) -> None:
    """Follow the structure of a file in `format` and hold its counts against the limits.

    Raises:
        ImageTooLarge: more frames, scans, chunks or inflated metadata than are allowed.
        CorruptImage: EXIF data whose directories lead to each other, or a GIF that ends too early.
    """
    check = _CHECKS.get(format)
    if check:
        check(data, limits)


def _counted(what: str, format: str, most: int = MAX_CHUNKS) -> Iterator[int]:
    yield from range(most)
    raise ImageTooLarge(f"expected at most {most} {what} in a {format}, got more")


# A marker that neither belongs to the entropy-coded data before it nor fills.
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1, 0xC9), (0xC2, 0xCA)
_SOI, _EOI, _SOS, _APP1 = 0xD8, 0xD9, 0xDA, 0xE1


def _jpeg(data: bytes, limits: Limits) -> None:
    """Source: ITU-T T.81, annex B."""
    at, scans, components, most = 2, 0, -1, MAX_SCANS
    for _ in _counted("segments", "jpeg"):
        marker = _MARKER.search(data, at)
        if not marker or data[marker.end() - 1] in (_SOI, _EOI) or marker.end() + 10 > len(data):
            return
        kind, at = data[marker.end() - 1], marker.end()
        length = struct.unpack_from(">H", data, at)[0]
        if kind == _APP1 and data.startswith(b"Exif", at + 2):
            check_exif(data[at + 2 : at + length])
        elif kind in _SEQUENTIAL + _PROGRESSIVE:
            height, width = struct.unpack_from(">HH", data, at + 3)
            most = min(MAX_SCANS, MAX_SCANNED // max(1, height * width))
            components = data[at + 7] if kind in _SEQUENTIAL else -1
        elif kind == _SOS:
            if data[at + 2] == components:
                return  # a sequential picture with all its components in this one scan
            scans += 1
            if scans > most:
                raise ImageTooLarge(
                    f"expected at most {MAX_SCANS} scans in a jpeg, and {MAX_SCANNED} scans × pixels, got more"
                )
        at += length


def _png(data: bytes, limits: Limits) -> None:
    """Source: Portable Network Graphics (PNG) Specification, third edition, W3C, 2025, 5 and 11."""
    at, left = 8, MAX_INFLATED
    for _ in _counted("chunks", "png"):
        if at + 12 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"acTL":
            limits.check_frames(struct.unpack_from(">I", data, at + 8)[0])
        elif kind == b"eXIf":
            check_exif(data[at + 8 : at + 8 + length])
        elif kind in _PACKED:
            left -= _inflated(data[at + 8 : at + 8 + length], _PACKED[kind], left)
        elif kind == b"IEND":
            return
        at += 12 + length


# What stands before the compressed bytes.
_PACKED = {
    b"zTXt": re.compile(rb"[^\0]*\0\0", re.DOTALL),
    b"iCCP": re.compile(rb"[^\0]*\0\0", re.DOTALL),
    b"iTXt": re.compile(rb"[^\0]*\0\x01\0[^\0]*\0[^\0]*\0", re.DOTALL),
}


def _inflated(chunk: bytes, lead: re.Pattern[bytes], most: int) -> int:
    """Return how many bytes the compressed part of a chunk becomes."""
    found = lead.match(chunk)
    if not found:
        return 0
    try:
        size = len(zlib.decompressobj().decompress(chunk[found.end() :], most + 1))
    except zlib.error:
        return 0
    if size > most:
        raise ImageTooLarge(f"expected at most {MAX_INFLATED} bytes of metadata in a png once inflated, got more")
    return size


def _webp(data: bytes, limits: Limits) -> None:
    """Source: RFC 9649, WebP Image Format, section 2."""
    at, frames = 12, 0
    for _ in _counted("chunks", "webp"):
        if at + 8 > len(data):
            return
        kind, length = struct.unpack_from("<4sI", data, at)
        at += 8
        if kind == b"ANMF":
            frames += 1
            limits.check_frames(frames)
            at += 16  # on to the chunks inside
            continue
        if kind == b"EXIF":
            check_exif(data[at : at + length])
        at += length + length % 2


def webp_frames(data: bytes) -> int:
    """Return the number of frames of a WebP that is whole."""
    at, frames = 12, 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        frames += kind == b"ANMF"
        at += 8 + length + length % 2
    return max(1, frames)


def _gif(data: bytes, limits: Limits) -> None:
    """Source: GIF89a Specification, CompuServe, 1990."""
    at, frames, inside = 13 + palette_length(data, 10), 0, False
    for _ in _counted("blocks", "gif", MAX_BLOCKS):
        if at >= len(data):
            # Of a still picture everything is there, if only its end is not marked.
            if inside or at > len(data) or frames > 1:
                raise CorruptImage(
                    f"expected a whole gif, got one that ends in or after frame {frames}, without its end's mark"
                )
            return
        if not inside and data[at] == 0x3B:
            return
        if inside:
            inside = data[at] > 0
            at += data[at] + 1
        elif data[at] == 0x2C:
            frames += 1
            limits.check_frames(frames)
            at += 11 + palette_length(data, at + 9)
            inside = True
        elif data[at] == 0x21:
            at += 2
            inside = True
        else:
            at += 1


def palette_length(data: bytes, at: int) -> int:
    """Return the length of the palette that the flags at `at` announce."""
    flags = data[at] if at < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _tiff(data: bytes, limits: Limits) -> None:
    """Source: TIFF 6.0, section 2; BigTIFF."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    count, offset, entry = ("Q", "Q", 20) if big else ("H", "I", 12)
    place, entries = (8 if big else 4), 0
    seen: set[int] = set()
    while place + struct.calcsize(offset) <= len(data):
        at = struct.unpack_from(order + offset, data, place)[0]
        if at == 0 or at in seen or at + struct.calcsize(count) > len(data):
            return
        seen.add(at)
        limits.check_frames(len(seen))
        stored = struct.unpack_from(order + count, data, at)[0]
        entries += stored
        if entries > MAX_CHUNKS:
            raise ImageTooLarge(f"expected at most {MAX_CHUNKS} entries in the directories of a tiff, got more")
        place = at + struct.calcsize(count) + entry * stored


def _avif(data: bytes, limits: Limits) -> None:
    for block in exif_blocks(data):
        check_exif(block)


_CHECKS: dict[str, Callable[[bytes, Limits], None]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "gif": _gif,
    "tiff": _tiff,
    "avif": _avif,
    "heic": _avif,
}
