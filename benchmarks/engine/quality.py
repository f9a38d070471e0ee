"""How close a result is to the best that can be made of the picture: PSNR and SSIM."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True)
class Quality:
    """Peak signal-to-noise ratio in dB, and structural similarity, 0 to 1; of all channels together."""

    psnr_db: float
    ssim: float


def reference(picture: Path, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the whole picture, decoded at full size and scaled with Lanczos-3 in floating point, of shape (H, W, 3)."""
    with Image.open(picture) as image:
        channels = image.convert("RGB").split()
    scaled = [channel.convert("F").resize(size, Image.Resampling.LANCZOS, reducing_gap=None) for channel in channels]
    return np.clip(np.dstack([np.asarray(channel, np.float64) for channel in scaled]), 0, 255)


def compare(result: Path, picture: Path) -> Quality:
    """Hold a result against the reference of its picture."""
    with Image.open(result) as image:
        pixels = np.asarray(image.convert("RGB"), np.float64)
        best = reference(picture, image.size)
    error = float(np.mean((pixels - best) ** 2))
    return Quality(10 * math.log10(255**2 / error), _ssim(pixels, best))


def _ssim(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the structural similarity.

    Source: Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity, IEEE Trans. Image
    Process. 13, 2004: a Gaussian window of 11 × 11 with sigma 1.5.
    """

    def mean(values: NDArray[np.float64]) -> Any:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = mean(a), mean(b)
    variance_a, variance_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    similar = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    similar /= (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    return float(similar.mean())
