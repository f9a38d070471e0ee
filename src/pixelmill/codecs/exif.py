"""EXIF: what a block would cost to read, and what has to change in one that goes with another picture.

libexif, which libvips reads EXIF with, follows every pointer from directory to directory as often as it is met: 60 kB of
entries that all point to their own directory take it half a minute.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pixelmill.errors import CorruptImage
from pixelmill.geometry import Size

EXIF_DIRECTORY, GPS_DIRECTORY, INTEROPERABILITY = POINTERS = (0x8769, 0x8825, 0xA005)
"""The tags of the entries that lead to another directory: EXIF's own, GPS and interoperability."""
MAX_ENTRIES = 10_000
"""Entries in all directories, each as often as it is reached. Cameras write up to a few hundred."""

ORIENTATION, WIDTH, HEIGHT = 0x0112, 0xA002, 0xA003
THUMBNAILS = ((0x0201, 0x0202), (0x0111, 0x0117))
"""Tags of where a thumbnail begins and how long it is: of a JPEG, and of pixels."""
SHORT, LONG = 3, 4
"""TIFF's numbers for integers of 16 and 32 bits."""


def check_exif(block: bytes) -> None:
    """Raise `CorruptImage` where the directories of an EXIF block lead to each other without end.

    Source: EXIF 2.32, 4.6; TIFF 6.0, section 2.
    """
    left = MAX_ENTRIES
    for order, mark in (("<", b"II*\0"), (">", b"MM\0*")):
        # libexif looks for the block's start behind what may stand before it, so every place that may be one counts.
        start = block.find(mark)
        while start >= 0:
            left -= 1 + _entries(block, start, order, left)
            start = block.find(mark, start + 1)


def _entries(block: bytes, start: int, order: str, most: int) -> int:
    """Return how many entries are reached from the header at `start`."""
    count = 0
    waiting = [(4, False)]  # where an offset stands, and whether it is that of the second directory
    while waiting:
        place, is_second = waiting.pop()
        if start + place + 4 > len(block):
            continue
        at = start + struct.unpack_from(f"{order}I", block, start + place)[0]
        if at + 2 > len(block):
            continue
        stored = struct.unpack_from(f"{order}H", block, at)[0]
        stored = min(stored, (len(block) - at - 2) // 12)
        count += 1 + stored
        if count > most:
            raise CorruptImage(f"expected at most {MAX_ENTRIES} entries in the EXIF data, got directories that lead to more")
        for number in range(stored):
            entry = at + 2 + 12 * number
            if struct.unpack_from(f"{order}H", block, entry)[0] in POINTERS:
                waiting.append((entry + 8 - start, True))
        if not is_second:
            waiting.append((at + 2 + 12 * stored - start, True))
    return count


def fitted(exif: bytes, size: Size) -> bytes:
    """Return EXIF for an upright picture of `size`, without the thumbnail: that shows the picture as it was, with all that
    has been cropped or covered since. Nothing moves, as a maker's notes may point anywhere. What cannot be read as EXIF
    stays as it is.

    Source: EXIF 2.32, 4.6.4, 4.6.5 and 4.8; TIFF 6.0, section 2.
    """
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return exif
    made = bytearray(exif)
    first = struct.unpack_from(order + "I", made, 4)[0]
    for tag, at in _listed(made, first, order):
        if tag == ORIENTATION:
            struct.pack_into(order + "HIHH", made, at - 6, SHORT, 1, 1, 0)
        elif tag == EXIF_DIRECTORY:
            for inner, place in _listed(made, struct.unpack_from(order + "I", made, at)[0], order):
                if inner in (WIDTH, HEIGHT):
                    struct.pack_into(order + "HII", made, place - 6, LONG, 1, size[inner - WIDTH])
    following = first + 2 + 12 * len(list(_listed(made, first, order)))
    if first + 2 <= following <= len(made) - 4:
        _cut_thumbnail(made, struct.unpack_from(order + "I", made, following)[0], order)
        struct.pack_into(order + "I", made, following, 0)
    return bytes(made)


def _listed(block: bytearray, directory: int, order: str) -> Iterator[tuple[int, int]]:
    """Yield each entry of a directory: its tag, and where its value stands."""
    if directory + 2 <= len(block):
        count = struct.unpack_from(order + "H", block, directory)[0]
        for entry in range(directory + 2, min(directory + 2 + 12 * count, len(block) - 11), 12):
            yield struct.unpack_from(order + "H", block, entry)[0], entry + 8


def _cut_thumbnail(block: bytearray, directory: int, order: str) -> None:
    """Blank the thumbnail that a block's second directory describes."""
    if not directory:
        return
    values = {tag: struct.unpack_from(order + "I", block, at)[0] for tag, at in _listed(block, directory, order)}
    for start, length in THUMBNAILS:
        at, end = values.get(start, 0), values.get(start, 0) + values.get(length, 0)
        if 8 <= at < end <= len(block):
            block[at:end] = bytes(end - at)
