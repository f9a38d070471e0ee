"""Metadata to test with."""

from __future__ import annotations

import struct

import PIL.Image as Pillow
from PIL import ExifTags, ImageCms

SIDEWAYS = 6
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="6" dc:creator="A. Uthor"/></x:xmpmeta>'
EXIF, GPS, IFD1 = ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.IFD1
THUMBNAIL = b"\xff\xd8 what nobody shall see any more \xff\xd9"


def exif_of_a_camera(order: str) -> bytes:
    """Return EXIF with a position, a maker's notes, a size and a thumbnail, in one byte order."""
    exif = Pillow.Exif()
    exif.endian = order
    exif[0x010F] = "Canon"
    exif[0x0112] = SIDEWAYS
    inner = exif.get_ifd(0x8769)
    inner[0xA002], inner[0xA003], inner[0x927C] = 60, 40, b"NOTES\1\2\3"
    exif.get_ifd(0x8825)[1] = "N"
    made = bytearray(exif.tobytes().removeprefix(b"Exif\0\0"))
    (count,) = struct.unpack_from(order + "H", made, 8)
    struct.pack_into(order + "I", made, 10 + 12 * count, len(made))
    at = len(made) + 2 + 2 * 12 + 4
    made += struct.pack(order + "HHHIIHHIII", 2, 0x0201, 4, 1, at, 0x0202, 4, 1, len(THUMBNAIL), 0)
    return bytes(made) + THUMBNAIL


def wide_profile() -> bytes:
    """Return a profile that is far from sRGB: red and green are exchanged."""
    profile = bytearray(SRGB)
    at = {bytes(profile[i : i + 4]): i for i in range(132, 132 + 12 * profile[131], 12)}
    red, green = at[b"rXYZ"], at[b"gXYZ"]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        profile[green + 4 : green + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile)
