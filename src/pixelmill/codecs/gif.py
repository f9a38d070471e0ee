"""GIF, quickly: each frame stores only what changes, and gets colors for just that.

What a frame does not change keeps the colors that it has, so that a background neither flickers nor takes space.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelmill.codecs.quantize import counted, dithered, error, palette_for
from pixelmill.codecs.structure import palette_length
from pixelmill.pixels import Image, channels, to_rgba

MOST = 255
"""Colors of a palette, beside the transparent one. Only a palette for a whole frame has none, and so one color more."""
OPAQUE_FROM = 128
"""Alpha from which on a pixel shows."""
SAMPLED = 64
"""Every so many pixels are looked at first, to see whether there are few colors."""
AT_ONCE = 1 << 20
"""Pixels that are worked on at a time, as what that takes of memory is many times theirs."""
LEAD = 16
"""Rows that are dithered before those that are wanted, so that no edge shows where a part begins."""
WORSE = 1.1
"""A palette is used again where its error, squared, grows no more than that over what it was made for."""
KEEP, CLEAR = 1, 2
"""What becomes of a frame when the next one comes."""
TRAILER = b";"

Value = TypeVar("Value", bound=np.generic)
Keys = NDArray[np.uint32]
"""Pixels as numbers, of shape (H, W) or (N,): RGBA in memory's order, alpha 0 or 255; 0 where a pixel does not show."""


class Box(NamedTuple):
    """Part of a picture, px."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, pixels: NDArray[Value]) -> NDArray[Value]:
        """Return that part of an array."""
        return pixels[self.top : self.bottom, self.left : self.right]


def write(frames: Sequence[Image], delays_ms: Sequence[int], loop: int) -> bytes:
    """Return frames as a GIF that plays `loop` times, 0 for ever; one frame is a still picture.

    Up to 255 colors of what changes in a frame, or 256 of a whole one without transparent pixels, are kept exactly.

    Source: GIF89a Specification, CompuServe, 1990; Netscape's application extension for the number of plays.
    """
    height, width = frames[0].shape[:2]
    moving = len(frames) > 1
    palettes = _Palettes()
    parts = []
    shown = np.zeros((1, 1), np.uint32)
    pixels = _keys(frames[0])
    for number in range(len(frames)):
        following = _keys(frames[number + 1]) if number + 1 < len(frames) else pixels
        changed = (pixels != shown) & (pixels != 0)
        vanishing = (following == 0) & (pixels != 0)
        clears = bool(vanishing.any())
        box = _around(changed | vanishing) if number else Box(0, 0, width, height)
        delay = round(delays_ms[number] / 10) if moving else 0
        parts.append(_frame(pixels, changed, box, palettes, (delay, CLEAR if clears else KEEP) if moving else None))
        shown = pixels
        if clears:
            shown = pixels.copy()
            box.of(shown)[:] = 0
        pixels = following
    table, flags = palettes.common
    screen = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0x70 | flags, 0, 0)
    plays = b"" if not moving or loop == 1 else b"!\xff\x0bNETSCAPE2.0\3\1" + struct.pack("<HB", max(0, loop - 1), 0)
    return b"".join((screen, table, plays, *parts, TRAILER))


def _keys(image: Image) -> Keys:
    if channels(image) < 4:
        return to_rgba(image).view(np.uint32)[:, :, 0]
    made = np.empty(image.shape[:2], np.uint32)
    opaque = np.array([0, 0, 0, 255], np.uint8).view(np.uint32)[0]
    for rows in _parts(made):
        part = np.ascontiguousarray(image[rows])
        made[rows] = np.where(part[:, :, 3] >= OPAQUE_FROM, part.view(np.uint32)[:, :, 0] | opaque, 0)
    return made


def _parts(pixels: NDArray[Value]) -> Iterator[slice]:
    """Yield rows, some at a time."""
    height, width = pixels.shape
    count = max(1, AT_ONCE // width)
    return (slice(top, min(top + count, height)) for top in range(0, height, count))


def _colors(keys: Keys) -> NDArray[np.uint8]:
    """Return the sRGB colors of pixels."""
    return np.ascontiguousarray(keys).view(np.uint8).reshape(*keys.shape, 4)[..., :3]


def _around(wanted: NDArray[np.bool_]) -> Box:
    """Return the smallest box around what is wanted; one pixel where that is nothing."""
    rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    if not len(rows):
        return Box(0, 0, 1, 1)
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


class _Table(NamedTuple):
    """A palette as it stands in a file, and the flags that announce it."""

    content: bytes
    flags: int

    @classmethod
    def of(cls, colors: NDArray[np.uint8], first: int = 1) -> _Table:
        """Return the table of some colors, counted from `first` on."""
        bits = max(1, (len(colors) + first - 1).bit_length())
        return cls((bytes(3 * first) + colors.tobytes()).ljust(3 << bits, b"\0"), 0x80 | bits - 1)


class _Palettes:
    """The palette that stands at the start of a file, and those that frames have of their own.

    Exact colors come into the first as long as there is room. Number 0 is the transparent one.
    """

    def __init__(self) -> None:
        self._exact = np.zeros(0, np.uint32)
        self._common: NDArray[np.uint8] | None = None
        self._last: tuple[NDArray[np.uint8], float] | None = None

    @property
    def common(self) -> _Table:
        """The first palette."""
        return _Table.of(self._common if self._common is not None else _colors(self._exact))

    def numbers(self, pixels: Keys, wanted: NDArray[np.bool_], transparent: bool) -> tuple[NDArray[np.uint8], _Table | None]:
        """Return the number of each pixel's color, and the frame's own palette if it needs one.

        Args:
            wanted: which pixels have one; the others get 0.
            transparent: whether that has to be the transparent one.
        """
        keys, whole = pixels.reshape(-1) if wanted.all() else pixels[wanted], not transparent
        found = _few(keys, MOST + whole)
        if found is not None:
            common = self._with(found)
            if common is not None:
                return _exactly(pixels, wanted, common, 1), None
            first = 0 if whole else 1
            return _exactly(pixels, wanted, found, first), _Table.of(_colors(found), first)
        palette = self._fitting(_colors(keys))
        if self._common is None and not len(self._exact):
            self._common = palette
        own = None if palette is self._common else _Table.of(palette)
        return _roughly(pixels, wanted, palette), own

    def _with(self, found: Keys) -> Keys | None:
        """Return the colors of the first palette with some more; None where there is no room for them."""
        if self._common is not None:
            return None
        more = np.concatenate([self._exact, np.setdiff1d(found, self._exact)])
        if len(more) > MOST:
            return None
        self._exact = more
        return more

    def _fitting(self, colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
        counts = counted(colors)
        if self._last and error(counts, self._last[0]) <= WORSE * self._last[1]:
            return self._last[0]
        self._last = palette_for(counts, MOST)
        return self._last[0]


def _few(keys: Keys, most: int) -> Keys | None:
    """Return the colors of pixels, sorted, where there are no more than `most`."""
    found = np.unique(keys[::SAMPLED])
    for start in range(0, len(keys), AT_ONCE):
        if len(found) > most:
            return None
        found = np.union1d(found, keys[start : start + AT_ONCE])
    return found if len(found) <= most else None


def _exactly(pixels: Keys, wanted: NDArray[np.bool_], palette: Keys, first: int) -> NDArray[np.uint8]:
    """Return the number of each pixel's color in a palette that has it, counted from `first` on."""
    order = np.argsort(palette)
    numbers = np.zeros(pixels.shape, np.uint8)
    for rows in _parts(pixels):
        part = wanted[rows]
        numbers[rows][part] = first + order[np.searchsorted(palette, pixels[rows][part], sorter=order)]
    return numbers


