"""Pictures for the fleet's tests, and what an independent library makes of them."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def to_levels(values: NDArray[np.float64]) -> Pixels:
    """Round and clip to 8 bits."""
    levels: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return levels


def scene(width: int = 120, height: int = 80, seed: int = 1) -> Pixels:
    """Return smooth colors with a few hard edges, as RGB pixels."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    waves = [np.sin(2 * np.pi * (rng.uniform(0.5, 2) * x + rng.uniform(0.5, 2) * y + rng.random())) for _ in range(3)]
    pixels = np.stack(waves, axis=-1) * 90 + 128
    pixels[height // 4 : height // 2, width // 3 : width // 2] = rng.integers(0, 256, 3)
    return to_levels(pixels)


def noise(width: int, height: int, channels: int = 3, seed: int = 1) -> Pixels:
    """Return random pixels, which no encoder makes any smaller."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def png(pixels: Pixels) -> bytes:
    """Encode pixels as PNG, quickly."""
    buffer = io.BytesIO()
    squeezed = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    Image.fromarray(squeezed).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def jpeg(pixels: Pixels) -> bytes:
    """Encode RGB pixels as JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=50)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    """Open an encoded picture."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def pixels_of(data: bytes) -> Pixels:
    """Decode to RGB pixels."""
    return np.asarray(opened(data).convert("RGB"))


def psnr(a: Pixels, b: Pixels) -> float:
    """Return the peak signal-to-noise ratio of two pictures, in dB."""
    error = float(np.mean((a.astype(float) - b.astype(float)) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def difference(a: Pixels, b: Pixels, margin: int = 0) -> int:
    """Return the largest difference of two pictures, leaving out `margin` pixels at each side."""
    assert a.shape == b.shape
    inner = np.s_[margin : a.shape[0] - margin, margin : a.shape[1] - margin]
    return int(np.abs(a[inner].astype(int) - b[inner].astype(int)).max())
