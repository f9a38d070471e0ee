"""What an EXIF block would cost to read.

libexif, which libvips reads EXIF with, follows every pointer from directory to directory as often as it is met: 60 kB of
entries that all point to their own directory take it half a minute.
"""

from __future__ import annotations

import struct

from pixelmill.errors import CorruptImage

POINTERS = (0x8769, 0x8825, 0xA005)
"""The tags of the entries that lead to another directory: EXIF's own, GPS and interoperability."""
MAX_ENTRIES = 10_000
"""Entries in all directories, each as often as it is reached. Cameras write up to a few hundred."""


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
