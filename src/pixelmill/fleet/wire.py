"""Between our types and the messages of protos/image_processing.proto."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import image_processing_pb2 as pb
from pixelmill.codecs import Output
from pixelmill.errors import Internal, InvalidPipeline, PixelmillError, expected, from_reason
from pixelmill.operations import Operation, make_operation
from pixelmill.pipeline import Pipeline, make_output
from pixelmill.pixels import Image
from pixelmill.result import HopReport, Trace

MICRO = 1_000_000


def frame_message(image: Image) -> pb.Frame:
    """Return pixels as a message."""
    height, width, channels = image.shape
    return pb.Frame(width=width, height=height, channels=channels, pixels=image.tobytes())


def frame_image(frame: pb.Frame) -> Image:
    """Return a message's pixels, read-only.

    Raises:
        Internal: the message does not hold as many bytes as its size says.
    """
    shape = (frame.height, frame.width, frame.channels)
    pixels = np.frombuffer(frame.pixels, np.uint8)
    if min(shape) < 1 or frame.channels not in (1, 3, 4) or pixels.size != frame.height * frame.width * frame.channels:
        raise Internal(f"expected height × width × channels bytes for a frame, got {pixels.size} for {shape}")
    return pixels.reshape(shape)


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
    """Return an operation as a message, with every parameter that has a value."""
    parameters = operation.model_dump(exclude_none=True, exclude={"op"})
    parameters.pop("op", None)
    return pb.Operation(name=operation.name, parameters={name: value_message(item) for name, item in parameters.items()})


def operations_of(messages: Iterable[pb.Operation]) -> tuple[Operation, ...]:
    """Return the operations of messages. Raises `InvalidPipeline`."""
    return tuple(
        make_operation(message.name, {name: value_of(value) for name, value in message.parameters.items()})
        for message in messages
    )


def output_message(output: Output) -> pb.Output:
    """Return an output as a message."""
    return pb.Output(
        format=output.format, quality=output.quality or 0, lossless=output.lossless, background=output.background
    )


def output_of(message: pb.Output) -> Output:
    """Return a message's output. Raises `InvalidPipeline`."""
    options: dict[str, Any] = {"lossless": message.lossless}
    if message.quality:
        options["quality"] = message.quality
    if message.background:
        options["background"] = message.background
    return make_output(message.format or "source", options)


def pipeline_message(pipeline: Pipeline) -> pb.Pipeline:
    """Return a pipeline as a message."""
    return pb.Pipeline(
        operations=[operation_message(operation) for operation in pipeline.operations],
        output=output_message(pipeline.output),
    )


def pipeline_of(request: pb.RunPipelineRequest) -> Pipeline:
    """Return a request's pipeline, in whichever form it came. Raises `InvalidPipeline`."""
    form = request.WhichOneof("pipeline_form")
    if form == "pipeline":
        return Pipeline(operations=operations_of(request.pipeline.operations), output=output_of(request.pipeline.output))
    if form == "pipeline_text":
        return Pipeline.parse(request.pipeline_text)
    raise InvalidPipeline(expected("pipeline or pipeline_text", "the request", "neither"))


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


def report_of(message: pb.HopReport, *, pool: str = "", wall_s: float | None = None) -> HopReport:
    """Return a message's report; a caller gives the pool that it picked from and how long the call took it."""
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
        attempts=message.attempts or 1,
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
