"""Pictures of few colors: libvips chooses a palette, and the closest of its colors become one until they are few enough.

libvips writes PNGs of 2, 4, 16 and 256 colors alone, and GIFs of 2, 4, 8 and so on.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from pixelmill.codecs.png import INDEXED, file_of, packed
from pixelmill.codecs.vips import set_up
from pixelmill.pixels import Image, channels, to_rgba, to_vips

EFFORTS = {"speed": 3, "balanced": 7, "small": 10}
PNG_SIZES = (2, 4, 16, 256)
SAMPLED_ROWS = 16
"""Every so many rows are looked at first, to see whether the picture has few colors already."""


def palette_png(image: Image, colors: int, effort: str, chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Return pixels as a PNG of at most so many colors, 2 to 256, with more chunks before the palette.

    Source: Portable Network Graphics (PNG) Specification, third edition, W3C, 2025, 7.2, 11.2.2 and 11.3.1.1.
    """
    indexes, palette = few_colors(image, colors, effort)
    depth = next(bits for bits in (1, 2, 4, 8) if len(palette) <= 1 << bits)
    chunks = [*chunks, (b"PLTE", palette[:, :3].tobytes())]
    if channels(image) == 4:
        chunks.append((b"tRNS", palette[:, 3].tobytes()))
    size = (image.shape[1], image.shape[0])
    return file_of(size, depth, INDEXED, chunks, packed(_in_bits(indexes, depth), effort))


def with_few_colors(image: Image, colors: int, effort: str) -> Image:
    """Return pixels of at most so many colors, 2 to 256, as RGBA."""
    indexes, palette = few_colors(image, colors, effort)
    return palette[indexes]


def few_colors(image: Image, colors: int, effort: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the number of each pixel's color, of shape (H, W), and the colors, of shape (count ≤ `colors`, 4), RGBA."""
    return _exactly(image, colors) or _merged(*_chosen(image, colors, effort), colors)


def _exactly(image: Image, colors: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Return the picture's own colors where they are few enough."""
    values = (to_rgba(image) if channels(image) < 4 else np.ascontiguousarray(image)).view(np.uint32)[:, :, 0]
    if len(np.unique(values[::SAMPLED_ROWS])) > colors:
        return None
    found, numbers = np.unique(values, return_inverse=True)
    if len(found) > colors:
        return None
    return numbers.reshape(values.shape).astype(np.uint8), found.view(np.uint8).reshape(-1, 4)


def _chosen(image: Image, colors: int, effort: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return what libvips makes of a picture with the next larger number of colors that it knows."""
    from PIL import Image as Pillow

    set_up()
    size = next(each for each in PNG_SIZES if each >= colors)
    file = to_vips(image).pngsave_buffer(palette=True, colours=size, effort=EFFORTS[effort], compression=1, keep=0)
    with Pillow.open(io.BytesIO(file), formats=("PNG",)) as made:
        indexes: NDArray[np.uint8] = np.asarray(made)
        palette = np.array(made.getpalette("RGBA"), np.uint8).reshape(-1, 4)
        transparency = made.info.get("transparency")
    if isinstance(transparency, bytes):
        palette[: len(transparency), 3] = np.frombuffer(transparency, np.uint8)
    return indexes, palette


def _merged(
    indexes: NDArray[np.uint8], palette: NDArray[np.uint8], colors: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Merge two colors at a time, those whose becoming their mean changes the picture least.

    Source: J. H. Ward, Hierarchical Grouping to Optimize an Objective Function, 1963; W. H. Equitz, A New Vector
    Quantization Clustering Algorithm, 1989.
    """
    counts = np.bincount(indexes.reshape(-1), minlength=len(palette)).astype(np.float64)
    left = np.flatnonzero(counts)
    counts = counts[left]
    alpha = palette[left, 3:].astype(np.float64)
    means = np.hstack([palette[left, :3] * alpha / 255, alpha])  # a transparent color is no color
    group = np.arange(len(left))
    costs = np.array([_costs(number, counts, means) for number in range(len(left))])
    for _ in range(len(left) - colors):
        first, second = sorted(divmod(int(np.argmin(costs)), len(costs)))
        total = counts[first] + counts[second]
        means[first] = (counts[first] * means[first] + counts[second] * means[second]) / total
        counts[first], counts[second] = total, 0
        group[group == second] = first
        costs[second] = costs[:, second] = np.inf
        costs[first] = costs[:, first] = _costs(first, counts, means)
    kept, places = np.unique(group, return_inverse=True)
    numbers = np.zeros(len(palette), np.uint8)
    numbers[left] = places
    alpha = means[kept, 3:]
    made = np.hstack([means[kept, :3] * 255 / np.maximum(alpha, 1e-3), alpha])
    return numbers[indexes], np.clip(np.rint(made), 0, 255).astype(np.uint8)


def _costs(number: int, counts: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much the sum of squared errors grows where one color becomes one with each of the others."""
    distances: NDArray[np.float64] = ((means - means[number]) ** 2).sum(axis=1)
    costs: NDArray[np.float64] = counts * counts[number] / np.maximum(counts + counts[number], 1) * distances
    costs[(counts == 0) | (np.arange(len(counts)) == number)] = np.inf
    return costs


def _in_bits(indexes: NDArray[np.uint8], depth: int) -> Image:
    """Return rows of numbers of so many bits, the first of each byte's in its highest bits, of shape (H, bytes, 1)."""
    height, width = indexes.shape
    several = 8 // depth
    padded = np.zeros((height, -(-width // several) * several), np.uint8)
    padded[:, :width] = indexes
    rows = np.zeros((height, padded.shape[1] // several), np.uint8)
    for place in range(several):
        rows |= padded[:, place::several] << (8 - depth * (place + 1))
    return rows[:, :, None]
