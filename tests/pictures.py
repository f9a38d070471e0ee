"""Pictures to test with, and the oracles that results are held against: Pillow and plain NumPy, in float64."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from pixelmill.codecs import decode, probe
from pixelmill.libraries import set_up
from pixelmill.pixels import Image

Floats = NDArray[np.float64]
set_up()


def photo(width: int, height: int, channels: int = 3, seed: int = 0) -> Image:
    """Return a picture with what photographs have: slopes, hard edges, texture and noise. Alpha, if any, varies."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    phase = rng.uniform(0, 6, channels)
    waves = np.stack([np.sin(x / (7 + 3 * c) + y / (11 - 2 * c) + phase[c]) for c in range(channels)], axis=-1)
    slope = np.stack([(x / width, y / height, (x + y) / (width + height), x / width)[c] for c in range(channels)], axis=-1)
    squares = ((x // 16 + y // 12) % 3 == 0)[:, :, None] * 60.0
    image = 90 + 90 * slope + 35 * waves + squares - 50 + rng.normal(0, 6, (height, width, channels))
    pixels: Image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    if channels == 4:
        pixels[:, : width // 4, 3] = 0
        pixels[:, -(width // 4) :, 3] = 255
    pixels.flags.writeable = False
    return pixels


def encoded(picture: Image | Pillow.Image, format: str = "PNG", **options: Any) -> bytes:
    """Return a picture as a file, written by Pillow."""
    if isinstance(picture, np.ndarray):
        picture = Pillow.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def decoded(data: bytes) -> Image:
    """Return a file's pixels as Pixelmill reads them."""
    return decode(data, probe(data))


def by_pillow(data: bytes, mode: str = "RGB") -> Image:
    """Return a file's pixels as Pillow reads them, of shape (H, W, C)."""
    pixels = np.asarray(Pillow.open(io.BytesIO(data)).convert(mode))
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def difference(got: NDArray[Any], wanted: NDArray[Any]) -> float:
    """Return the largest difference between two pictures, in levels."""
    assert got.shape == wanted.shape
    return float(np.abs(got.astype(np.float64) - wanted).max())


def psnr(got: NDArray[Any], wanted: NDArray[Any]) -> float:
    """Return the peak signal-to-noise ratio of two pictures, in dB."""
    assert got.shape == wanted.shape
    error = float(((got.astype(np.float64) - wanted) ** 2).mean())
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def rounded(values: Floats) -> Image:
    """Return float64 levels as a picture's."""
    pixels: Image = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return pixels


def convolved(image: NDArray[Any], kernel: Floats) -> Floats:
    """Return a picture under a 3×3 kernel, edges continued by reflection, in float64."""
    padded = np.pad(image.astype(np.float64), ((1, 1), (1, 1), (0, 0)), mode="symmetric")
    height, width = image.shape[:2]
    result = np.zeros(image.shape)
    for dy in range(3):
        for dx in range(3):
            result += kernel[dy, dx] * padded[dy : dy + height, dx : dx + width]
    return result


def blurred(image: NDArray[Any], sigma: float) -> Floats:
    """Return a picture under a Gaussian, edges continued by reflection, in float64."""

    def matrix(length: int) -> Floats:
        reach = int(6 * sigma) + 1
        offsets = np.arange(-reach, reach + 1)
        weights = np.exp(-(offsets**2) / (2 * sigma**2))
        weights /= weights.sum()
        mixed = np.zeros((length, length))
        for row in range(length):
            at = (row + offsets) % (2 * length)
            np.add.at(mixed[row], np.where(at < length, at, 2 * length - 1 - at), weights)
        return mixed

    rows, columns = matrix(image.shape[0]), matrix(image.shape[1])
    result: Floats = np.einsum("ij,jkc,lk->ilc", rows, image.astype(np.float64), columns, optimize=True)
    return result


def luma(image: NDArray[Any]) -> Floats:
    """Return ITU-R BT.601 luma in float64, of shape (H, W)."""
    result: Floats = image[:, :, :3].astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    return result
