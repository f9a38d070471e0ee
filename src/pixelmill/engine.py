"""Runs one hop on pixels."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, ParamSpec, TypeVar

import numpy as np

from pixelmill.codecs import Header, Output, Reading, encode_picture, open_source, probe, read
from pixelmill.codecs.sequence import is_sequence
from pixelmill.codecs.vips import vips_errors
from pixelmill.errors import Internal, OutOfMemory, PixelmillError, in_rendition
from pixelmill.geometry import Size
from pixelmill.libraries import set_up
from pixelmill.limits import DEFAULT_LIMITS, NO_DEADLINE, Deadline, Limits
from pixelmill.operations import Operation, make_operation
from pixelmill.operations.fusion import Step, fused
from pixelmill.operations.resize import Resize
from pixelmill.picture import Picture
from pixelmill.pipeline import Rendition
from pixelmill.pixels import Image, from_vips
from pixelmill.plan import by_colors, reading_for
from pixelmill.result import ImageInfo, Rendered

LOOKED_AT = 16_000_000
"""A picture with alpha of up to that many pixels is decoded whole before a resize, to see whether it is opaque after all; a
larger one streams, and is taken for transparent."""

P = ParamSpec("P")
T = TypeVar("T")


def warm_up() -> None:
    """Use each library once, so that the first picture does not wait for them to start: fonts alone take 0.1 s."""
    dot = np.full((8, 8, 3), 255, np.uint8)
    for name in ("png", "jpeg"):
        operations = [make_operation("resize", {"width": 4}), make_operation("text", {"text": "."})]
        encoded = run_hop(dot, [], Output.model_validate({"format": name})).image
        run_hop(encoded, operations, Output.model_validate({"format": name}))


class Timed(NamedTuple):
    """One step of a hop: decode, operation or encode, the operations that were run in it, and when, in seconds.

    `started` is one of `time.perf_counter`, which all processes of a machine share.
    """

    kind: str
    operations: tuple[str, ...]
    started: float
    seconds: float


@dataclass
class Timings:
    """Seconds of computing, by kind; `operations_s` has one entry for each of `operations`, the names of what was run.

    `steps` tells the same, one after another.
    """

    decode_s: float = 0.0
    operations: tuple[str, ...] = ()
    operations_s: tuple[float, ...] = ()
    encode_s: float = 0.0
    steps: tuple[Timed, ...] = ()


@dataclass
class HopResult:
    """What a hop made: encoded pictures where it had outputs, otherwise a picture; and the time it took."""

    _picture: Picture | None
    outputs: tuple[Rendered, ...]
    timings: Timings

    @property
    def picture(self) -> Picture:
        """The picture after the operations that all outputs share. Raises `Internal` where it stayed in another process."""
        if self._picture is None:
            raise Internal
        return self._picture

    @property
    def image(self) -> Image | bytes:
        """The one encoded picture, or the first frame's pixels."""
        return self.outputs[0].data if self.outputs else self.picture.frames[0]

    @property
    def size(self) -> Size:
        """The size of the first output, or of the picture."""
        return Size(self.outputs[0].info.width, self.outputs[0].info.height) if self.outputs else self.picture.size


def run_hop(
    source: Picture | Image | bytes,
    operations: Sequence[Operation],
    ends: Sequence[Rendition] | Output | None = None,
    *,
    reading: Reading | None = None,
    header: Header | None = None,
    limits: Limits = DEFAULT_LIMITS,
    deadline: Deadline = NO_DEADLINE,
) -> HopResult:
    """Decode where `source` is bytes, apply the operations one after another, and encode where there is an output.

    Args:
        ends: renditions that go on from there, each with its own operations and output; or the only output.
        reading: what the decoder has to deliver; where None, what the operations and outputs need.
        header: of `source`, where the caller has read it already.

    Raises:
        PixelmillError: what is wrong with the picture, or `DeadlineExceeded`; checked before each step.
    """
    set_up()
    if isinstance(ends, Output):
        ends = [Rendition.model_construct(name="", operations=(), output=ends)]
    ends = ends or ()
    limits.check_renditions(len(ends))
    for end in ends:
        limits.check_operations(len(operations) + len(end.operations))
    limits.check_operations(len(operations))
    run = _Run(limits, deadline)
    if isinstance(source, np.ndarray):
        source = Picture((source,))
    made: dict[str, Rendered] = {}
    if isinstance(source, Picture):
        picture = run.apply(source, operations)
        made |= run.finish(picture, ends)
    else:
        header, reading = run.look(source, operations, ends, reading, header)
        for part, part_reading in by_colors(ends, reading, header):
            picture = run.decode(bytes(source), operations, part_reading, header)
            made |= run.finish(picture, part)
    return HopResult(picture, tuple(made[end.name] for end in ends), run.timings)


def _by_operations(ends: Sequence[Rendition]) -> dict[tuple[Operation, ...], list[Rendition]]:
    chains: dict[tuple[Operation, ...], list[Rendition]] = {}
    for end in ends:
        chains.setdefault(end.operations, []).append(end)
    return chains


