"""What the OpenAPI document says of a request to process a picture, with examples that run."""

from __future__ import annotations

import base64
from typing import Any

from pixelmill.web.answers import Processed

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAwAAAAICAIAAABChommAAAAGUlEQVR42mNkYGgQYWDAj1gY5BgIguGtCAAK7gJMdzBnRAAAAABJRU5ErkJggg=="
)
"""A small PNG."""
PIPELINES = {
    "compact": {"summary": "The compact form", "value": "resize:8x8 | sepia | webp:80"},
    "json": {
        "summary": "JSON",
        "value": '{"operations": [{"op": "resize", "width": 8}, {"op": "sepia"}], "output": {"format": "webp"}}',
    },
    "yaml": {
        "summary": "YAML",
        "value": "operations:\n- op: resize\n  width: 8\n  height: 8\n- op: sepia\noutput:\n  format: webp\n",
    },
    "several": {"summary": "Several pictures", "value": "sepia | { small = resize:6x | webp; large = resize:10x | jpeg }"},
    "auto": {"summary": "The format by the Accept header", "value": "sepia | auto"},
}
SAID = {"pipeline": "what is done", "placement": "how it is spread", "timeout_s": "time that it may take, seconds"}
_TEXT = {"type": "string"}
_PLACEMENT = {"type": "string", "enum": ["auto", "spread", "grouped", "fused"]}
_TIMEOUT = {"type": "number", "exclusiveMinimum": 0, "maximum": 3600}
_HEADER_PIPELINES = {name: one for name, one in PIPELINES.items() if name != "yaml"}


def _parameter(name: str, place: str, description: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "required": False, "description": description, "schema": schema, **more}


PROCESS: dict[str, Any] = {
    "parameters": [
        _parameter("pipeline", "query", "the pipeline: compact, JSON or YAML", _TEXT, examples=PIPELINES),
        _parameter("placement", "query", "how its steps are spread over the fleet", _PLACEMENT, example="fused"),
        _parameter("timeout_s", "query", "time that the request may take, seconds", _TIMEOUT, example=10),
        _parameter("X-Pipeline", "header", "the same as in the query", _TEXT, examples=_HEADER_PIPELINES),
        _parameter("X-Placement", "header", "the same as in the query", _PLACEMENT, example="grouped"),
        _parameter("X-Timeout-S", "header", "the same as in the query", _TIMEOUT, example=10),
        _parameter("X-Request-Id", "header", "an id of your own for the request", _TEXT, example="my-request-1"),
    ],
    "requestBody": {
        "required": True,
        "description": "The picture as it is, whatever its Content-Type says, or a form.",
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "additionalProperties": False,
                    "properties": {
                        "image": {"type": "string", "format": "binary", "description": "the picture: one file of any name"},
                        "pipeline": {**_TEXT, "description": "compact, JSON or YAML"},
                        "placement": _PLACEMENT,
                        "timeout_s": _TIMEOUT,
                    },
                },
                "examples": {
                    name: {"summary": one["summary"], "value": {"pipeline": one["value"], "placement": "fused"}}
                    for name, one in PIPELINES.items()
                },
            },
        },
    },
}
_TEXT_HEADER = {"schema": {"type": "string"}}
_NUMBER_HEADER = {"schema": {"type": "integer"}}
PROCESSED: dict[str, Any] = {
    "model": Processed,
    "description": "The picture, in the format that the pipeline says; several as multipart/mixed; or JSON",
    "content": {
        "image/*": {"schema": {"type": "string", "format": "binary"}},
        "multipart/mixed": {"schema": {"type": "string", "format": "binary"}},
    },
    "headers": {
        "Server-Timing": {"description": "queue, each hop, and the whole, milliseconds", **_TEXT_HEADER},
        "X-Request-Id": {"description": "the request's id, for /v1/requests/{id}", **_TEXT_HEADER},
        "X-Pixelmill-Instances": {"description": "those that worked on it", **_TEXT_HEADER},
        "X-Pixelmill-Width": {"description": "the picture's width, px", **_NUMBER_HEADER},
        "X-Pixelmill-Height": {"description": "the picture's height, px", **_NUMBER_HEADER},
        "X-Pixelmill-Frames": {"description": "how many frames it has", **_NUMBER_HEADER},
    },
}
