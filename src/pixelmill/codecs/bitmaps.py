"""BMP and ICO, through Pillow.

Sources: Windows Bitmap Storage, Microsoft; Icons, MSDN, Microsoft, 1995.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from pixelmill.codecs.foreign import Stored, pixels_of, plugin_errors
from pixelmill.codecs.formats import Format
from pixelmill.codecs.header import Header
from pixelmill.codecs.structure import check_structure
from pixelmill.errors import CorruptImage, ImageTooLarge
from pixelmill.geometry import Size

if TYPE_CHECKING:
    from pixelmill.limits import Limits

PNG = b"\x89PNG\r\n\x1a\n"
FILE_HEADER, DIRECTORY_HEADER, ENTRY = 14, 6, 16
RUN_LENGTHS = (1, 2)
MAX_RUN_BYTES = 1024 * 1024
MAX_RUN_PIXELS = 4_194_304
CORE_HEADER = 12
"""Length of the header of OS/2 1.x, which has sides of 16 bits."""


def header(data: bytes, entry: Format, limits: Limits) -> Header:
    """Read the header of a BMP, or of the largest picture of an ICO."""
    try:
        if entry.name == "bmp":
            size = _size(data, FILE_HEADER)
            _check_runs(data, size)
            return Header(entry, size)
        _, picture = _largest(data)
        if picture.startswith(PNG):
            check_structure(picture, "png", limits)
            size = Size(*struct.unpack_from(">II", picture, 16))
        else:
            size = _size(picture, 0)
            size = Size(size.width, size.height // 2)  # the mask lies below
        return Header(entry, size, bands=4, has_alpha=True)
    except struct.error:
        raise CorruptImage(f"expected a whole picture while reading the header of a {entry.name}, got its start") from None


def read(data: bytes, header: Header) -> Stored:
    """Return the pixels of a BMP, or of the largest picture of an ICO."""
    from PIL import BmpImagePlugin, IcoImagePlugin

    with plugin_errors(header.format.name):
        if header.format.name == "bmp":
            stored = pixels_of(BmpImagePlugin.BmpImageFile(io.BytesIO(data)))
        else:
            row, picture = _largest(data)
            # Alone in its file, so that Pillow can choose no other.
            alone = struct.pack("<3H", 0, 1, 1) + row + struct.pack("<I", DIRECTORY_HEADER + ENTRY) + picture
            stored = pixels_of(IcoImagePlugin.IcoFile(io.BytesIO(alone)).frame(0))
    return Stored(stored)


def write(image: object, output: object, metadata: object) -> bytes:
    raise NotImplementedError


def _size(data: bytes, at: int) -> Size:
    """Return the size that the header of a bitmap gives; a negative height means rows from the top down."""
    core = struct.unpack_from("<I", data, at)[0] == CORE_HEADER
    width, height = struct.unpack_from("<HH" if core else "<ii", data, at + 4)
    if width <= 0 or height == 0:
        raise CorruptImage(f"expected a width and a height for a bitmap, got {width}×{height}")
    return Size(width, abs(height))


def _check_runs(data: bytes, size: Size) -> None:
    """Raise `ImageTooLarge` for much that is run-length encoded: Pillow reads it at a microsecond a run."""
    core = struct.unpack_from("<I", data, FILE_HEADER)[0] == CORE_HEADER
    compression = 0 if core else struct.unpack_from("<I", data, FILE_HEADER + 16)[0]
    if compression in RUN_LENGTHS and (len(data) > MAX_RUN_BYTES or size.width * size.height > MAX_RUN_PIXELS):
        most = f"expected at most {MAX_RUN_BYTES} bytes and {MAX_RUN_PIXELS} pixels for a bmp of runs"
        raise ImageTooLarge(f"{most}, got {len(data)} and {size.width}×{size.height}")


def _largest(data: bytes) -> tuple[bytes, bytes]:
    """Return the directory's row of the largest picture of an ICO, without where it starts, and its bytes.

    Of equally large ones, it is the one with the most colors.
    """
    count = struct.unpack_from("<H", data, 4)[0]
    rows = [struct.unpack_from("<4B2H2I", data, DIRECTORY_HEADER + ENTRY * number) for number in range(count)]
    if not rows:
        raise CorruptImage("expected a picture in an ico, got none")
    row = max(rows, key=lambda row: ((row[0] or 256) * (row[1] or 256), row[5]))
    *_, length, start = row
    if start + length > len(data) or length < ENTRY:
        raise CorruptImage(f"expected a whole ico, got {len(data)} bytes of {start + length}")
    return struct.pack("<4B2HI", *row[:-1]), data[start : start + length]