class _Run:
    """The steps of one hop, each of them checked and timed."""

    def __init__(self, limits: Limits, deadline: Deadline) -> None:
        self.limits = limits
        self.deadline = deadline
        self.timings = Timings()

    def look(
        self,
        source: bytes,
        operations: Sequence[Operation],
        ends: Sequence[Rendition],
        reading: Reading | None,
        header: Header | None,
    ) -> tuple[Header, Reading]:
        """Return the header, and what the decoder has to deliver."""
        started = time.perf_counter()
        first_frame = reading.first_frame if reading else bool(ends) and all(e.output.frames == "first" for e in ends)
        header = header or _guarded(probe, source, self.limits, first_frame=first_frame)
        self.timings.decode_s += self._took("header", (), started)
        return header, reading or reading_for(operations, ends, header)

    def decode(self, source: bytes, operations: Sequence[Operation], reading: Reading, header: Header) -> Picture:
        """Decode and apply the operations; a resize that comes first is run by the decoder's own pipeline."""
        self.deadline.check("decoding")
        started = time.perf_counter()
        first = operations[0] if operations else None
        still = header.frames == 1 or reading.first_frame
        if isinstance(first, Resize) and still and not is_sequence(source):
            self.limits.check_intermediate(first.name, *first.largest_size(header.size))
            picture = _guarded(_decode_resized, source, first, header, reading)
            self._ran((first,), 0.0)
            operations = operations[1:]
        else:
            picture = _guarded(read, source, header, reading)
        self.timings.decode_s += self._took("decode", self.timings.operations, started)
        return self.apply(picture, operations)

    def apply(self, picture: Picture, operations: Iterable[Operation]) -> Picture:
        """Apply operations; those that one table does at once run as one."""
        for step in fused(operations):
            first = step.operations[0]
            self.deadline.check(first.name)
            started = time.perf_counter()
            # Only a step of one operation changes the size.
            size = first.largest_size(picture.source or picture.size)
            self.limits.check_intermediate(first.name, *size, len(picture.frames))
            picture = _guarded(_applied, step, picture)
            names = tuple(operation.name for operation in step.operations)
            self._ran(step.operations, self._took("operation", names, started))
        return picture

    def finish(self, picture: Picture, ends: Sequence[Rendition]) -> dict[str, Rendered]:
        """Run each rendition's own operations, and encode it; those with the same ones differ only in how."""
        made: dict[str, Rendered] = {}
        for chain, several in _by_operations(ends).items():
            with in_rendition(several[0].name):
                result = self.apply(picture, chain)
            for end in several:
                with in_rendition(end.name):
                    made[end.name] = self.encode(result, end)
        return made

    def encode(self, picture: Picture, end: Rendition) -> Rendered:
        """Encode one output."""
        self.deadline.check("encoding")
        started = time.perf_counter()
        data, format, frames = _guarded(encode_picture, picture, end.output)
        self.timings.encode_s += self._took("encode", (), started)
        return Rendered(end.name, data, ImageInfo(format, *picture.size, len(data), frames))

    def _took(self, kind: str, operations: tuple[str, ...], started: float) -> float:
        """Note a step that has just ended, and return its seconds."""
        seconds = time.perf_counter() - started
        self.timings.steps += (Timed(kind, operations, started, seconds),)
        return seconds

    def _ran(self, operations: tuple[Operation, ...], seconds: float) -> None:
        """Note the time; operations that ran as one share it equally."""
        self.timings.operations += tuple(operation.name for operation in operations)
        self.timings.operations_s += (seconds / len(operations),) * len(operations)


def _applied(step: Step, picture: Picture) -> Picture:
    if picture.source is None:
        return picture.with_frames(step.apply_frames(picture.frames))
    operation = step.operations[0]
    if not isinstance(operation, Resize):
        raise Internal  # the decoder shrinks only for a resize
    return picture.with_frames(operation.resized(picture.frames, picture.source))


def _decode_resized(source: bytes, first: Resize, header: Header, reading: Reading) -> Picture:
    opened, metadata = open_source(source, header, reading)
    with vips_errors(f"decoding a {header.format.name}"):
        if not isinstance(opened, np.ndarray) and opened.hasalpha() and opened.width * opened.height <= LOOKED_AT:
            opened = from_vips(opened)
        return Picture(first.resized((opened,), header.size), metadata=metadata)


def _guarded(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call, and turn what no caller can make sense of into `Internal`."""
    try:
        return call(*args, **kwargs)
    except PixelmillError:
        raise
    except MemoryError as error:
        raise _out_of_memory() from error
    except Exception as error:
        import cv2

        if isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem:
            raise _out_of_memory() from error
        raise Internal from error


def _out_of_memory() -> OutOfMemory:
    return OutOfMemory("expected a picture and operations that fit into memory, got more than there is")
