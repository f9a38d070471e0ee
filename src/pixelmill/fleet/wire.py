"""Between our types and the messages of protos/image_processing.proto."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import Any, Literal

import numpy as np

import image_processing_pb2 as pb
from pixelmill.codecs import KEPT, Output, Reading
from pixelmill.errors import Internal, InvalidPipeline, OperationNotInstalled, PixelmillError, expected, from_reason, shown
from pixelmill.geometry import Size
from pixelmill.operations import Operation, find, hint, make_operation, version
from pixelmill.picture import Metadata, Picture
from pixelmill.pipeline import Pipeline, Rendition, make_output
from pixelmill.plan import Hop
from pixelmill.result import HopReport, ImageInfo, Rendered, Result, Trace

MICRO = 1_000_000
SHORT = 4096
"""Spellings of pipelines up to that length are remembered, characters or bytes."""


def frame_message(picture: Picture) -> pb.Frame:
    """Return a picture as a message."""
    height, width, channels = picture.frames[0].shape
    metadata = picture.metadata
    frame = pb.Frame(
        width=width,
        height=height,
        channels=channels,
        pixels=b"".join(frame.tobytes() for frame in picture.frames),
        frames=len(picture.frames),
        delays_ms=picture.delays_ms,
        loop=picture.loop,
        icc=metadata.icc or b"",
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
    )
    if picture.source:
        frame.source_width, frame.source_height = picture.source
    return frame


def frame_picture(frame: pb.Frame) -> Picture:
    """Return a message's picture, its pixels read-only.

    Raises:
        Internal: the message does not hold as many bytes as its size says.
    """
    shape = (frame.frames or 1, frame.height, frame.width, frame.channels)
    pixels = np.frombuffer(frame.pixels, np.uint8)
    if min(shape) < 1 or frame.channels not in (1, 3, 4) or pixels.size != prod(shape):
        raise Internal(f"expected frames × height × width × channels bytes for a frame, got {pixels.size} for {shape}")
    return Picture(
        tuple(pixels.reshape(shape)),
        tuple(frame.delays_ms),
        frame.loop,
        Metadata(frame.icc or None, frame.exif or None, frame.xmp or None),
        Size(frame.source_width, frame.source_height) if frame.source_width else None,
    )


def reading_message(reading: Reading) -> pb.Reading:
    """Return what a decoder shall deliver as a message."""
    width, height = reading.at_least or (0, 0)
    return pb.Reading(first_frame=reading.first_frame, keep=reading.keep, at_least_width=width, at_least_height=height)


def reading_of(message: pb.Reading) -> Reading:
    """Return a message's reading."""
    at_least = Size(message.at_least_width, message.at_least_height) if message.at_least_width else None
    return Reading(message.first_frame, tuple(name for name in KEPT if name in message.keep), at_least)


def value_message(value: object) -> pb.Value:
    """Return a parameter's value as a message."""
    match value:
        case bool():
            return pb.Value(bool_value=value)
        case int():
            return pb.Value(int_value=value)
        case float():
            return pb.Value(float_value=value)
        case bytes():
            return pb.Value(bytes_value=value)
        case tuple() | list():
            return pb.Value(numbers_value=pb.NumberList(numbers=value))
        case _:
            return pb.Value(string_value=str(value))


def value_of(message: pb.Value) -> Any:
    """Return a message's value; None where it holds none."""
    kind = message.WhichOneof("kind")
    if kind == "numbers_value":
        return list(message.numbers_value.numbers)
    return getattr(message, kind) if kind else None


def operation_message(operation: Operation) -> pb.Operation:
    """Return an operation as a message, with every parameter that has a value. It must not be changed."""
    small = not any(isinstance(value, bytes) for value in vars(operation).values())
    return _remembered_message(operation) if small else _operation_message(operation)


def _operation_message(operation: Operation) -> pb.Operation:
    parameters = operation.model_dump(exclude_none=True, exclude={"op"})
    parameters.pop("op", None)
    return pb.Operation(name=operation.name, parameters={name: value_message(item) for name, item in parameters.items()})


# Most requests are alike but for their pictures.
_remembered_message = lru_cache(1024)(_operation_message)


