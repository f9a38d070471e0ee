"""The table of formats. A format is told by its first bytes, never by a file's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from pixelmill.errors import UnsupportedFormat

Kept = Literal["icc", "exif", "xmp"]
KEPT: tuple[Kept, ...] = get_args(Kept)
WritableName = Literal["jpeg", "png", "webp", "avif", "gif", "tiff", "heic", "jxl"]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: its name here.
        media_type: its name in HTTP.
        extensions: of file names, the usual one first.
        magic: matches the first bytes of a file.
        loader: libvips' operation that reads it from memory; empty where `module` reads it.
        module: the module of this package that reads it, and writes it where it is written.
        extra: the package's extra that brings the plugin that it needs.
        quality: the default quality, 1 to 100; None where a quality means nothing.
        opt_in: whether it is read only where the limits allow it.
        max_side: the longest side of a picture that can be written, px; 0 where the format is only read.
        options: fields of `Output` that mean something to it, of those that do not mean something to all.
        keeps: the metadata that it can hold.
        animated: whether it holds the frames of an animation; more than one picture in another format is something else.
    """

    name: str
    media_type: str
    extensions: tuple[str, ...]
    magic: re.Pattern[bytes]
    loader: str = ""
    quality: int | None = None
    max_side: int = 0
    options: tuple[str, ...] = ()
    keeps: tuple[Kept, ...] = ()
    animated: bool = False
    opt_in: bool = False
    module: str = ""
    extra: str = ""

    @property
    def writable(self) -> bool:
        """Whether pictures can be written in it."""
        return self.max_side > 0


def _magic(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


_SVG = rb"(?:\xef\xbb\xbf)?\s*<(?:svg[\s>]|\?xml\s|!DOCTYPE\s+svg|!--)"
FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format(
            name="jpeg",
            media_type="image/jpeg",
            extensions=(".jpg", ".jpeg", ".jfif"),
            magic=_magic(rb"\xff\xd8\xff"),
            loader="jpegload_source",
            quality=85,
            max_side=65_500,
            options=("quality", "progressive", "subsampling", "keep"),
            keeps=KEPT,
        ),
        Format(
            name="png",
            media_type="image/png",
            extensions=(".png",),
            magic=_magic(rb"\x89PNG\r\n\x1a\n"),
            loader="pngload_source",
            max_side=2**31 - 1,
            options=("colors", "keep"),
            keeps=KEPT,
        ),
        Format(
            name="webp",
            media_type="image/webp",
            extensions=(".webp",),
            magic=_magic(rb"RIFF....WEBP"),
            loader="webpload_source",
            quality=80,
            max_side=16_383,
            options=("quality", "lossless", "keep"),
            keeps=KEPT,
            animated=True,
        ),
        Format(
            name="avif",
            media_type="image/avif",
            extensions=(".avif",),
            magic=_magic(rb"....ftyp(avif|avis|mif1.*?avif)"),
            loader="heifload_source",
            quality=60,
            max_side=16_384,
            options=("quality", "lossless", "subsampling", "keep"),
            keeps=KEPT,
            animated=True,
        ),
        Format(
            name="gif",
            media_type="image/gif",
            extensions=(".gif",),
            magic=_magic(rb"GIF8[79]a"),
            loader="gifload_source",
            max_side=65_535,
            options=("colors",),
            animated=True,
        ),
        Format(
            name="tiff",
            media_type="image/tiff",
            extensions=(".tif", ".tiff"),
            magic=_magic(rb"II[*+]\0|MM\0[*+]"),
            loader="tiffload_source",
            max_side=2**31 - 1,
            options=("keep",),
            keeps=KEPT,
        ),
        Format(
            name="heic",
            media_type="image/heic",
            extensions=(".heic", ".heif"),
            magic=_magic(rb"....ftyp(heic|heix|heim|heis|mif1)"),
            quality=60,
            max_side=16_384,
            options=("quality", "subsampling", "keep"),
            keeps=KEPT,
            module="heic",
            extra="heic",
        ),
        Format(
            name="jxl",
            media_type="image/jxl",
            extensions=(".jxl",),
            magic=_magic(rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"),
            quality=85,
            max_side=2**30,
            options=("quality", "lossless", "keep"),
            keeps=("exif", "xmp"),
            module="jxl",
            extra="jxl",
        ),
        Format(
            name="bmp",
            media_type="image/bmp",
            extensions=(".bmp", ".dib"),
            magic=_magic(rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0"),
            module="bitmaps",
        ),
        Format(
            name="ico",
            media_type="image/vnd.microsoft.icon",
            extensions=(".ico",),
            magic=_magic(rb"\0\0\x01\0[\x01-\xff]\0"),
            module="bitmaps",
        ),
        Format(
            name="pnm",
            media_type="image/x-portable-anymap",
            extensions=(".pnm", ".pbm", ".pgm", ".ppm", ".pam"),
            magic=_magic(rb"P[1-6][\s#]|P7\n"),
            module="pnm",
        ),
        Format(
            name="svg",
            media_type="image/svg+xml",
            extensions=(".svg",),
            magic=_magic(_SVG),
            loader="svgload_source",
            opt_in=True,
        ),
    )
}
WRITABLE = tuple(name for name, entry in FORMATS.items() if entry.writable)
READABLE = tuple(name for name, entry in FORMATS.items() if not entry.opt_in)
SPECIAL_OPTIONS = frozenset(option for entry in FORMATS.values() for option in entry.options)
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
        f"expected a picture ({', '.join(READABLE)}), got {len(data)} bytes that start with {start[:8]!r}"
    )
