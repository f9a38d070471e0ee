"""How much work a hop is, roughly, told from a header: what queues and reserves are measured in.

The figures are CPU time per pixel on one x86-64 core of 2023, measured on a photograph of 1280×960. They need to be right
within a factor of two or three: whoever uses them learns from what really happens how fast a machine is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pixelmill.codecs import Output, Reading
from pixelmill.geometry import Size
from pixelmill.operations import Operation
from pixelmill.pipeline import Rendition

FIXED_S = 0.002
"""What a hop costs however small the picture is."""
READ_NS: dict[str, float] = {"jpeg": 5, "png": 14, "webp": 12, "avif": 30, "heic": 40, "jxl": 40, "gif": 10, "svg": 500}
"""Decoding, ns a pixel of the source, whatever size is delivered; a JPEG's that is shrunk on load is less."""
READ_OTHERS_NS = 5.0
WRITE_NS: dict[str, float] = {"jpeg": 7, "png": 17, "webp": 55, "avif": 220, "heic": 250, "jxl": 150, "gif": 320, "tiff": 90}
"""Encoding with effort speed, ns a pixel."""
WRITE_OTHERS_NS = 60.0
BALANCED = {"png": 8.0}
SMALL = {"png": 60.0, "webp": 4.0, "avif": 23.0, "jxl": 4.0, "heic": 4.0}
LOSSLESS = {"webp": 14.0, "avif": 2.0, "jxl": 2.0}
"""How many times as much that costs."""
PROGRESSIVE = 3.0
PALETTE = 18.0
SHRUNK = 2.0
"""About how many times as many pixels as the caller needs a decoder delivers that shrinks a JPEG on load."""
NS = 1e-9


def cost_s(
    size: Size,
    frames: int,
    operations: Iterable[Operation],
    ends: Sequence[Rendition] = (),
    *,
    format: str | None = None,
    reading: Reading | None = None,
) -> float:
    """Return about how long one core works on a hop, in seconds.

    Args:
        size: of the hop's input, upright, in pixels.
        frames: of the hop's input.
        operations: what runs on it, in order.
        ends: what is encoded, each after operations of its own.
        format: of the input's file; None where it is decoded already.
        reading: how the file is decoded.
    """
    ns = 0.0
    pixels = size.width * size.height
    share = 1.0
    if format:
        ns += READ_NS.get(format, READ_OTHERS_NS) * pixels
        if reading and reading.at_least and format == "jpeg":
            # The decoder delivers a smaller picture. Half of its own work is entropy decoding, which that does not save.
            share = min(1.0, SHRUNK * reading.at_least.width * reading.at_least.height / pixels)
            ns *= 0.5 + 0.5 * share
    done, size = _applied(operations, size, share)
    ns += done
    for end in ends:
        done, last = _applied(end.operations, size)
        ns += done + write_ns(end.output) * last.width * last.height
    return FIXED_S + NS * ns * frames


def _applied(operations: Iterable[Operation], size: Size, share: float = 1.0) -> tuple[float, Size]:
    """Return the time of operations, ns, and the size of their result; the first sees only a share of the pixels."""
    ns = 0.0
    for operation in operations:
        made = operation.output_size(size)
        ns += operation.effort_ns * max(share * size.width * size.height, made.width * made.height)
        size, share = made, 1.0
    return ns, size


def write_ns(output: Output) -> float:
    """Return about how long encoding takes, in ns a pixel."""
    ns = WRITE_NS.get(output.format, WRITE_OTHERS_NS)
    if output.effort == "small":
        ns *= SMALL.get(output.format, 1.0)
    elif output.effort == "balanced":
        ns *= BALANCED.get(output.format, 1.0)
    if output.lossless:
        ns *= LOSSLESS.get(output.format, 1.0)
    if output.progressive:
        ns *= PROGRESSIVE
    return ns * PALETTE if output.colors and output.format == "png" else ns
