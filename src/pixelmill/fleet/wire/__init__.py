"""Between our types and the messages of protos/image_processing.proto."""

from pixelmill.fleet.wire.calls import answer_kind, answer_message, fill_stage, outputs_of, rendered_as, stage_outputs
from pixelmill.fleet.wire.frames import SHARED_FROM, fill_encoded, fill_frame, frame_picture, shared_bytes
from pixelmill.fleet.wire.pictures import (
    reading_message,
    reading_of,
    rendered_message,
    rendered_of,
)
from pixelmill.fleet.wire.pipelines import (
    SHORT,
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
from pixelmill.fleet.wire.reports import Called, error_message, error_of, report_message, report_of, trace_message, trace_of

__all__ = [
    "SHARED_FROM",
    "SHORT",
    "Called",
    "answer_kind",
    "answer_message",
    "error_message",
    "error_of",
    "fill_encoded",
    "fill_frame",
    "fill_stage",
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
    "rendered_as",
    "rendered_message",
    "rendered_of",
    "rendition_message",
    "rendition_of",
    "report_message",
    "report_of",
    "shared_bytes",
    "spelling_of",
    "stage_outputs",
    "trace_message",
    "trace_of",
    "value_message",
    "value_of",
]
