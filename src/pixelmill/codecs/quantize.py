"""Colors for a palette, and pixels in the colors of one: in less than half of libvips' time, and closer to the picture.

Sources: Y. Linde, A. Buzo, R. M. Gray, An Algorithm for Vector Quantizer Design, 1980; R. W. Floyd, L. Steinberg, An
Adaptive Algorithm for Spatial Grey Scale, 1976.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelmill.pixels import Image

CELL_BITS = (5, 6)
"""Colors are counted in cells: of that many bits a channel, and of more where few are occupied."""
FEW_CELLS = 1024
AT_ONCE = 1 << 20
"""Pixels that are counted at a time, as what that takes of memory is many times theirs."""
CELLS_AT_ONCE = 256
"""Cells whose distances from a palette stay in the processor's cache."""
ROUNDS = 12
"""Eight that double the number of colors, some more where a color cannot be divided, and one to settle."""
STRENGTH = 0.75
"""The share of a pixel's error that its neighbours make up for. More makes a picture grainy and its file large: with less,
gradients break up into bands."""


@dataclass(frozen=True)
class Counts:
    """The colors of a picture: the mean of each cell, of shape (N, 3), and its pixels, of shape (N,)."""

    colors: NDArray[np.float32]
    pixels: NDArray[np.float64]


def counted(pixels: NDArray[np.uint8]) -> Counts:
    """Count pixels, of shape (N, 3)."""
    for bits in CELL_BITS:
        sums = np.zeros((4, 1 << 3 * bits))
        for start in range(0, len(pixels), AT_ONCE):
            part = pixels[start : start + AT_ONCE]
            red, green, blue = (part >> (8 - bits)).astype(np.uint32).T
            cells = (red << 2 * bits) | (green << bits) | blue
            sums[0] += np.bincount(cells, minlength=sums.shape[1])
            for channel in range(3):
                sums[1 + channel] += np.bincount(cells, part[:, channel], sums.shape[1])
        occupied = np.flatnonzero(sums[0])
        if len(occupied) >= FEW_CELLS:
            break
    sums = sums[:, occupied]
    return Counts((sums[1:] / sums[0]).T.astype(np.float32), sums[0])


def palette_for(counts: Counts, most: int) -> tuple[NDArray[np.uint8], float]:
    """Return up to `most` colors that fit a picture, of shape (N, 3), and what `error` says of them, or a little more."""
    made, missed = counts.colors[:1], 0.0
    for _ in range(ROUNDS):
        full = len(made) == most
        made, missed = _moved(counts, made, most)
        if full:
            break
    return np.unique(np.clip(np.rint(made), 0, 255).astype(np.uint8), axis=0), missed


def error(counts: Counts, palette: NDArray[np.uint8]) -> float:
    """Return the mean squared error of a picture in the colors of a palette, without dithering, in levels squared."""
    nearest = palette[_nearest(counts.colors, palette.astype(np.float32))]
    squared = ((counts.colors - nearest) ** 2).sum(axis=1)
    return float(counts.pixels @ squared / counts.pixels.sum() / 3)


def dithered(image: Image, wanted: NDArray[np.bool_], palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the number of each pixel's color in a palette, of shape (H, W), with dithering.

    Args:
        image: sRGB.
        wanted: which pixels count, of shape (H, W); the others' errors are nobody's.
    """
    import cv2
    from PIL import Image as Pillow

    # Pillow looks colors up by steps of 4 levels: too coarse for dark pictures and others that differ by little.
    low, high = palette.min(), palette.max()
    factor = np.uint8(255 // max(1, int(high) - int(low)))
    image, palette = (np.clip(image, low, high) - low) * factor, (palette - low) * factor
    colors = Pillow.new("P", (1, 1))
    colors.putpalette(palette.tobytes())
    numbers = np.asarray(Pillow.fromarray(image).quantize(palette=colors, dither=Pillow.Dither.NONE))
    nearest = palette[numbers]
    target = cv2.addWeighted(image, STRENGTH, nearest, 1 - STRENGTH, 0)
    if not wanted.all():
        target = np.where(wanted[:, :, None], target, nearest)
    return np.asarray(Pillow.fromarray(target).quantize(palette=colors, dither=Pillow.Dither.FLOYDSTEINBERG))


def _nearest(colors: NDArray[np.float32], palette: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the number of the nearest color in a palette. Not by a matrix product, which rounds by the processor's kind."""
    nearest = np.empty(len(colors), np.intp)
    lengths = (palette * palette).sum(axis=1) / 2
    for start in range(0, len(colors), CELLS_AT_ONCE):
        some = colors[start : start + CELLS_AT_ONCE]
        distances = lengths - np.multiply.outer(some[:, 0], palette[:, 0])
        for channel in (1, 2):
            distances -= np.multiply.outer(some[:, channel], palette[:, channel])
        distances.argmin(axis=1, out=nearest[start : start + CELLS_AT_ONCE])
    return nearest


def _moved(counts: Counts, palette: NDArray[np.float32], most: int) -> tuple[NDArray[np.float32], float]:
    """Return a palette with each color moved to the mean of what is nearest to it, and those divided that miss most; and
    the error before any is divided.

    A color is divided along the channel in which what is nearest to it differs most.
    """
    colors, weights = counts.colors, counts.pixels
    group = _nearest(colors, palette)
    total = np.bincount(group, weights, len(palette))
    used = total > 0
    powers = (
        (np.bincount(group, weights * colors[:, n] ** power, len(palette))[used] for n in range(3)) for power in (1, 2)
    )
    mean, square = (np.stack(list(sums), axis=1) / total[used, None] for sums in powers)
    spread = np.maximum(square - mean**2, 0)
    misses = spread.sum(axis=1) * total[used]
    divided = np.argsort(-misses, kind="stable")[: most - len(mean)]
    divided = divided[misses[divided] > 0]
    channel = spread[divided].argmax(axis=1)
    apart = np.zeros_like(mean)
    apart[divided, channel] = np.sqrt(spread[divided, channel])
    made = np.vstack([mean - apart, (mean + apart)[divided]]).astype(np.float32)
    return made, float(misses.sum() / total.sum() / 3)
