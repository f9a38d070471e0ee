"""What commands' help shares, and what some options can be; spelled out here so that showing help imports nothing."""

from __future__ import annotations

from enum import StrEnum


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


def examples(*commands: str, note: str = "") -> str:
    """Return the end of a command's help: each example, and the note, on a line of its own."""
    lines = ["Examples:", *(f"  pixelmill {command}" for command in commands), *([note] if note else [])]
    return "\n\n".join(lines)
