"""Frames to encoded bytes, one frame after another: no writer here holds a second copy of all of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pixelmill.codecs import gif
from pixelmill.codecs.boxes import NO_EXIF, with_exif
from pixelmill.codecs.metadata import for_pillow
from pixelmill.codecs.output import Output
from pixelmill.codecs.palette import with_few_colors
from pixelmill.codecs.sequence import write_sequence
from pixelmill.codecs.vips import set_up
from pixelmill.errors import UnsupportedFormat
from pixelmill.picture import MAX_DELAY_MS, Picture
from pixelmill.pixels import Image, to_rgb, to_vips, without_hidden

WEBP_METHODS = {"speed": 2, "balanced": 4, "small": 6}
AVIF_SPEEDS = {"speed": 9, "balanced": 7, "small": 4}
"""Of libaom, 0 to 10."""
GIF_EFFORTS = {"speed": 3, "balanced": 7, "small": 10}
GIF_COLORS = 256
LONGEST_MS = {"gif": 655_350, "webp": (1 << 24) - 1, "avif": MAX_DELAY_MS}
"""How long a frame can show: a GIF has 16 bits for hundredths of a second, a WebP 24 for milliseconds."""


def write_animation(picture: Picture, output: Output) -> bytes:
    """Encode a picture of several frames.

    Raises:
        UnsupportedFormat: the format cannot hold it.
    """
    longest = max(picture.delays_ms, default=0)
    if longest > LONGEST_MS[output.format]:
        raise UnsupportedFormat(
            f"expected frames that show for at most {LONGEST_MS[output.format]} ms for {output.format}, got {longest} ms"
        )
    return _WRITERS[output.format](picture, output)


def write_gif(picture: Picture, output: Output) -> bytes:
    """Encode one frame or several as a GIF: quickly, or by libvips, which knows other numbers of colors."""
    colors = output.colors or GIF_COLORS
    if output.effort == "speed" and colors == GIF_COLORS:
        return gif.write(picture.frames, picture.delays_ms, picture.loop)
    set_up()
    import pyvips

    bits = (colors - 1).bit_length()
    frames: Sequence[Image] = picture.frames
    if colors < 1 << bits:
        frames = [with_few_colors(frame, colors, output.effort) for frame in frames]
    roll = pyvips.Image.arrayjoin([to_vips(frame) for frame in frames], across=1).copy()
    if len(picture.frames) > 1:
        roll.set_type(pyvips.GValue.gint_type, "page-height", picture.size.height)
        roll.set_type(pyvips.GValue.array_int_type, "delay", list(picture.delays_ms))
        roll.set_type(pyvips.GValue.gint_type, "loop", picture.loop)
    options = {"effort": GIF_EFFORTS[output.effort], "bitdepth": bits, "keep_duplicate_frames": True, "keep": 0}
    return bytes(roll.gifsave_buffer(**options))


def _webp(picture: Picture, output: Output) -> bytes:
    from pixelmill.codecs.strip import Strip

    total = sum(picture.delays_ms)
    if total > MAX_DELAY_MS:
        raise UnsupportedFormat(f"expected frames that together show for at most {MAX_DELAY_MS} ms for webp, got {total} ms")
    # Not by libvips: that one changes delays of up to 10 ms.
    options: dict[str, Any] = {"quality": output.effective_quality, "lossless": output.lossless}
    options |= {"method": WEBP_METHODS[output.effort], "duration": list(picture.delays_ms), "loop": picture.loop}
    buffer = io.BytesIO()
    Strip(_InColor(picture.frames)).save(buffer, "WEBP", save_all=True, **options, **for_pillow(picture.metadata))
    return buffer.getvalue()


def _avif(picture: Picture, output: Output) -> bytes:
    if output.lossless:
        raise UnsupportedFormat("expected a still picture for lossless avif, got an animation")
    options = {"quality": output.effective_quality, "speed": AVIF_SPEEDS[output.effort], "subsampling": output.subsampling}
    frames = _InColor(picture.frames)
    exif = picture.metadata.exif
    # What writes EXIF would sort it anew, and libavif crashes where it has an orientation: so there first is another one.
    stand_in = replace(picture.metadata, exif=NO_EXIF if exif else None)
    data = write_sequence(frames, picture.delays_ms, picture.loop, **options, **for_pillow(stand_in))
    return with_exif(data, exif) if exif else data


class _InColor(Sequence[Image]):
    """Frames, each turned from gray to sRGB when it is asked for, without color where it does not show."""

    def __init__(self, frames: Sequence[Image]) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, number: Any) -> Any:
        return np.ascontiguousarray(without_hidden(to_rgb(self._frames[number])))


_WRITERS: dict[str, Callable[[Picture, Output], bytes]] = {"gif": write_gif, "webp": _webp, "avif": _avif}
