"""libvips alone, through pyvips: `thumbnail` shrinks on load."""

from __future__ import annotations

from functools import partial
from typing import Any

import pyvips

from benchmarks.engine.peers.jobs import Job, one_file, several_files
from benchmarks.engine.workloads import RENDITIONS, TEXT

VERSION = ".".join(str(pyvips.version(part)) for part in range(3))
SEPIA = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]]
# Its own sharpen() works in LAB and costs more than all the rest; this is the kernel of sharp's mild sharpen().
SHARPEN = pyvips.Image.new_from_array([[-1, -1, -1], [-1, 32, -1], [-1, -1, -1]], scale=24)
JPEG: dict[str, Any] = {"suffix": ".jpg", "Q": 85}
pyvips.concurrency_set(1)
pyvips.cache_set_max(0)


def _small(data: bytes, width: int) -> Any:
    return pyvips.Image.thumbnail_buffer(data, width, size="down")


def _file(image: Any, suffix: str, **options: Any) -> bytes:
    return bytes(image.write_to_buffer(suffix, **options))


def _resized(data: bytes, suffix: str, **options: Any) -> bytes:
    return _file(_small(data, 1280), suffix, **options)


def _filtered(data: bytes, sigma: float, suffix: str, **options: Any) -> bytes:
    image = _small(data, 1280).gaussblur(sigma).conv(SHARPEN, precision="integer").recomb(SEPIA).cast("uchar")
    text = pyvips.Image.text(TEXT, font="sans 28")
    ink = (text * 0 + 255).bandjoin([text * 0 + 255, text * 0 + 255, text]).copy(interpretation="srgb").cast("uchar")
    image = image.composite2(ink, "over", x=image.width - text.width - 16, y=image.height - text.height - 16)
    return _file(image.flatten(), suffix, **options)


JOBS: dict[str, Job] = {
    "A": one_file(partial(_resized, **JPEG)),
    "B": one_file(partial(_filtered, sigma=2, **JPEG)),
    "C": one_file(partial(_resized, suffix=".png")),
    "D": one_file(partial(_filtered, sigma=20, suffix=".png")),
    "E webp": one_file(partial(_resized, suffix=".webp", Q=80)),
    "E avif": one_file(partial(_resized, suffix=".avif", Q=60)),
    "F": several_files(lambda data: [_file(_small(data, width), **JPEG) for width in RENDITIONS]),
}
