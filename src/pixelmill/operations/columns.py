"""Lanczos-3 by columns: the very pixels that libvips' resize makes, sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pixelmill.operations.reduction import GAP, gap_for
from pixelmill.operations.resample import Geometry
from pixelmill.pixels import Image, channels, from_vips, to_vips

if TYPE_CHECKING:
    import pyvips

LARGEST = 16_000_000
"""Of larger pictures, px, the columns would take more memory than the time is worth."""
SMALLEST, SMALLEST_GRAY = 250_000, 80_000
"""Of smaller pictures, px, changing rows into columns and back takes longer than it saves."""
WORD = np.dtype(np.uint32)


def fits_columns(source: pyvips.Image, geometry: Geometry) -> bool:
    """Tell whether `shrunk_by_columns` does what `geometry` says, as far as no pixel is transparent."""
    lengths = zip(geometry.scaled, (source.width, source.height), strict=True)
    return source.width * source.height <= LARGEST and all(new <= old < 2 * GAP * new for new, old in lengths)


def saves_time(source: pyvips.Image) -> bool:
    """Tell whether a picture is large enough for `shrunk_by_columns` to be worth while."""
    return bool(source.width * source.height >= (SMALLEST_GRAY if source.bands == 1 else SMALLEST))


def shrunk_by_columns(source: pyvips.Image, geometry: Geometry) -> Image:
    """Return an opaque picture made smaller by Lanczos-3, and cropped.

    libvips reduces heights with the processor's vectors, and widths, whose taps lie a pixel apart, at a third of that
    speed or, for one channel, a tenth. Here both are heights to it: for the width, columns stand where rows did. Each value
    is rounded where libvips does too. Until the height is reduced, a pipeline is computed row by row.
    """
    scaled, left, top, kept = geometry
    width = source.width
    rows = from_vips(_part(source, scaled.height, top, kept.height))
    if width == scaled.width:
        return np.ascontiguousarray(rows[:, left : left + kept.width])
    columns = _columns(rows.reshape(kept.height, -1))
    columns = from_vips(_part(to_vips(columns.reshape(width, -1, 1)), scaled.width, left, kept.width))
    return _rows(columns.reshape(kept.width * channels(rows), -1))[: kept.height].reshape(kept.height, kept.width, -1)


def _part(source: pyvips.Image, height: int, top: int, kept: int) -> pyvips.Image:
    """Return `kept` rows, from `top` on, of `source` at another height."""
    if height != source.height:
        gap = gap_for(source.height, height)
        source = source.reducev(source.height / height, kernel="lanczos3", gap=gap)
    return source if kept == height else source.crop(0, top, source.width, kept)


def _columns(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return rows of shape (H, N) as columns, of shape (N, H), H rounded up to whole words.

    Four rows are woven into one of words first: words are transposed several times as fast as bytes.
    """
    import cv2

    height, count = rows.shape
    if height % WORD.itemsize:
        rows = np.pad(rows, ((0, -height % WORD.itemsize), (0, 0)))
    woven = cv2.merge([rows[start :: WORD.itemsize] for start in range(WORD.itemsize)])
    return np.asarray(cv2.transpose(woven.view(WORD)[:, :, 0]).view(np.uint8).reshape(count, -1))


def _rows(columns: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Undo `_columns`."""
    import cv2

    count, height = columns.shape
    woven = cv2.transpose(columns.view(WORD)).view(np.uint8).reshape(-1, count, WORD.itemsize)
    rows = np.empty((height, count), np.uint8)
    cv2.split(woven, [rows[start :: WORD.itemsize] for start in range(WORD.itemsize)])
    return rows
