"""What stands in the directories of a TIFF. EXIF does, in and out, as TIFF has no block of it.

Source: TIFF 6.0, section 2; BigTIFF; EXIF 2.32, 4.6.
"""

from __future__ import annotations

import struct
from typing import Literal, NamedTuple, TypeAlias, Union

from pixelmill.codecs.exif import EXIF_DIRECTORY, GPS_DIRECTORY, INTEROPERABILITY, LONG, ORIENTATION
from pixelmill.errors import ImageTooLarge

TILE_WIDTH = 0x0142
SAYING = frozenset(
    (
        0x010E,
        0x010F,
        0x0110,
        0x0131,
        0x0132,
        0x013B,
        0x013C,
        0x4746,
        0x4749,
        0x8298,
        *range(0x9C9B, 0x9CA0),
        0xC4A5,
        EXIF_DIRECTORY,
        GPS_DIRECTORY,
    )
)
"""Tags of the first directory that say something of the picture: its title, camera, software, date, artist, computer, rating
and rights, Windows' own of these, what prints it, and where more of that stands."""
STORING = frozenset((ORIENTATION, 0x011A, 0x011B, 0x0128))
"""Those that EXIF has, too, and every TIFF may have: orientation and resolution. All others say how pixels are stored."""
_LEADING = {EXIF_DIRECTORY: frozenset((INTEROPERABILITY,))}
"""Tags that lead from a directory, other than the first, to another."""
MAX_BYTES = 4 * 1024 * 1024
"""Of all values together: entries may share the same bytes of a file, but get bytes of their own."""
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_NUMBERS = {3: 2, 4: 4, 5: 4, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8}
"""How many bytes a type's values have, and of those that depend on the byte order, each number in them."""


class _Value(NamedTuple):
    """A value: its type, and its bytes, in little-endian order."""

    type: int
    content: bytes


Directory: TypeAlias = dict[int, Union[_Value, "Directory"]]
"""Values by their tags; those of `EXIF_DIRECTORY`, `GPS_DIRECTORY` and `INTEROPERABILITY` are directories themselves."""


def exif_of(tiff: bytes) -> bytes | None:
    """Return what a TIFF says of its picture as an EXIF block; None where that is nothing.

    A maker's notes come along as they are; those that point to places in the file are of no use then.

    Raises:
        ImageTooLarge: it is more than any picture needs.
    """
    found = _Reader(tiff, SAYING | STORING).first()
    return struct.pack("<2sHI", b"II", 42, 8) + _written(found, 8) if SAYING & found.keys() else None


def is_tiled(tiff: bytes) -> bool:
    """Tell whether a TIFF's first picture is stored in tiles, rather than in strips."""
    return TILE_WIDTH in _Reader(tiff, frozenset((TILE_WIDTH,))).first()


def into_tiff(tiff: bytes, exif: bytes | None) -> bytes:
    """Return a little-endian classic TIFF of one directory with an EXIF block's tags added: a new directory at its end.

    Raises:
        ImageTooLarge: they are more than any picture needs.
    """
    if not exif:
        return tiff
    tiff += bytes(len(tiff) % 2)
    directory = _written(_Reader(tiff, None).first() | _Reader(exif, SAYING | STORING).first(), len(tiff))
    return b"".join((tiff[:4], struct.pack("<I", len(tiff)), tiff[8:], directory))


class _Reader:
    """Reads directories; what does not lie in the file, or has a type of its own, is passed over.

    Args:
        tags: of the first directory, those to read; None is all of them, and no further directories.
    """

    def __init__(self, data: bytes, tags: frozenset[int] | None) -> None:
        self.data = data
        self.tags = tags
        self.order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
        self.big = data[2:4] in (b"+\0", b"\0+")
        self.left = MAX_BYTES

    def first(self) -> Directory:
        """Return the first directory, with those that it leads to."""
        leading = frozenset() if self.tags is None else frozenset((EXIF_DIRECTORY, GPS_DIRECTORY))
        return self._directory(self._number(8 if self.big else 4, 8 if self.big else 4), self.tags, leading)

    def _number(self, at: int, size: int) -> int:
        """Return the number at a place, 0 where that lies outside."""
        return int.from_bytes(self.data[at : at + size], self.order) if at + size <= len(self.data) else 0

    def _directory(self, at: int, tags: frozenset[int] | None, leading: frozenset[int]) -> Directory:
        made: Directory = {}
        counting, entry, inline = (8, 20, 8) if self.big else (2, 12, 4)
        count = self._number(at, counting) if at >= 8 else 0
        first = at + counting
        for place in range(first, min(first + entry * count, len(self.data) - entry + 1), entry):
            self._charge(entry)
            tag, type = self._number(place, 2), self._number(place + 2, 2)
            start = place + entry - inline
            if tags is not None and tag not in tags:
                continue
            if tag in leading:
                inner = self._directory(self._number(start, inline), None, _LEADING.get(tag, frozenset()))
                if inner:
                    made[tag] = inner
                continue
            length = _SIZES.get(type, 0) * self._number(place + 4, inline)
            if length > inline:
                start = self._number(start, inline)
            if 0 < length <= len(self.data) - start:
                self._charge(length)
                made[tag] = _Value(type, self._little(type, self.data[start : start + length]))
        return made

    def _charge(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise ImageTooLarge(f"expected at most {MAX_BYTES} bytes of EXIF data in a tiff, got more")

    def _little(self, type: int, content: bytes) -> bytes:
        size = _NUMBERS.get(type, 1)
        if self.order == "little" or size == 1:
            return content
        return b"".join(content[at : at + size][::-1] for at in range(0, len(content), size))


def _written(directory: Directory, at: int) -> bytes:
    """Return a directory as it stands at a place of a little-endian file, followed by what it points to."""
    entries, behind = [], b""
    start = at + 2 + 12 * len(directory) + 4
    for tag, value in sorted(directory.items()):
        place = start + len(behind)
        if isinstance(value, dict):
            entries.append(struct.pack("<HHII", tag, LONG, 1, place))
            content = _written(value, place)
        else:
            content = value.content
            short = len(content) <= 4
            field = content.ljust(4, b"\0") if short else struct.pack("<I", place)
            entries.append(struct.pack("<HHI4s", tag, value.type, len(content) // _SIZES[value.type], field))
            content = b"" if short else content
        behind += content + bytes(len(content) % 2)
    return b"".join((struct.pack("<H", len(entries)), *entries, bytes(4), behind))
