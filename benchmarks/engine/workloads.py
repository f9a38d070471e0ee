"""The workloads that every peer is measured on, and the figures that Pixelmill is to reach on them."""

from __future__ import annotations

from dataclasses import dataclass

TEXT = "© Pixelmill"
RENDITIONS = (1600, 1280, 960, 640, 320)
"""Widths of workload F, px."""


@dataclass(frozen=True)
class Workload:
    """One job on one picture.

    Attributes:
        name: names the row.
        job: what a peer runs; its peers' modules say how.
        picture: names a file of `pictures.make`.
        meaning: for the reader.
        to_sharp: the largest share of sharp's CPU time that is good enough; None where none was set.
        no_larger: whether the result must not be larger than sharp's.
        to_floor: the same of the fastest decoder's and the fastest encoder's time, alone.
        compared: whether the result is held against a reference, pixel by pixel.
    """

    name: str
    job: str
    picture: str
    meaning: str
    to_sharp: float | None = None
    no_larger: bool = False
    to_floor: float | None = None
    compared: bool = False


WORKLOADS = (
    Workload("A", "A", "photo12.jpg", "12-megapixel JPEG → 1280 px JPEG q85", 0.80, to_floor=1.4, compared=True),
    Workload("B", "B", "photo12.jpg", "A, with blur σ 2, sharpen, sepia, text", 0.40, to_floor=1.4),
    Workload("C photo", "C", "photo.png", "1080p PNG → 720p PNG", 0.55, no_larger=True, compared=True),
    Workload("C drawing", "C", "drawing.png", "the same, of the demo's sample", 0.55, no_larger=True, compared=True),
    Workload("D", "D", "drawing.png", "the demo's request: blur σ 20, sharpen, sepia, text", to_floor=1.4),
    Workload("E webp", "E webp", "photo12.jpg", "12-megapixel JPEG → 1280 px WebP q80"),
    Workload("E avif", "E avif", "photo12.jpg", "12-megapixel JPEG → 1280 px AVIF q60"),
    Workload("F", "F", "photo12.jpg", f"12-megapixel JPEG → JPEGs of {', '.join(map(str, RENDITIONS))} px"),
)

LESS_PSNR_DB = 0.3
LESS_SSIM = 0.005
PEAK_MB = 150.0
GROWTH_MB = 20.0
HELP_S = 0.3
IMPORT_S = 0.15
