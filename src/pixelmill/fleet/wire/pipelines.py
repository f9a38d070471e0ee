"""What is to be done with a picture, as messages: operations, outputs, renditions, pipelines."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import image_processing_pb2 as pb
from pixelmill.codecs import Output
from pixelmill.errors import InvalidPipeline, OperationNotInstalled, expected, shown
from pixelmill.operations import Operation, find, hint, make_operation, version
from pixelmill.pipeline import Pipeline, Rendition, make_output

SHORT = 4096
"""Spellings of pipelines up to that length are remembered, characters or bytes."""


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
    # A plugin's own may take numbers of any type: those that are equal are not the same there, as 1 and true.
    small = operation.everywhere and not any(isinstance(value, bytes) for value in vars(operation).values())
    return _remembered_message(operation) if small else _operation_message(operation)


def _operation_message(operation: Operation) -> pb.Operation:
    parameters = operation.model_dump(exclude_none=True, exclude={"op"})
    parameters.pop("op", None)
    return pb.Operation(name=operation.name, parameters={name: value_message(item) for name, item in parameters.items()})


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
    spelling = message.SerializeToString(deterministic=True)
    return _operation_spelled(spelling, version()) if len(spelling) <= SHORT else _made_operation(message)


@lru_cache(1024)
def _operation_spelled(spelling: bytes, version: int) -> Operation:
    return _made_operation(pb.Operation.FromString(spelling))


def _made_operation(message: pb.Operation) -> Operation:
    return make_operation(message.name, {name: value_of(value) for name, value in message.parameters.items()})


def output_message(output: Output) -> pb.Output:
    """Return an output as a message; what it leaves out has its default."""
    return pb.Output(**{"format": output.format, **output.model_dump(exclude_defaults=True)})


def output_of(message: pb.Output) -> Output:
    """Return a message's output. Raises `InvalidPipeline`."""
    return _output_spelled(message.SerializeToString(deterministic=True))


@lru_cache(256)
def _output_spelled(spelling: bytes) -> Output:
    options: dict[str, Any] = {
        field.name: tuple(value) if field.is_repeated else value
        for field, value in pb.Output.FromString(spelling).ListFields()
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


def pipeline_of(request: pb.RunPipelineRequest, spelling: str | bytes = "") -> Pipeline:
    """Return a request's pipeline, in whichever form it came; one that is remembered by its spelling, where that is given.

    Raises:
        InvalidPipeline: it is none.
    """
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
