"""Runs one hop on pixels. This is the only place that sets what libraries keep for the whole process."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import ParamSpec, TypeVar

import numpy as np

from pixelmill.codecs import Header, Output, decode, encode, open_source, probe
from pixelmill.codecs.vips import set_up as set_up_vips
from pixelmill.codecs.vips import vips_errors
from pixelmill.errors import Internal, PixelmillError
from pixelmill.geometry import Size
from pixelmill.limits import DEFAULT_LIMITS, NO_DEADLINE, Deadline, Limits
from pixelmill.operations import Operation, make_operation
from pixelmill.operations.resize import Resize, resample
from pixelmill.pixels import Image, from_vips, is_opaque, to_vips

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8
MALLOC_KEEPS = 64 * 1024 * 1024
MALLOC_ARENAS = 4
LOOKED_AT = 16_000_000
"""A picture with alpha of up to that many pixels is decoded whole before a resize, to see whether it is opaque after
all; a larger one streams, and is taken for transparent."""

P = ParamSpec("P")
T = TypeVar("T")


@cache
def set_up() -> None:
    """Set up this process for the engine, once. OpenCV and libvips get one thread: pictures run side by side."""
    import cv2

    cv2.setNumThreads(1)
    set_up_vips()
    tune_malloc()


@cache
def tune_malloc() -> None:
    """Let glibc's malloc keep up to 64 MiB of freed memory, for this process.

    Otherwise every frame is given back to the kernel and faulted in again for the next one. Threads share a few arenas,
    as each keeps freed memory of its own.

    Source: mallopt(3), Linux man-pages.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, MALLOC_KEEPS)
        mallopt(M_TRIM_THRESHOLD, MALLOC_KEEPS)
        mallopt(M_TOP_PAD, 1024 * 1024)
        mallopt(M_ARENA_MAX, MALLOC_ARENAS)


def warm_up() -> None:
    """Use each library once, so that the first picture does not wait for them to start: fonts alone take 0.1 s."""
    dot = np.full((8, 8, 3), 255, np.uint8)
    for name in ("png", "jpeg"):
        operations = [make_operation("resize", {"width": 4}), make_operation("text", {"text": "."})]
        encoded = run_hop(dot, [], Output.model_validate({"format": name})).image
        run_hop(encoded, operations, Output.model_validate({"format": name}))


@dataclass
class Timings:
    """Seconds of computing, by kind; `operations_s` has one entry for each operation."""

    decode_s: float
    operations_s: tuple[float, ...]
    encode_s: float


@dataclass
class HopResult:
    """What a hop made: pixels, or encoded bytes where it had an output; the picture's size; the time it took."""

    image: Image | bytes
    size: Size
    timings: Timings


def run_hop(
    source: Image | bytes,
    operations: Sequence[Operation],
    output: Output | None,
    *,
    header: Header | None = None,
    limits: Limits = DEFAULT_LIMITS,
    deadline: Deadline = NO_DEADLINE,
) -> HopResult:
    """Decode where `source` is bytes, apply the operations one after another, and encode where there is an output.

    Args:
        header: of `source`, where the caller has read it already.

    Raises:
        PixelmillError: what is wrong with the picture, or `DeadlineExceeded`; checked before each step.
    """
    set_up()
    limits.check_operations(len(operations))
    marks = [time.perf_counter()]
    deadline.check("decoding")
    rest = list(operations)
    image = source if isinstance(source, np.ndarray) else _guarded(_decode, bytes(source), rest, header, limits)
    marks.append(time.perf_counter())
    # Where the decoder has run the first operation too, that one's time is the decoder's.
    marks += marks[-1:] * (len(operations) - len(rest))
    for operation in rest:
        deadline.check(operation.name)
        limits.check_intermediate(operation.name, *operation.largest_size(_size(image)))
        image = _guarded(operation.apply, image)
        marks.append(time.perf_counter())
    deadline.check("encoding")
    encoded = _guarded(encode, image, output) if output else None
    finished = time.perf_counter()
    steps = [end - start for start, end in pairwise(marks)]
    timings = Timings(steps[0], tuple(steps[1:]), finished - marks[-1])
    return HopResult(image if encoded is None else encoded, _size(image), timings)


def _decode(source: bytes, rest: list[Operation], header: Header | None, limits: Limits) -> Image:
    """Decode; where a resize comes first, it is run by the decoder's pipeline and taken from `rest`."""
    header = header or probe(source, limits)
    first = rest[0] if rest else None
    if not isinstance(first, Resize):
        return decode(source, header)
    del rest[0]
    limits.check_intermediate(first.name, *first.largest_size(header.size))
    geometry = first.geometry(header.size)
    opened = open_source(source, header, geometry.scaled)
    with vips_errors(f"decoding a {header.format.name}"):
        if not isinstance(opened, np.ndarray) and opened.hasalpha() and opened.width * opened.height <= LOOKED_AT:
            opened = from_vips(opened)
        if not isinstance(opened, np.ndarray):
            return resample(opened, geometry, opaque=False)
        if geometry.kept == _size(opened):
            return opened
        return resample(to_vips(opened), geometry, opaque=is_opaque(opened))


def _size(image: Image) -> Size:
    return Size(image.shape[1], image.shape[0])


def _guarded(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call, and turn what no caller can make sense of into `Internal`."""
    try:
        return call(*args, **kwargs)
    except PixelmillError:
        raise
    except Exception as error:
        raise Internal from error