def operations_of(messages: Iterable[pb.Operation]) -> tuple[Operation, ...]:
    """Return the operations of messages.

    Raises:
        InvalidPipeline: a parameter does not exist, or a value is out of range.
        OperationNotInstalled: an operation does not exist here. Its sender has it, as it was not just written by somebody.
    """
    return tuple(map(_operation_of, messages))


def _operation_of(message: pb.Operation) -> Operation:
    if find(message.name) is None:
        raise OperationNotInstalled(
            f"expected an operation that is installed, got {shown(message.name)}; {hint(message.name)}"
        )
    return make_operation(message.name, {name: value_of(value) for name, value in message.parameters.items()})


def output_message(output: Output) -> pb.Output:
    """Return an output as a message; what it leaves out has its default."""
    return pb.Output(**{"format": output.format, **output.model_dump(exclude_defaults=True)})


def output_of(message: pb.Output) -> Output:
    """Return a message's output. Raises `InvalidPipeline`."""
    options: dict[str, Any] = {
        field.name: tuple(value) if field.is_repeated else value for field, value in message.ListFields()
    }
    return make_output(options.pop("format", "source"), options)


def rendition_message(rendition: Rendition) -> pb.Rendition:
    """Return a rendition as a message."""
    operations = map(operation_message, rendition.operations)
    return pb.Rendition(name=rendition.name, operations=operations, output=output_message(rendition.output))


def rendition_of(message: pb.Rendition) -> Rendition:
    """Return a message's rendition. Raises `InvalidPipeline`."""
    return Rendition.model_construct(
        name=message.name, operations=operations_of(message.operations), output=output_of(message.output)
    )


def rendered_message(rendered: Rendered) -> pb.Rendered:
    """Return an encoded picture of several as a message."""
    info = rendered.info
    return pb.Rendered(
        name=rendered.name,
        data=rendered.data,
        format=info.format,
        width=info.width,
        height=info.height,
        frames=info.frames,
    )


def rendered_of(message: pb.Rendered) -> Rendered:
    """Return a message's encoded picture."""
    size = len(message.data)
    info = ImageInfo(message.format, message.width, message.height, size, message.frames or 1)
    return Rendered(message.name, message.data, info)


def fill_stage(message: pb.StageRequest, hop: Hop) -> None:
    """Write into a request what a hop is to do with its input."""
    message.cost_s = hop.cost_s
    message.operations.extend(map(operation_message, hop.operations))
    if hop.reading:
        message.reading.CopyFrom(reading_message(hop.reading))
    if answer_kind(hop) == "encoded":
        message.output.CopyFrom(output_message(hop.ends[0].output))
    else:
        message.renditions.extend(map(rendition_message, hop.ends))


def answer_kind(hop: Hop) -> Literal["frame", "encoded", "renditions"]:
    """Return the field of the answer that holds what a hop makes."""
    if any(end.name for end in hop.ends):
        return "renditions"
    return "encoded" if hop.ends else "frame"


def stage_outputs(answer: pb.StageResponse, ends: Sequence[Rendition]) -> tuple[Rendered, ...]:
    """Return what a hop encoded for `ends`, in their order."""
    if answer.renditions:
        return tuple(map(rendered_of, answer.renditions))
    info = ImageInfo(answer.format, answer.width, answer.height, len(answer.encoded), answer.frames or 1)
    return (Rendered(ends[0].name, answer.encoded, info),)


def answer_message(id: str, result: Result) -> pb.RunPipelineResponse:
    """Return a result as the answer to the request that the caller calls `id`."""
    answer = pb.RunPipelineResponse(id=id, trace=trace_message(result.trace))
    if len(result.outputs) > 1 or result.outputs[0].name:
        answer.renditions.extend(map(rendered_message, result.outputs))
    else:
        info = result.info
        answer.image_data, answer.format = result.data, info.format
        answer.width, answer.height, answer.frames = info.width, info.height, info.frames
    return answer


def outputs_of(answer: pb.RunPipelineResponse) -> tuple[Rendered, ...]:
    """Return an answer's encoded pictures: one, or one for each rendition."""
    if answer.renditions:
        return tuple(map(rendered_of, answer.renditions))
    info = ImageInfo(answer.format, answer.width, answer.height, len(answer.image_data), answer.frames or 1)
    return (Rendered("", answer.image_data, info),)


