"""Requests and answers as a whole: of a hop, and of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from weakref import WeakKeyDictionary

import image_processing_pb2 as pb
from pixelmill.fleet.wire.pictures import reading_message, rendered_message, rendered_of
from pixelmill.fleet.wire.pipelines import SHORT, operation_message, output_message, rendition_message
from pixelmill.fleet.wire.reports import trace_message
from pixelmill.pipeline import Rendition
from pixelmill.plan import Hop
from pixelmill.result import ImageInfo, Rendered, Result

_tasks: WeakKeyDictionary[Hop, bytes] = WeakKeyDictionary()


def fill_stage(message: pb.StageRequest, hop: Hop) -> None:
    """Write into a request what a hop is to do with its input."""
    task = _tasks.get(hop)
    if task is None:
        task = _task_message(hop).SerializeToString()
        if len(task) <= SHORT:
            _tasks[hop] = task
    message.MergeFromString(task)


def _task_message(hop: Hop) -> pb.StageRequest:
    is_one = answer_kind(hop) == "encoded"
    return pb.StageRequest(
        cost_s=hop.cost_s,
        operations=map(operation_message, hop.operations),
        reading=reading_message(hop.reading) if hop.reading else None,
        output=output_message(hop.ends[0].output) if is_one else None,
        renditions=() if is_one else map(rendition_message, hop.ends),
    )


def answer_kind(hop: Hop) -> Literal["frame", "encoded", "renditions"]:
    """Return the field of the answer that holds what a hop makes."""
    if any(end.name for end in hop.ends):
        return "renditions"
    return "encoded" if hop.ends else "frame"


def stage_outputs(answer: pb.StageResponse, ends: Sequence[Rendition]) -> tuple[Rendered, ...]:
    """Return what a hop encoded for `ends`, in their order."""
    if answer.renditions:
        return tuple(map(rendered_of, answer.renditions))
    return (rendered_as(ends[0].name, answer.encoded, answer),)


def rendered_as(name: str, data: bytes, answer: pb.StageResponse) -> Rendered:
    """Return what a hop encoded: `data`, which an answer tells about."""
    return Rendered(name, data, ImageInfo(answer.format, answer.width, answer.height, len(data), answer.frames or 1))


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
    data = answer.image_data
    info = ImageInfo(answer.format, answer.width, answer.height, len(data), answer.frames or 1)
    return (Rendered("", data, info),)
