"""Ways to damage a file: an edit is a few numbers, so that hypothesis can draw and shrink it, and a session can roll it."""

from __future__ import annotations

import random
import struct
from typing import Any, NamedTuple

from PIL import Image as Pillow

from pixelmill import Limits, run
from pixelmill.pixels import Image
from tests.pictures import encoded, photo

KINDS = ("flip", "byte", "number", "cut", "drop", "repeat", "splice", "pad")
NUMBERS = (
    0,
    1,
    2,
    3,
    127,
    128,
    255,
    256,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    20_000,
    65_500,
)
LAYOUTS = ("<H", ">H", "<I", ">I", "<Q", ">Q")
LIMITS = Limits(max_pixels=1_000_000, max_frames=50, allow_svg=True)
SVG = (
    b'<?xml version="1.0"?><!-- a --><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    b'viewBox="0 0 40 30"><defs><linearGradient id="a"><stop offset="0" stop-color="red"/></linearGradient></defs>'
    b'<style>rect { fill: url(#a) }</style><g id="b"><rect width="9" height="9"/></g><use xlink:href="#b"/>'
    b'<path d="M0 0L9 9C1 2 3 4 5 6Z" opacity=".5"/><text x="1" y="9">hi</text></svg>'
)


def files() -> dict[str, bytes]:
    """Return small files of every format and of what formats may hold."""
    frames = [photo(20, 15, seed=number) for number in range(3)]
    first, *others = [image_of(frame) for frame in frames]
    several: dict[str, Any] = {"save_all": True, "append_images": others}
    exif = first.getexif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9286] = b"a comment"
    kept: dict[str, Any] = {"exif": exif.tobytes(), "icc_profile": profile()}
    return {
        "jpeg": encoded(photo(40, 30), "JPEG", **kept),
        "progressive jpeg": encoded(photo(40, 30), "JPEG", progressive=True),
        "cmyk jpeg": encoded(first.convert("CMYK"), "JPEG"),
        "png": encoded(photo(40, 30, 4), **kept),
        "palette png": encoded(first.quantize(16), transparency=3),
        "apng": encoded(first, "PNG", **several),
        "webp": encoded(photo(40, 30, 4), "WEBP", **kept),
        "lossless webp": encoded(photo(40, 30, 4), "WEBP", lossless=True),
        "animated webp": encoded(first, "WEBP", **several),
        "avif": encoded(photo(40, 30), "AVIF", **kept),
        "animated avif": encoded(first, "AVIF", **several),
        "gif": encoded(photo(40, 30), "GIF"),
        "animated gif": encoded(first, "GIF", **several),
        "tiff": encoded(photo(40, 30), "TIFF", compression="tiff_lzw", icc_profile=profile()),
        "deflate tiff": encoded(photo(40, 30, 4), "TIFF", compression="tiff_adobe_deflate", tile=(16, 16)),
        "jpeg tiff": encoded(photo(40, 30), "TIFF", compression="jpeg"),
        "fax tiff": encoded(first.convert("1"), "TIFF", compression="group4"),
        "several pages": encoded(first, "TIFF", **several),
        "svg": SVG,
        "bmp": encoded(photo(40, 30), "BMP"),
        "palette bmp": encoded(first.quantize(16), "BMP"),
        "png ico": encoded(first, "ICO", sizes=[(10, 10), (20, 15)]),
        "bmp ico": encoded(first, "ICO", sizes=[(12, 12)], bitmap_format="bmp"),
        "ppm": encoded(photo(20, 15), "PPM"),
        "plain pgm": b"P2\n# a\n3 2 300\n0 1 2 3 4 300\n",
        "pbm": encoded(first.convert("1"), "PPM"),
        "pam": b"P7\nWIDTH 2\nHEIGHT 2\nDEPTH 4\nMAXVAL 65535\nTUPLTYPE RGB_ALPHA\nENDHDR\n" + bytes(range(32)),
        "heic": run(encoded(photo(40, 30, 4), **kept), "heic:keep=exif+icc").data,
        "jxl": run(encoded(photo(40, 30), **kept), "jxl:keep=exif").data,
        "lossless jxl": run(encoded(photo(40, 30, 4)), "jxl:lossless=true").data,
    }


def image_of(pixels: Image) -> Pillow.Image:
    return Pillow.fromarray(pixels)


def profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


class Edit(NamedTuple):
    """One edit: what, where in the file (0 to 1), and two numbers that the kind makes something of."""

    kind: str
    place: float
    amount: int
    value: int


def rolled(rng: random.Random) -> Edit:
    """Return an edit; half of them are in the first bytes, where headers are."""
    place = rng.random() ** rng.choice((1, 4))
    return Edit(rng.choice(KINDS), place, rng.randrange(1 << rng.randrange(1, 17)), rng.randrange(1 << 32))


def edited(data: bytes, edits: list[Edit], others: list[bytes]) -> bytes:
    """Return `data` after the edits; splices come from `others`."""
    result = bytearray(data)
    for edit in edits:
        at = min(int(edit.place * len(result)), max(0, len(result) - 1))
        if edit.kind == "flip" and result:
            result[at] ^= 1 << edit.amount % 8
        elif edit.kind == "byte" and result:
            result[at] = edit.value % 256
        elif edit.kind == "number":
            layout = LAYOUTS[edit.amount % len(LAYOUTS)]
            number = NUMBERS[edit.value % len(NUMBERS)]
            packed = struct.pack(layout, number % (1 << 8 * struct.calcsize(layout)))
            result[at : at + len(packed)] = packed
        elif edit.kind == "cut":
            del result[at:]
        elif edit.kind == "drop":
            del result[at : at + edit.amount % 64]
        elif edit.kind == "repeat":
            result[at:at] = result[at : at + edit.amount % 256] * (1 + edit.value % 40)
        elif edit.kind == "splice":
            other = others[edit.value % len(others)]
            start = edit.amount % len(other)
            result[at : at + edit.amount % 200] = other[start : start + 1 + edit.value % 300]
        elif edit.kind == "pad":
            result[at:at] = bytes([edit.value % 256]) * (edit.amount % 300)
    return bytes(result)
