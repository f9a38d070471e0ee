"""The contract's filters in plain NumPy, in floating point."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tests.fleet.pictures import Pixels, to_levels

Reals = NDArray[np.float64]
SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
EDGES = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])
SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


def sigma(intensity: float) -> int:
    """Return the blur's sigma in pixels."""
    return max(1, math.floor(20 * intensity))


def apply(name: str, pixels: Pixels, intensity: float) -> Pixels:
    """Return what the filter `name` makes of RGB pixels."""
    image = pixels.astype(float)
    changed = _FILTERS[name](image, intensity)
    return to_levels(changed)


def _luma(image: Reals) -> Reals:
    luma: Reals = np.rint(image @ np.array([0.299, 0.587, 0.114]))[:, :, None]
    return luma


def _convolved(image: Reals, kernel: Reals) -> Reals:
    height, width = image.shape[:2]
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="symmetric")
    parts = [kernel[y, x] * padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    total: Reals = np.sum(parts, axis=0)
    return total


def _gaussian(image: Reals, deviation: float) -> Reals:
    radius = math.ceil(4 * deviation)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / deviation) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        pad = [(radius, radius) if a == axis else (0, 0) for a in range(3)]
        padded = np.pad(image, pad, mode="symmetric")
        image = np.apply_along_axis(np.convolve, axis, padded, weights, mode="valid")
    return image


def _blend(image: Reals, changed: Reals, share: float) -> Reals:
    return (1 - share) * image + share * np.clip(changed, 0, 255)


def _sharpen(image: Reals, i: float) -> Reals:
    smooth = _convolved(image, SMOOTH)
    return smooth + (1 + 2 * i) * (image - smooth)


def _contrast(image: Reals, i: float) -> Reals:
    mean = float(_luma(image).mean())
    return mean + (1 + 2 * i) * (image - mean)


_FILTERS = {
    "NONE": lambda image, i: image,
    "GRAYSCALE": lambda image, i: _blend(image, np.broadcast_to(_luma(image), image.shape), i),
    "BLUR": lambda image, i: _gaussian(image, sigma(i)),
    "SHARPEN": _sharpen,
    "EDGE_DETECT": lambda image, i: _blend(image, _convolved(image, EDGES), i),
    "SEPIA": lambda image, i: _blend(image, image @ SEPIA.T, i),
    "NEGATIVE": lambda image, i: _blend(image, 255 - image, i),
    "BRIGHTNESS": lambda image, i: image * (1 + 2 * (i - 0.5)),
    "CONTRAST": _contrast,
}
NAMES = tuple(_FILTERS)
