"""Between our types and the messages of protos/image_processing.proto."""

from pixelmill.fleet.wire.calls import answer_kind, answer_message, fill_stage, outputs_of, stage_outputs
from pixelmill.fleet.wire.pictures import (
    frame_message,
    frame_picture,
    reading_message,
    reading_of,
    rendered_message,
    rendered_of,
)
from pixelmill.fleet.wire.pipelines import (
    operation_message,
    operations_of,
    output_message,
    output_of,
    pipeline_message,
    pipeline_of,
    pipeline_spelled,
    rendition_message,
    rendition_of,
    spelling_of,
    value_message,
    value_of,
)
from pixelmill.fleet.wire.reports import error_message, error_of, report_message, report_of, trace_message, trace_of

__all__ = [
    "answer_kind",
    "answer_message",
    "error_message",
    "error_of",
    "fill_stage",
    "frame_message",
    "frame_picture",
    "operation_message",
    "operations_of",
    "output_message",
    "output_of",
    "outputs_of",
    "pipeline_message",
    "pipeline_of",
    "pipeline_spelled",
    "reading_message",
    "reading_of",
    "rendered_message",
    "rendered_of",
    "rendition_message",
    "rendition_of",
    "report_message",
    "report_of",
    "spelling_of",
    "stage_outputs",
    "trace_message",
    "trace_of",
    "value_message",
    "value_of",
]
