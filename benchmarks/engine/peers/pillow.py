"""Pillow, or pillow-simd, as its users do: `thumbnail` shrinks on load."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import PIL
from PIL import Image, ImageDraw, ImageFilter, ImageFont, features

from benchmarks.engine.peers.jobs import Job, one_file, several_files
from benchmarks.engine.workloads import RENDITIONS, TEXT

VERSION = PIL.__version__
SEPIA = (0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0)
JPEG: dict[str, Any] = {"format": "JPEG", "quality": 85}
FONT = ImageFont.load_default(36)


def _small(data: bytes, width: int) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.thumbnail((width, width), Image.Resampling.LANCZOS)
    return image


def _file(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def _resized(data: bytes, **options: Any) -> bytes:
    return _file(_small(data, 1280), **options)


def _filtered(data: bytes, sigma: float, **options: Any) -> bytes:
    image = _small(data, 1280).filter(ImageFilter.GaussianBlur(sigma)).filter(ImageFilter.SHARPEN)
    image = image.convert("RGB", SEPIA)
    ImageDraw.Draw(image, "RGBA").text((image.width - 16, image.height - 16), TEXT, (255, 255, 255, 180), FONT, "rb")
    return _file(image, **options)


JOBS: dict[str, Job] = {
    "A": one_file(partial(_resized, **JPEG)),
    "B": one_file(partial(_filtered, sigma=2, **JPEG)),
    "C": one_file(partial(_resized, format="PNG")),
    "D": one_file(partial(_filtered, sigma=20, format="PNG")),
    "F": several_files(lambda data: [_file(_small(data, width), **JPEG) for width in RENDITIONS]),
}
if features.check("webp"):
    JOBS["E webp"] = one_file(partial(_resized, format="WEBP", quality=80))
if features.check("avif"):
    JOBS["E avif"] = one_file(partial(_resized, format="AVIF", quality=60, max_threads=1))
