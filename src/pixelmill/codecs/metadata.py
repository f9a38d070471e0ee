"""Metadata of files: read where it is to be kept, and put into the formats that we write ourselves.

Sources: EXIF 2.32 (JEITA CP-3451); XMP Specification Part 3, Storage in Files, Adobe, 2020; ICC.1:2022, annex B; Portable
Network Graphics (PNG) Specification, third edition, W3C, 2025.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Container, Iterator

from pixelmill.codecs.boxes import exif_blocks, exif_in
from pixelmill.codecs.formats import KEPT
from pixelmill.codecs.header import Header
from pixelmill.codecs.sequence import is_sequence, open_sequence
from pixelmill.codecs.tiff import exif_of
from pixelmill.codecs.vips import load
from pixelmill.codecs.xmp import MAX_SEGMENT, segments, xmp_of
from pixelmill.errors import UnsupportedFormat
from pixelmill.geometry import Size
from pixelmill.picture import NO_METADATA, Metadata

EXIF_NAME = b"Exif\0\0"
TIFF_HEADER = 8
"""Bytes of what an EXIF block begins with."""
ICC_NAME = b"ICC_PROFILE\0"
RGB = ("srgb", "rgb", "rgb16", "multiband")
"""libvips' names for the color spaces that an RGB profile describes."""
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>)\s*)[2-8]""")


def read_metadata(data: bytes, header: Header, keep: Container[str]) -> Metadata:
    """Return what is to be kept of the metadata of a file that libvips or Pillow reads; no pixels are decoded for it."""
    if not any(name in keep for name in KEPT):
        return NO_METADATA
    if is_sequence(data):
        with open_sequence(data) as file:
            # Not Pillow's EXIF: where its orientation is not the file's, that is sorted anew.
            exif = next(map(exif_in, exif_blocks(data)), None)
            return kept_metadata(header, keep, exif, file.info.get("xmp"))
    vips = load(data, header.format)
    fields = set(vips.get_fields())
    exif, xmp = (vips.get(field) if field in fields else None for field in ("exif-data", "xmp-data"))
    if header.format.name == "tiff" and "exif" in keep:
        exif = exif_of(data)
    if header.format.name == "jpeg" and "xmp" in keep:
        xmp = xmp_of(data)
    return kept_metadata(header, keep, exif, xmp)


def kept_metadata(header: Header, keep: Container[str], exif: bytes | None, xmp: bytes | None) -> Metadata:
    """Return what of a file's metadata is to be kept: "icc", "exif" or "xmp". As pictures are made upright, XMP says so too.

    A profile is kept only where it is one for RGB: pixels of any other kind are converted to sRGB.
    """
    return Metadata(
        header.profile if keeps_profile(header, keep) else None,
        _exif(exif) if exif and "exif" in keep else None,
        _XMP_ORIENTATION.sub(rb"\g<1>1", xmp) if xmp and "xmp" in keep else None,
    )


def _exif(block: bytes) -> bytes | None:
    """Return a block from its TIFF header on; None where it has none: readers of other formats take that for damage."""
    while block.startswith(EXIF_NAME):  # some writers repeat it
        block = block.removeprefix(EXIF_NAME)
    return block if len(block) >= TIFF_HEADER and block.startswith((b"II*\0", b"MM\0*")) else None


def keeps_profile(header: Header, keep: Container[str]) -> bool:
    """Tell whether pixels stay in the color space of their profile: where that is to be kept, and is one for RGB."""
    return "icc" in keep and header.profile is not None and header.profile[16:20] == b"RGB " and header.space in RGB


def may_keep_profile(header: Header) -> bool:
    """Tell whether a picture may have a profile to keep: only decoding tells that of a JPEG XL."""
    return header.format.name == "jxl" or keeps_profile(header, ("icc",))


def for_pillow(metadata: Metadata) -> dict[str, bytes]:
    """Return metadata as Pillow's writers take it."""
    found = {"icc_profile": metadata.icc, "exif": metadata.exif, "xmp": metadata.xmp}
    return {name: value for name, value in found.items() if value}


def into_jpeg(jpeg: bytes, metadata: Metadata) -> bytes:
    """Return a JPEG with metadata added.

    Raises:
        UnsupportedFormat: EXIF is larger than a JPEG can hold, or XMP cannot be divided into what it can.
    """
    if not metadata:
        return jpeg
    start = 4 + int.from_bytes(jpeg[4:6], "big") if jpeg[2:4] == b"\xff\xe0" else 2  # after JFIF, which comes first
    return jpeg[:start] + b"".join(_segments(metadata)) + jpeg[start:]


def _segments(metadata: Metadata) -> Iterator[bytes]:
    if metadata.exif:
        if len(EXIF_NAME) + len(metadata.exif) > MAX_SEGMENT:
            most = MAX_SEGMENT - len(EXIF_NAME)
            raise UnsupportedFormat(f"expected at most {most} bytes of EXIF to keep in a jpeg, got {len(metadata.exif)}")
        yield _segment(0xE1, EXIF_NAME + metadata.exif)
    for content in segments(metadata.xmp) if metadata.xmp else ():
        yield _segment(0xE1, content)
    if metadata.icc:
        room = MAX_SEGMENT - len(ICC_NAME) - 2
        parts = [metadata.icc[at : at + room] for at in range(0, len(metadata.icc), room)]
        if len(parts) > 255:
            raise UnsupportedFormat(f"expected at most {255 * room} bytes of ICC profile in a jpeg, got {len(metadata.icc)}")
        for number, part in enumerate(parts, 1):
            yield _segment(0xE2, ICC_NAME + bytes((number, len(parts))) + part)


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def png_chunks(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return metadata as chunks of a PNG, kind and content, to stand between IHDR and IDAT."""
    chunks = []
    if metadata.icc:
        chunks.append((b"iCCP", b"icc\0\0" + zlib.compress(metadata.icc)))
    if metadata.exif:
        chunks.append((b"eXIf", metadata.exif))
    if metadata.xmp:
        chunks.append((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp))
    return chunks


def into_webp(webp: bytes, metadata: Metadata, size: Size) -> bytes:
    """Return a still WebP of `size` that has no metadata with metadata added.

    Source: RFC 9649, WebP Image Format, 2.7.
    """
    if not metadata:
        return webp
    extended = webp[12:16] == b"VP8X"
    # Without that chunk, only a lossless picture can have alpha: a bit after its size says so.
    alpha = webp[20] & 0x10 if extended else 0x10 * (webp[12:16] == b"VP8L" and webp[24] >> 4 & 1)
    flags = alpha | 0x20 * bool(metadata.icc) | 0x08 * bool(metadata.exif) | 0x04 * bool(metadata.xmp)
    sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
    others = [_riff(b"EXIF", metadata.exif), _riff(b"XMP ", metadata.xmp)]
    header = _riff(b"VP8X", bytes((flags, 0, 0, 0)) + sides)
    content = b"".join((b"WEBP", header, _riff(b"ICCP", metadata.icc), webp[30 if extended else 12 :], *others))
    return _riff(b"RIFF", content)


def _riff(kind: bytes, content: bytes | None) -> bytes:
    """Return a chunk, padded to an even length; nothing where it has no content."""
    return struct.pack("<4sI", kind, len(content)) + content + bytes(len(content) % 2) if content else b""
