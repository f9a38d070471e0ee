"""The table of formats. A format is told by its first bytes, never by a file's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pixelmill.errors import UnsupportedFormat

WritableName = Literal["jpeg", "png", "webp", "avif"]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: its name here.
        media_type: its name in HTTP.
        extensions: of file names, the usual one first.
        magic: matches the first bytes of a file.
        loader: libvips' operation that reads it from memory.
        quality: the default quality, 1 to 100; None where a quality means nothing.
        max_side: the longest side of a picture that can be written, px; 0 where the format is only read.
    """

    name: str
    media_type: str
    extensions: tuple[str, ...]
    magic: re.Pattern[bytes]
    loader: str
    quality: int | None = None
    max_side: int = 0

    @property
    def writable(self) -> bool:
        """Whether pictures can be written in it."""
        return self.max_side > 0


def _magic(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format("jpeg", "image/jpeg", (".jpg", ".jpeg", ".jfif"), _magic(rb"\xff\xd8\xff"), "jpegload_source", 85, 65_500),
        Format("png", "image/png", (".png",), _magic(rb"\x89PNG\r\n\x1a\n"), "pngload_source", None, 2**31 - 1),
        Format("webp", "image/webp", (".webp",), _magic(rb"RIFF....WEBP"), "webpload_source", 80, 16_383),
        Format("avif", "image/avif", (".avif",), _magic(rb"....ftyp(avif|avis|mif1.*?avif)"), "heifload_source", 60, 16_384),
        Format("gif", "image/gif", (".gif",), _magic(rb"GIF8[79]a"), "gifload_source"),
        Format("tiff", "image/tiff", (".tif", ".tiff"), _magic(rb"II[*+]\0|MM\0[*+]"), "tiffload_source"),
    )
}
WRITABLE = tuple(name for name, entry in FORMATS.items() if entry.writable)
MAGIC_BYTES = 64


def format_of(data: bytes) -> Format:
    """Return the format of an encoded picture.

    Raises:
        UnsupportedFormat: the bytes are none of the formats in the table.
    """
    start = bytes(data[:MAGIC_BYTES])
    for entry in FORMATS.values():
        if entry.magic.match(start):
            return entry
    raise UnsupportedFormat(
        f"expected a picture ({', '.join(FORMATS)}), got {len(data)} bytes that start with {start[:8]!r}"
    )