def pipeline_message(pipeline: Pipeline) -> pb.Pipeline:
    """Return a pipeline as a message."""
    return pb.Pipeline(
        operations=map(operation_message, pipeline.operations),
        output=None if pipeline.renditions else output_message(pipeline.output),
        renditions=map(rendition_message, pipeline.renditions),
    )


def spelling_of(request: pb.RunPipelineRequest) -> str | bytes:
    """Return what tells a request's pipeline from others, as it came: text or a message's bytes; empty where it is long."""
    if request.WhichOneof("pipeline_form") == "pipeline_text":
        return request.pipeline_text if len(request.pipeline_text) <= SHORT else ""
    return request.pipeline.SerializeToString(deterministic=True) if request.pipeline.ByteSize() <= SHORT else b""


def pipeline_of(request: pb.RunPipelineRequest) -> Pipeline:
    """Return a request's pipeline, in whichever form it came. Raises `InvalidPipeline`."""
    spelling = spelling_of(request)
    if spelling:
        return pipeline_spelled(spelling, version())
    form = request.WhichOneof("pipeline_form")
    if form is None:
        raise InvalidPipeline(expected("pipeline or pipeline_text", "the request", "neither"))
    return Pipeline.parse(request.pipeline_text) if form == "pipeline_text" else _pipeline_of(request.pipeline)


def _pipeline_of(message: pb.Pipeline) -> Pipeline:
    data: dict[str, object] = {"operations": operations_of(message.operations)}
    if message.HasField("output"):
        data["output"] = output_of(message.output)
    return Pipeline.from_data({**data, "renditions": [dict(rendition_of(one)) for one in message.renditions]})


@lru_cache(1024)
def pipeline_spelled(spelling: str | bytes, version: int) -> Pipeline:
    """Return the pipeline that is spelled so; what operations there are makes a version."""
    return Pipeline.parse(spelling) if isinstance(spelling, str) else _pipeline_of(pb.Pipeline.FromString(spelling))


def report_message(report: HopReport) -> pb.HopReport:
    """Return a hop's report as a message."""
    return pb.HopReport(
        instance=report.instance,
        pool=report.pool,
        operations=report.operations,
        decode_us=_micro(report.decode_s),
        operations_us=[_micro(seconds) for seconds in report.operations_s],
        encode_us=_micro(report.encode_s),
        queue_us=_micro(report.queue_s),
        transfer_us=_micro(report.transfer_s),
        bytes_in=report.bytes_in,
        bytes_out=report.bytes_out,
        attempts=report.attempts,
    )


def report_of(message: pb.HopReport, *, pool: str = "", wall_s: float | None = None, again: int = 0) -> HopReport:
    """Return a message's report; a caller gives the pool that it picked from, how long the call took, and calls before."""
    report = HopReport(
        instance=message.instance,
        pool=pool or message.pool,
        operations=tuple(message.operations),
        decode_s=message.decode_us / MICRO,
        operations_s=tuple(micro / MICRO for micro in message.operations_us),
        encode_s=message.encode_us / MICRO,
        queue_s=message.queue_us / MICRO,
        transfer_s=message.transfer_us / MICRO,
        bytes_in=message.bytes_in,
        bytes_out=message.bytes_out,
        attempts=(message.attempts or 1) + again,
    )
    return report if wall_s is None else replace(report, transfer_s=max(0.0, wall_s - report.queue_s - report.compute_s))


def trace_message(trace: Trace) -> pb.Trace:
    """Return a trace as a message."""
    return pb.Trace(
        request_id=trace.request_id,
        hops=[report_message(hop) for hop in trace.hops],
        queue_us=_micro(trace.queue_s),
        total_us=_micro(trace.total_s),
    )


def trace_of(message: pb.Trace) -> Trace:
    """Return a message's trace."""
    hops: Sequence[HopReport] = [report_of(hop) for hop in message.hops]
    return Trace(message.request_id, tuple(hops), message.queue_us / MICRO, message.total_us / MICRO)


def error_message(error: PixelmillError) -> pb.Error:
    """Return an error as a message."""
    return pb.Error(reason=error.reason, message=str(error))


def error_of(message: pb.Error) -> PixelmillError:
    """Return a message's error."""
    return from_reason(message.reason, message.message)


def _micro(seconds: float) -> int:
    return round(seconds * MICRO)
