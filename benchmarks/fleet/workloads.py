"""The requests that the fleet is measured on."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engine import pictures
from client.pipeline_demo import create_sample_image
from pixelmill import Pipeline

SAMPLE_PIPELINE = 'resize:1280x720 | blur:20 | sharpen:2 | sepia | text:"© Pixelmill" | png'


@dataclass(frozen=True)
class Workload:
    """One request: a picture and a pipeline, and what they are, for the reader."""

    name: str
    meaning: str
    source: bytes
    pipeline: Pipeline


def make(folder: Path) -> list[Workload]:
    """Return all of them; pictures that take long to make are kept in `folder`."""
    pictures.make(folder)
    photo = (folder / "photo12.jpg").read_bytes()
    return [
        Workload(
            "sample",
            "the demo's request: 1920×1080 PNG → 1280×720, blur σ 20, sharpen, sepia, text → PNG",
            sample(),
            Pipeline.parse(SAMPLE_PIPELINE),
        ),
        Workload(
            "photo",
            f"12-megapixel JPEG of {len(photo) / 1e6:.1f} MB → 1280 px, blur σ 2, sharpen, sepia, text → JPEG",
            photo,
            Pipeline.parse('resize:1280x | blur:2 | sharpen:2 | sepia | text:"© Pixelmill" | jpeg'),
        ),
        Workload(
            "thumbnail",
            "640×480 JPEG → 160 px, sharpen → JPEG",
            sample((640, 480), "JPEG"),
            Pipeline.parse("resize:160x | sharpen:1 | jpeg"),
        ),
    ]


def sample(size: tuple[int, int] | None = None, format: str = "PNG") -> bytes:
    """Return the demo's sample picture as a file."""
    buffer = io.BytesIO()
    picture = create_sample_image()
    (picture.resize(size) if size else picture).save(buffer, format)
    return buffer.getvalue()
