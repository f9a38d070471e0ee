"""What some options can be; spelled out here so that showing help imports nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class PoolChoice(StrEnum):
    """The pools that a worker can belong to."""

    RESIZE = "resize"
    FILTER = "filter"
    WATERMARK = "watermark"
    FORMAT = "format"
    WORKER = "worker"


class PlacementChoice(StrEnum):
    """How the steps of a request are spread over workers."""

    AUTO = "auto"
    SPREAD = "spread"
    GROUPED = "grouped"
    FUSED = "fused"


class SourceFormatChoice(StrEnum):
    """The formats that are read."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    AVIF = "avif"
    GIF = "gif"
    TIFF = "tiff"
    HEIC = "heic"
    JXL = "jxl"
    BMP = "bmp"
    ICO = "ico"
    PNM = "pnm"


Ops = Annotated[
    list[str] | None,
    typer.Option(
        "--op", metavar="NAME[:VALUES]", help="An operation, such as blur:2 or resize:800x600,fit=cover. Repeat it."
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "-f",
        "--format",
        metavar="FORMAT",
        help="jpeg, png, webp, avif, gif, tiff, heic, jxl or auto; unset: each picture keeps its own.",
    ),
]
Quality = Annotated[
    int | None,
    typer.Option(
        "-q",
        "--quality",
        min=1,
        max=100,
        help="Quality of formats that lose some; unset: 85 for jpeg and jxl, 80 for webp, 60 for avif and heic.",
        show_default=False,
    ),
]
PipelineText = Annotated[
    str | None,
    typer.Option(
        "-p", "--pipeline", metavar="FILE|TEXT", help="A pipeline as JSON, YAML or text; --op, -f and -q add to it."
    ),
]
