"""Filters of a PNG's scanlines that are worth their time where a file is to be small.

Source: Portable Network Graphics (PNG) Specification, third edition, W3C, 2025, chapter 9.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pixelmill.pixels import Image

NONE, SUB, UP, AVERAGE, PAETH = range(5)


def unfiltered(image: Image) -> NDArray[np.uint8]:
    """Return the scanlines as they are, each led by its filter's type."""
    rows, lines = _lines(image)
    lines[:, 0] = NONE
    lines[:, 1:] = rows
    return lines


def adaptively_filtered(image: Image) -> NDArray[np.uint8]:
    """Return the scanlines, each by the filter that leaves the smallest sum of differences, led by its type.

    Source: the heuristic of minimum sum of absolute differences, PNG Specification, 12.7.
    """
    rows, lines = _lines(image)
    best = np.full(len(rows), np.iinfo(np.int64).max)
    for kind, candidate in _candidates(rows, image.shape[2]):
        cost = np.abs(candidate.view(np.int8).astype(np.int16)).sum(axis=1, dtype=np.int64)
        better = cost < best
        best[better] = cost[better]
        lines[better, 0] = kind
        lines[better, 1:] = candidate[better]
    return lines


def _lines(image: Image) -> tuple[Image, NDArray[np.uint8]]:
    height, width, channels = image.shape
    return image.reshape(height, width * channels), np.empty((height, 1 + width * channels), np.uint8)


def _candidates(rows: NDArray[np.uint8], channels: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield each filter's type and what it makes of all rows."""
    left = np.zeros_like(rows)
    left[:, channels:] = rows[:, :-channels]
    above = np.zeros_like(rows)
    above[1:] = rows[:-1]
    yield SUB, rows - left
    yield UP, rows - above
    mean = ((left.astype(np.uint16) + above) >> 1).astype(np.uint8)
    yield AVERAGE, rows - mean
    yield PAETH, rows - _paeth(left, above, channels)


def _paeth(left: NDArray[np.uint8], above: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    corner = np.zeros_like(above)
    corner[:, channels:] = above[:, :-channels]
    a, b, c = (part.astype(np.int16) for part in (left, above, corner))
    to_left, to_above, to_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    nearest = np.where(to_above <= to_corner, above, corner)
    return np.where((to_left <= to_above) & (to_left <= to_corner), left, nearest)
