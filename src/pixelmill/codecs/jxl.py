"""JPEG XL, through pillow-jxl-plugin (libjxl).

The plugin has no way to read a header alone, so that is done here.

Source: ISO/IEC 18181-1:2024, annex D; ISO/IEC 18181-2:2024, 4 (the boxes).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pillow_jxl
from numpy.typing import NDArray
from PIL import Image as Pillow

from pixelmill.codecs.boxes import NO_OFFSET, boxes, exif_in
from pixelmill.codecs.foreign import Stored, plugin_errors
from pixelmill.codecs.formats import Format
from pixelmill.codecs.header import SIDEWAYS, Header
from pixelmill.errors import CorruptImage, UnsupportedFormat
from pixelmill.geometry import Size
from pixelmill.pixels import Image, channels

if TYPE_CHECKING:
    from pixelmill.codecs.output import Output
    from pixelmill.limits import Limits
    from pixelmill.picture import Metadata

CODESTREAM = b"\xff\x0a"
HEADER_BYTES = 64
RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
EFFORTS = {"speed": 3, "balanced": 5, "small": 7}
BANDS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


def header(data: bytes, entry: Format, limits: Limits) -> Header:
    """Read the header.

    Raises:
        UnsupportedFormat: an animation.
    """
    bits = _Bits(_codestream(data))
    size = bits.size()
    orientation = 1
    if not bits.take(1) and bits.take(1):  # not all as by default, and more than the depth
        orientation = 1 + bits.take(3)
        if bits.take(1):
            bits.size()  # how large it is meant to be shown
        if not bits.take(1) and bits.take(1):
            raise UnsupportedFormat("expected a still picture, got an animated jxl")
    return Header(entry, Size(size.height, size.width) if orientation in SIDEWAYS else size)


def read(data: bytes, header: Header) -> Stored:
    """Return the pixels; libjxl turns them upright."""
    with plugin_errors(header.format.name):
        is_jpeg, info, content, profile, extra = pillow_jxl.Decoder(num_threads=0)(data)
        exif = next((exif_in(box.data) for box in extra if box.box_type == b"Exif"), None)
        xmp = next((box.data for box in extra if box.box_type == b"xml "), None)
        if is_jpeg:
            return Stored(_from_jpeg(bytes(content)), None, exif, xmp)
        bands = BANDS.get(info.mode, 1)
        count = info.width * info.height * bands
        samples = np.frombuffer(content, {1: np.uint8, 2: np.uint16, 4: np.float32}[len(content) // count])
        pixels = _in_8_bits(samples).reshape(info.height, info.width, bands)
    if bands == 2:
        pixels = pixels[:, :, [0, 0, 0, 1]]
    return Stored(np.ascontiguousarray(pixels), profile or None, exif, xmp)


def write(image: Image, output: Output, metadata: Metadata) -> bytes:
    """Return a JPEG XL; the plugin writes no profile."""
    picture = Pillow.fromarray(image[:, :, 0] if channels(image) == 1 else np.ascontiguousarray(image))
    buffer = io.BytesIO()
    picture.save(
        buffer,
        "JXL",
        lossless=output.lossless,
        quality=output.effective_quality,
        effort=EFFORTS[output.effort],
        num_threads=0,
        exif=NO_OFFSET + metadata.exif if metadata.exif else None,
        xmp=metadata.xmp,
        use_container=bool(metadata.exif or metadata.xmp),
    )
    return buffer.getvalue()


def _from_jpeg(data: bytes) -> Image:
    """Return the pixels of the JPEG that a file was made of without loss."""
    from pixelmill.codecs.decode import decode
    from pixelmill.codecs.header import probe

    return decode(data, probe(data))


def _in_8_bits(samples: NDArray[Any]) -> Image:
    if samples.dtype == np.uint8:
        return samples
    scaled = samples * np.float32(255) if samples.dtype == np.float32 else samples.astype(np.float32) / np.float32(257)
    pixels: Image = np.clip(np.rint(np.nan_to_num(scaled)), 0, 255).astype(np.uint8)
    return pixels


def _codestream(data: bytes) -> bytes:
    """Return the start of the codestream, which may be in boxes."""
    if data.startswith(CODESTREAM):
        return data[2:HEADER_BYTES]
    start = b""
    for box in boxes(data, 0, len(data)):
        if box.kind in (b"jxlc", b"jxlp"):
            start += data[box.start + (4 if box.kind == b"jxlp" else 0) : box.end][:HEADER_BYTES]
        if len(start) >= HEADER_BYTES:
            break
    if not start.startswith(CODESTREAM):
        raise CorruptImage("expected a whole picture while reading the header of a jxl, got no codestream")
    return start[2:]


class _Bits:
    """A cursor over bits, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self.number, self.left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        self.left -= count
        if self.left < 0:
            raise CorruptImage("expected a whole picture while reading the header of a jxl, got its start")
        value = self.number & ((1 << count) - 1)
        self.number >>= count
        return value

    def size(self) -> Size:
        """Read a SizeHeader."""
        by_8 = self.take(1)
        height = self._side(by_8)
        ratio = self.take(3)
        if ratio == 0:
            return Size(self._side(by_8), height)
        times, per = RATIOS[ratio]
        return Size(height * times // per, height)

    def _side(self, by_8: int) -> int:
        return 8 * (1 + self.take(5)) if by_8 else 1 + self.take((9, 13, 18, 30)[self.take(2)])
