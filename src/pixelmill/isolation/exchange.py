"""What a job and its result look like in shared memory.

A job is pickled, its pixels and files beside the pickle. A result is JSON with bytes beside it: who reads it does not trust
who wrote it.
"""

from __future__ import annotations

import json
import pickle
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import numpy as np

from pixelmill.codecs import FORMATS, Header, Output, Reading
from pixelmill.engine import HopResult, Timed, Timings
from pixelmill.errors import Internal, OperationFailed, PixelmillError, from_reason
from pixelmill.geometry import Size
from pixelmill.isolation.area import Piece
from pixelmill.limits import Limits
from pixelmill.operations import Operation
from pixelmill.picture import Metadata, Picture
from pixelmill.pipeline import Rendition
from pixelmill.result import ImageInfo, Rendered

MAX_CAUSE = 10_000


class CellTraceback(Exception):
    """Where an error came from in another process: its text is the traceback there."""

    def __str__(self) -> str:
        return "\n" + str(self.args[0])


@dataclass(frozen=True)
class _Job:
    """What is asked of a cell.

    Attributes:
        limits: what the picture is held against.
        until: the deadline, in seconds of a clock that all processes share.
        request_id: the request that it belongs to; empty where it is none.
    """

    limits: Limits
    until: float
    request_id: str


@dataclass(frozen=True)
class HopJob(_Job):
    """One call of `engine.run_hop`."""

    source: Picture | Piece
    operations: Sequence[Operation]
    ends: Sequence[Rendition] | Output | None
    reading: Reading | None


@dataclass(frozen=True)
class HeaderJob(_Job):
    """One call of `codecs.probe`."""

    source: Piece
    first_frame: bool


Job = HopJob | HeaderJob


def job_pieces(job: Job) -> list[Piece]:
    """Return a job as pieces for shared memory."""
    buffers: list[pickle.PickleBuffer] = []
    source = job.source if isinstance(job.source, Picture) else pickle.PickleBuffer(job.source)
    fields = {**vars(job), "source": source}
    data = pickle.dumps((type(job), fields), protocol=5, buffer_callback=buffers.append)
    return [data, *(buffer.raw() for buffer in buffers)]


def job_of(pieces: Sequence[memoryview]) -> Job:
    """Return the job of pieces; its pixels stay where they are."""
    kind, fields = pickle.loads(pieces[0], buffers=pieces[1:])
    job: Job = kind(**fields)
    return job


def result_pieces(result: HopResult, resident: int) -> list[Piece]:
    """Return a result as pieces; `resident` is the memory of the process that made it, bytes."""
    told: dict[str, Any] = {"timings": asdict(result.timings), "resident": resident}
    if result.outputs:
        told["outputs"] = [[output.name, *asdict(output.info).values()] for output in result.outputs]
        return [json.dumps(told).encode(), *(output.data for output in result.outputs)]
    picture = result.picture
    told["picture"] = [picture.delays_ms, picture.loop, picture.source, picture.metadata.names, picture.frames[0].shape]
    metadata = [value for value in vars(picture.metadata).values() if value]
    frames = [np.ascontiguousarray(frame).data for frame in picture.frames]
    return [json.dumps(told).encode(), *metadata, *frames]


def header_pieces(header: Header, resident: int) -> list[Piece]:
    """Return a header as pieces."""
    told = {**vars(header), "format": header.format.name, "profile": None}
    return [json.dumps({"header": told, "resident": resident}).encode(), *([header.profile] if header.profile else [])]


def error_pieces(error: PixelmillError, resident: int) -> list[Piece]:
    """Return an error as pieces."""
    told: dict[str, Any] = {"reason": error.reason, "message": str(error), "resident": resident}
    if isinstance(error, Internal | OperationFailed):
        told["cause"] = "".join(traceback.format_exception(error.__cause__ or error))[-MAX_CAUSE:]
    return [json.dumps(told).encode()]


def result_of(pieces: Sequence[memoryview]) -> tuple[HopResult | Header | PixelmillError, int]:
    """Return what became of a job, copied out of the pieces, and the memory of the process that did it.

    Raises:
        ValueError, TypeError, KeyError: what is written there makes no sense.
    """
    told = json.loads(bytes(pieces[0]))
    resident = int(told["resident"])
    if "reason" in told:
        error = from_reason(str(told["reason"]), str(told["message"]))
        if "cause" in told:
            error.__cause__ = CellTraceback(str(told["cause"]))
        return error, resident
    if "header" in told:
        return _header(told["header"], pieces[1:]), resident
    given = told["timings"]
    timings = Timings(
        float(given["decode_s"]),
        tuple(map(str, given["operations"])),
        tuple(map(float, given["operations_s"])),
        float(given["encode_s"]),
        tuple(
            Timed(str(kind), tuple(map(str, names)), float(started), float(seconds))
            for kind, names, started, seconds in given["steps"]
        ),
    )
    if "outputs" in told:
        outputs = tuple(_rendered(one, piece) for one, piece in zip(told["outputs"], pieces[1:], strict=True))
        return HopResult(None, outputs, timings), resident
    return HopResult(_picture(told["picture"], pieces[1:]), (), timings), resident


def _header(told: dict[str, Any], pieces: Sequence[memoryview]) -> Header:
    width, height = map(int, told["size"])
    return Header(
        FORMATS[str(told["format"])],
        Size(width, height),
        frames=int(told["frames"]),
        bands=int(told["bands"]),
        depth=int(told["depth"]),
        space=str(told["space"]),
        has_alpha=bool(told["has_alpha"]),
        orientation=int(told["orientation"]),
        profile=bytes(pieces[0]) if pieces else None,
    )


def _rendered(told: Sequence[Any], piece: memoryview) -> Rendered:
    name, format, width, height, _, frames = told
    return Rendered(str(name), bytes(piece), ImageInfo(str(format), int(width), int(height), len(piece), int(frames)))


def _picture(told: Sequence[Any], pieces: Sequence[memoryview]) -> Picture:
    delays_ms, loop, source, names, shape = told
    metadata = Metadata(**{str(name): bytes(piece) for name, piece in zip(names, pieces, strict=False)})
    frames = pieces[len(names) :]
    height, width, channels = map(int, shape)
    if not frames or channels not in (1, 3, 4) or any(len(frame) != prod((height, width, channels)) for frame in frames):
        raise ValueError(f"expected frames of {height}×{width}×{channels} bytes, got {list(map(len, frames))}")
    return Picture(
        tuple(np.frombuffer(bytes(frame), np.uint8).reshape(height, width, channels) for frame in frames),
        tuple(map(int, delays_ms)),
        int(loop),
        metadata,
        Size(*map(int, source)) if source else None,
    )
