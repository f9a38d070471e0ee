"""The boxes that an AVIF or HEIF file is made of, and where it keeps its EXIF data.

Source: ISO/IEC 14496-12:2022, 4.2 and 8.11; ISO/IEC 23008-12:2022, annex A.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from pixelmill.errors import CorruptImage, ImageTooLarge

MAX_BOXES = 100_000
"""Boxes of one level."""
MAX_EXTENTS = 1_000
"""Pieces that an item may be stored in."""
NO_EXIF = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"
"""For writers, so that there is a place for other EXIF data."""
NO_OFFSET = bytes(4)
"""What stands before EXIF data that begins right behind it."""
_ANNOUNCED = re.compile(rb"infe(?:\x02|\x03..).{7}Exif", re.DOTALL)


class Box(NamedTuple):
    """One box: its kind, and where its content stands."""

    kind: bytes
    start: int
    end: int


def exif_blocks(data: bytes) -> list[bytes]:
    """Return the EXIF data of a file, put together from its pieces.

    Raises:
        ImageTooLarge: it has more boxes or pieces than any picture needs.
        CorruptImage: it announces EXIF data that cannot be found.
    """
    try:
        found = [block for box in _described(data) for block in _blocks(data, box)]
    except struct.error:
        found = []
    if len(found) < len(_ANNOUNCED.findall(data)):
        raise CorruptImage("expected EXIF data where the file announces it, got none")
    return found


def boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    """Yield the boxes of one level."""
    for _ in range(MAX_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == 1:
            size, start = struct.unpack_from(">Q", data, start)[0], start + 8
        stop = at + size if size else end
        if not start <= stop <= end:
            return
        yield Box(kind, start, stop)
        at = stop
    raise ImageTooLarge(f"expected at most {MAX_BOXES} boxes in a row, got more")


def boxes_at(data: bytes, *path: bytes, within: Box | None = None) -> Iterator[Box]:
    """Yield the boxes that a path of kinds leads to, from the top of the file or from within a box."""
    at, end = (within.start, within.end) if within else (0, len(data))
    for box in boxes(data, at, end):
        if box.kind == path[0]:
            yield from boxes_at(data, *path[1:], within=box) if path[1:] else (box,)


def exif_in(content: bytes) -> bytes:
    """Return the EXIF data of an item or box, which begins with how far off it is; some writers leave that out."""
    if content[:4] in (b"II*\0", b"MM\0*"):
        return content
    return content[4 + int.from_bytes(content[:4], "big") :]


def with_exif(data: bytes, exif: bytes) -> bytes:
    """Return a file with EXIF data, as libheif and libavif write it, with other EXIF data instead, which comes last in it.

    What calls these, libvips and Pillow, sorts EXIF data anew, which damages a maker's notes.

    Source: ISO/IEC 14496-12:2022, 8.11.3; ISO/IEC 23008-12:2022, annex A.2.1.
    """
    content = NO_OFFSET + exif
    head = struct.pack(">I4s", 8 + len(content), b"mdat")
    made = bytearray(data)
    for meta in _described(data):
        for place, _ in _found(data, meta):
            # Both write one piece, at an offset of 32 bits; libheif counts it from a base.
            (location,) = (box for box in boxes(data, meta.start + 4, meta.end) if box.kind == b"iloc")
            at = place + (data[location.start + 5] >> 4)
            made[place:at] = bytes(at - place)
            struct.pack_into(">HII", made, at, 1, len(data) + len(head), len(content))
    return b"".join((made, head, content))


def _described(data: bytes) -> list[Box]:
    """Return what describes the items of a file; the tracks of a sequence have theirs again."""
    return [*boxes_at(data, b"meta"), *boxes_at(data, b"moov", b"trak", b"meta")]


def _blocks(data: bytes, meta: Box) -> Iterator[bytes]:
    """Yield the items of type Exif that a meta box describes."""
    for _, parts in _found(data, meta):
        yield b"".join(data[start : start + length or None] for start, length in parts)


def _found(data: bytes, meta: Box) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield each item of type Exif: where its location stands, and its pieces (start, length)."""
    inside = {box.kind: box for box in boxes(data, meta.start + 4, meta.end)}
    if not {b"iinf", b"iloc"} <= inside.keys():
        return
    information = inside[b"iinf"]
    first = information.start + (6 if data[information.start] == 0 else 8)
    ids = [_item(data, box) for box in boxes(data, first, information.end)]
    wanted = {number for number, kind in ids if kind == b"Exif"}
    own = inside.get(b"idat", Box(b"idat", 0, 0))
    for number, method, place, extents in _locations(data, inside[b"iloc"].start):
        if number in wanted:
            base = own.start if method == 1 else 0
            yield place, [(base + offset, length) for offset, length in extents]


def _item(data: bytes, box: Box) -> tuple[int, bytes]:
    """Return an item's number and type."""
    wide = data[box.start] == 3
    number, _, kind = struct.unpack_from(">IH4s" if wide else ">HH4s", data, box.start + 4)
    return number, kind


def _locations(data: bytes, at: int) -> Iterator[tuple[int, int, int, list[tuple[int, int]]]]:
    """Yield each item's number, the method of its offsets (1: in the idat box), where these stand, and its pieces (offset,
    length).
    """
    version, (sizes, more) = data[at], data[at + 4 : at + 6]
    widths = {"offset": sizes >> 4, "length": sizes & 15, "base": more >> 4, "index": more & 15 if version else 0}
    at += 6

    def number(width: int) -> int:
        nonlocal at
        if at + width > len(data):
            raise struct.error("ends too early")
        at += width
        return int.from_bytes(data[at - width : at], "big")

    wide = 4 if version == 2 else 2
    for _ in range(number(wide)):
        item = number(wide)
        method = number(2) & 15 if version else 0
        number(2)
        place = at
        base = number(widths["base"])
        extents = []
        for _ in range(number(2)):
            number(widths["index"])
            offset = number(widths["offset"])
            extents.append((base + offset, number(widths["length"])))
        if len(extents) > MAX_EXTENTS:
            raise ImageTooLarge(f"expected at most {MAX_EXTENTS} pieces of an item, got more")
        yield item, method, place, extents
