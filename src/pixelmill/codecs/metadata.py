"""Metadata of files: read where it is to be kept, and put into the formats that we write ourselves.

Sources: EXIF 2.32 (JEITA CP-3451); XMP Specification Part 3, Storage in Files, Adobe, 2020; ICC.1:2022, annex B; Portable
Network Graphics (PNG) Specification, third edition, W3C, 2025.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Container, Iterator

from pixelmill.codecs.foreign import codec
from pixelmill.codecs.formats import Format
from pixelmill.codecs.sequence import is_sequence, open_sequence
from pixelmill.codecs.vips import load
from pixelmill.errors import UnsupportedFormat
from pixelmill.limits import DEFAULT_LIMITS
from pixelmill.picture import NO_METADATA, Metadata

EXIF_NAME = b"Exif\0\0"
XMP_NAME = b"http://ns.adobe.com/xap/1.0/\0"
ICC_NAME = b"ICC_PROFILE\0"
ORIENTATION = 0x0112
MAX_SEGMENT = 65_533
"""What a JPEG's marker segment holds beside its length, in bytes."""
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>)\s*)[2-8]""")


def read_metadata(data: bytes, entry: Format, keep: Container[str]) -> Metadata:
    """Return what of a file's metadata is to be kept: "icc", "exif" or "xmp". Pictures are made upright, so it says so too.

    A profile is kept only where it is one for RGB: pixels of any other kind are converted to sRGB.
    """
    if not any(name in keep for name in ("icc", "exif", "xmp")):
        return NO_METADATA
    if is_sequence(data):
        with open_sequence(data) as file:
            found = {"icc": file.info.get("icc_profile"), "exif": file.info.get("exif"), "xmp": file.info.get("xmp")}
    elif not entry.loader:
        stored = codec(entry).read(data, codec(entry).header(data, entry, DEFAULT_LIMITS))
        found = {"icc": stored.profile, "exif": stored.exif, "xmp": stored.xmp}
    else:
        vips = load(data, entry)
        fields = set(vips.get_fields())
        names = {"icc": "icc-profile-data", "exif": "exif-data", "xmp": "xmp-data"}
        found = {name: vips.get(field) if field in fields else None for name, field in names.items()}
    icc, exif, xmp = (found[name] if name in keep else None for name in ("icc", "exif", "xmp"))
    return Metadata(
        icc if icc and is_rgb(icc) else None,
        upright_exif(exif.removeprefix(EXIF_NAME)) if exif else None,
        _XMP_ORIENTATION.sub(rb"\g<1>1", xmp) if xmp else None,
    )


def is_rgb(profile: bytes) -> bool:
    """Tell whether a profile is for RGB pixels."""
    return profile[16:20] == b"RGB "


def upright_exif(exif: bytes) -> bytes:
    """Return EXIF with its orientation set to 1; what cannot be read as EXIF stays as it is."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return exif
    (start,) = struct.unpack_from(order + "I", exif, 4)
    if start + 2 > len(exif):
        return exif
    (count,) = struct.unpack_from(order + "H", exif, start)
    for entry in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
        if struct.unpack_from(order + "H", exif, entry)[0] == ORIENTATION:
            return exif[: entry + 8] + struct.pack(order + "HH", 1, 0) + exif[entry + 12 :]
    return exif


def into_jpeg(jpeg: bytes, metadata: Metadata) -> bytes:
    """Return a JPEG with metadata added.

    Raises:
        UnsupportedFormat: EXIF or XMP is larger than a JPEG can hold.
    """
    if not metadata:
        return jpeg
    start = 4 + int.from_bytes(jpeg[4:6], "big") if jpeg[2:4] == b"\xff\xe0" else 2  # after JFIF, which comes first
    return jpeg[:start] + b"".join(_segments(metadata)) + jpeg[start:]


def _segments(metadata: Metadata) -> Iterator[bytes]:
    for kind, name, content in (("EXIF", EXIF_NAME, metadata.exif), ("XMP", XMP_NAME, metadata.xmp)):
        if content:
            if len(name) + len(content) > MAX_SEGMENT:
                most = MAX_SEGMENT - len(name)
                raise UnsupportedFormat(f"expected at most {most} bytes of {kind} to keep in a jpeg, got {len(content)}")
            yield _segment(0xE1, name + content)
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
