"""Animated AVIF, through Pillow: libvips reads and writes only its still pictures."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pixelmill.errors import CorruptImage, ImageTooLarge
from pixelmill.pixels import Image

if TYPE_CHECKING:
    from PIL.AvifImagePlugin import AvifImageFile

AVIF_SPEEDS = {"speed": 9, "balanced": 7, "small": 4}
"""Of libaom, 0 to 10."""


def is_sequence(data: bytes) -> bool:
    """Tell whether a file is an AVIF image sequence.

    Source: AV1 Image File Format (AVIF), Alliance for Open Media, 2022, section 6.3.
    """
    return bytes(data[4:12]) == b"ftypavis"


def open_sequence(data: bytes) -> AvifImageFile:
    """Open a sequence; only its header is read.

    Raises:
        CorruptImage: it is damaged.
        ImageTooLarge: Pillow takes it for a bomb.
    """
    from PIL import AvifImagePlugin, Image

    try:
        return AvifImagePlugin.AvifImageFile(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"expected a picture within the limits, got an avif: {error}") from None
    except Exception as error:
        raise CorruptImage(f"expected a whole avif, got: {error}") from None


def read_sequence(data: bytes, count: int) -> tuple[list[Image], list[int]]:
    """Return the first `count` frames' pixels, as stored, and how long each shows, in milliseconds.

    Raises:
        CorruptImage: it is damaged or truncated.
    """
    frames, delays = [], []
    with open_sequence(data) as file:
        for number in range(count):
            try:
                file.seek(number)
                file.load()
            except Exception as error:
                raise CorruptImage(f"expected a whole avif, got, in frame {number + 1} of {count}: {error}") from None
            frames.append(np.array(file))
            delays.append(int(file.info.get("duration", 0)))
    return frames, delays


def write_sequence(frames: Sequence[Image], delays_ms: Sequence[int], **options: Any) -> bytes:
    """Return frames as an animated AVIF that plays for ever; `options` are those of Pillow's AVIF writer.

    The format has no frame that shows for no time: 0 ms becomes 1.
    """
    from PIL import Image as Pillow

    first, *others = [Pillow.fromarray(frame) for frame in frames]
    buffer = io.BytesIO()
    durations = [max(1, delay) for delay in delays_ms]
    first.save(buffer, "AVIF", save_all=True, append_images=others, duration=durations, **options)
    return _timeless(buffer.getvalue())


def _timeless(data: bytes) -> bytes:
    """Return a sequence without the time at which it was made: the same pictures are the same bytes, whenever.

    Source: ISO/IEC 14496-12:2022, ISO base media file format, 8.2.2, 8.3.2 and 8.4.2.
    """
    made = bytearray(data)
    waiting = [(0, len(made))]
    while waiting:
        at, end = waiting.pop()
        while at + 8 <= end:
            size, kind = struct.unpack_from(">I4s", made, at)
            size = size if 8 <= size <= end - at else end - at
            if kind in (b"moov", b"trak", b"mdia"):
                waiting.append((at + 8, at + size))
            elif kind in (b"mvhd", b"tkhd", b"mdhd"):
                length = 16 if made[at + 8] == 1 else 8  # creation and modification time, by the box's version
                made[at + 12 : at + 12 + length] = bytes(length)
            at += size
    return bytes(made)
