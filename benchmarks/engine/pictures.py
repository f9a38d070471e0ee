"""The pictures to measure with, made once and kept in the benchmark's own folder.

    python -m benchmarks.engine.pictures huge FOLDER

writes the 100-megapixel one: in a process of its own, as it takes a gigabyte.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from pixelmill.bench.sample_picture import create_sample_image

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / "../shared/corpora/photos"
DENSE = "Kleiber_by_Lukas_Baubkus.jpg"
EXAMPLE = ROOT / "examples/photos/rocket.jpg"
LARGE = (4000, 3000)
HUGE = (12_500, 8_000)
QUALITY = 90
CAMERA_QUALITY = 96
"""What a telephone writes: over 3 MB for 12 megapixels."""
SOAK_SIZES = ((1600, 1200), (1333, 750), (640, 480), (901, 1201), (2000, 1000), (1024, 1024), (320, 1800))
"""Sizes of the pictures that are sent over and over: different, so that memory would fragment."""

Pixels = NDArray[np.uint8]


def make(folder: Path) -> str:
    """Write the pictures that are missing into `folder`; return what they are made from."""
    folder.mkdir(parents=True, exist_ok=True)
    photo, origin = _photo()
    if not (folder / "photo12.jpg").exists():
        large = _fitted(photo, LARGE)
        (folder / "photo12.jpg").write_bytes(_jpeg(large, CAMERA_QUALITY))
        cv2.imwrite(str(folder / "photo.png"), cv2.cvtColor(_fitted(photo, (1920, 1080)), cv2.COLOR_RGB2BGR))
        create_sample_image().save(folder / "drawing.png")
        for number, size in enumerate(SOAK_SIZES):
            picture = _fitted(photo, size)
            (folder / f"soak{number}.jpg").write_bytes(_jpeg(picture))
            cv2.imwrite(str(folder / f"soak{number}.png"), picture)
    return origin


def make_huge(folder: Path) -> Path:
    """Return the path of the 100-megapixel JPEG; it is written where it is missing."""
    path = folder / "photo100.jpg"
    if not path.exists():
        subprocess.run([sys.executable, "-m", __spec__.name, "huge", str(folder)], cwd=ROOT, check=True)
    return path


def _photo() -> tuple[Pixels, str]:
    dense = PHOTOS / DENSE
    if dense.exists():
        return _read(dense), f"a photograph of {dense.stat().st_size / 1e6:.1f} MB ({DENSE})"
    # Enlarging makes no detail: noise stands in for it, at a strength that gives as many bytes as a camera.
    small = cv2.resize(_read(EXAMPLE), LARGE, interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(7).normal(0, 6, (LARGE[1], LARGE[0], 1))
    noisy: Pixels = np.clip(small + cv2.GaussianBlur(noise, (0, 0), 0.7)[:, :, None] * 1.5, 0, 255).astype(np.uint8)
    return noisy, f"examples/photos/{EXAMPLE.name}, enlarged, with noise (no {PHOTOS.name} beside the project)"


def _read(path: Path) -> Pixels:
    pixels: Pixels = simplejpeg.decode_jpeg(path.read_bytes())
    return pixels


def _fitted(picture: Pixels, size: tuple[int, int]) -> Pixels:
    """Return the middle of `picture` that has the shape of `size`, scaled to it."""
    height, width = picture.shape[:2]
    scale = min(width / size[0], height / size[1])
    across, down = round(size[0] * scale), round(size[1] * scale)
    left, top = (width - across) // 2, (height - down) // 2
    part = picture[top : top + down, left : left + across]
    fitted: Pixels = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC)
    return fitted


def _jpeg(picture: Pixels, quality: int = QUALITY) -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(picture), quality, colorsubsampling="420"))


if __name__ == "__main__":
    target = Path(sys.argv[2]) / "photo100.jpg"
    target.write_bytes(_jpeg(_fitted(_photo()[0], HUGE)))