def _roughly(pixels: Keys, wanted: NDArray[np.bool_], palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the number of a color that is like each pixel's, counted from 1 on."""
    numbers = np.zeros(pixels.shape, np.uint8)
    for rows in _parts(pixels):
        top = max(0, rows.start - LEAD)
        made = dithered(np.ascontiguousarray(_colors(pixels[top : rows.stop])), wanted[top : rows.stop], palette)
        np.add(made[rows.start - top :], 1, out=numbers[rows], where=wanted[rows])
    return numbers


def _frame(pixels: Keys, changed: NDArray[np.bool_], box: Box, palettes: _Palettes, timing: tuple[int, int] | None) -> bytes:
    """Return what a file says of one frame: of part of it, where in that it has changed.

    Args:
        timing: hundredths of a second that it shows, and what becomes of it then; None in a still picture.
    """
    delay, disposal = timing or (0, 0)
    wanted = box.of(changed)
    if disposal != CLEAR:
        wanted = _stored(box.of(pixels), wanted)
    # Readers clear to what is transparent in the frame, or, if nothing is, to some color.
    transparent = disposal == CLEAR or not wanted.all()
    numbers, own = palettes.numbers(box.of(pixels), wanted, transparent)
    table, flags = own or (b"", 0)
    control = struct.pack("<4BHBB", 0x21, 0xF9, 4, disposal << 2 | transparent, delay, 0, 0)
    sides = box.right - box.left, box.bottom - box.top
    place = struct.pack("<BHHHHB", 0x2C, box.left, box.top, *sides, flags)
    return (control if timing or transparent else b"") + place + table + _packed(numbers)


def _stored(pixels: Keys, changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which pixels to store: those that change; all of them where only so there is room for their last color."""
    needed = not changed.all() and pixels.all() and _count(pixels[changed]) == MOST + 1
    return np.ones_like(changed) if needed and _count(pixels.reshape(-1)) == MOST + 1 else changed


def _count(keys: Keys) -> int:
    """Return how many colors pixels have; 0 where these are more than any palette holds."""
    found = _few(keys, MOST + 1)
    return 0 if found is None else len(found)


def _packed(numbers: NDArray[np.uint8]) -> bytes:
    """Return numbers of colors, compressed: what stands in the GIF that Pillow makes of them."""
    from PIL import Image as Pillow

    buffer = io.BytesIO()
    Pillow.fromarray(numbers).save(buffer, "GIF", optimize=False, interlace=0)
    made = buffer.getvalue()
    at = 13 + palette_length(made, 10)
    while made[at] == 0x21:
        at += 2
        while made[at]:
            at += 1 + made[at]
        at += 1
    return made[at + 10 + palette_length(made, at + 9) : -len(TRAILER)]
