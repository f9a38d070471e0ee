"""Animated AVIF, through Pillow: libvips reads and writes only its still pictures."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from pixelmill.codecs.boxes import Box, boxes_at
from pixelmill.errors import CorruptImage, ImageTooLarge, expected
from pixelmill.picture import MAX_DELAY_MS, MAX_LOOP
from pixelmill.pixels import Image

if TYPE_CHECKING:
    from PIL.AvifImagePlugin import AvifImageFile

REPEATS = 1
"""A flag of an edit list."""
TIME_AT = {b"mvhd": (16, 24), b"tkhd": (20, 28), b"elst": (8, 8)}
"""Where boxes say how long they take, in versions 0 and 1; in an edit list its first entry does."""
UNKNOWN_TIME = ((1 << 32) - 1, (1 << 64) - 1)
"""In versions 0 and 1."""


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
            delay = int(file.info.get("duration", 0))
            if delay > MAX_DELAY_MS:
                raise CorruptImage(expected(f"at most {MAX_DELAY_MS} ms", f"the time of frame {number + 1}", delay))
            delays.append(delay)
    return frames, delays


def write_sequence(frames: Sequence[Image], delays_ms: Sequence[int], loop: int, **options: Any) -> bytes:
    """Return frames as an animated AVIF that plays `loop` times, 0 for ever; `options` are those of Pillow's AVIF writer.

    The format has no frame that shows for no time: 0 ms becomes 1.
    """
    from pixelmill.codecs.strip import Strip

    buffer = io.BytesIO()
    durations = [max(1, delay) for delay in delays_ms]
    Strip(frames).save(buffer, "AVIF", save_all=True, duration=durations, **options)
    return _finished(buffer.getvalue(), loop)


def times_played(data: bytes) -> int:
    """Return how often a sequence plays, up to `MAX_LOOP`; 0 is for ever, as for one that does not say.

    What its edit list names is shown once, or, where that is to be repeated, until the track's time is over. A track whose
    time is unknown plays for ever.

    Source: ISO/IEC 14496-12:2022, 8.3.2 and 8.6.6; ISO/IEC 23008-12:2022, 9.6.
    """
    with suppress(struct.error):
        for track in boxes_at(data, b"moov", b"trak"):
            header, edits = next(boxes_at(data, b"tkhd", within=track), None), next(_edits(data, track), None)
            handler = next(boxes_at(data, b"mdia", b"hdlr", within=track), None)
            if header and edits and handler and data[handler.start + 8 : handler.start + 12] == b"pict":
                whole, once = _time(data, header), _time(data, edits)
                if not data[edits.start + 3] & REPEATS:
                    return 1
                known = whole != UNKNOWN_TIME[data[header.start] == 1] and once > 0
                return min(max(1, -(-whole // once)), MAX_LOOP) if known else 0
    return 0


def _finished(data: bytes, loop: int) -> bytes:
    """Return a sequence, as libavif writes it, that plays `loop` times, and does not say when it was made.

    The same pictures are the same bytes, whenever.

    Source: as for `times_played`; 8.2.2 and 8.4.2 for the times of creation and modification.
    """
    made = bytearray(data)
    headers = [*boxes_at(data, b"moov", b"mvhd"), *boxes_at(data, b"moov", b"trak", b"tkhd")]
    for box in (*headers, *boxes_at(data, b"moov", b"trak", b"mdia", b"mdhd")):
        length = 16 if data[box.start] == 1 else 8
        made[box.start + 4 : box.start + 4 + length] = bytes(length)
    if loop:
        edits = [box for track in boxes_at(data, b"moov", b"trak") for box in _edits(data, track)]
        for box in edits:
            made[box.start + 3] = REPEATS if loop > 1 else 0
        # All tracks take as long as each other, and count in the film's units.
        whole = loop * _time(data, edits[0])
        for box in headers:
            at, width = _place_of_time(data, box)
            made[at : at + width] = whole.to_bytes(width, "big")
    return bytes(made)


def _edits(data: bytes, track: Box) -> Iterator[Box]:
    return boxes_at(data, b"edts", b"elst", within=track)


def _time(data: bytes, box: Box) -> int:
    at, width = _place_of_time(data, box)
    return int.from_bytes(data[at : at + width], "big")


def _place_of_time(data: bytes, box: Box) -> tuple[int, int]:
    """Return where a box says how long it takes, and in how many bytes."""
    long = data[box.start : box.start + 1] == b"\1"
    at, width = box.start + TIME_AT[box.kind][long], 8 if long else 4
    if at + width > box.end:
        raise struct.error("ends too early")
    return at, width
