"""The JSON Schema of pipelines, made from the operations' own declarations."""

from __future__ import annotations

from typing import Any

from pixelmill.codecs import Output
from pixelmill.limits import DEFAULT_LIMITS, Limits
from pixelmill.operations import Operation, operation_class, operation_names
from pixelmill.pipeline import Rendition

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def pipeline_schema(limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Return the JSON Schema that every pipeline in JSON or YAML follows.

    Each operation is a definition of its own, told by its "op".
    """
    names = operation_names()
    operations = {
        "type": "array",
        "maxItems": limits.max_operations,
        "items": {
            "type": "object",
            "required": ["op"],
            "oneOf": [{"$ref": f"#/$defs/{name}"} for name in names],
        },
    }
    steps = {"operations": operations, "output": {"$ref": "#/$defs/output"}}
    rendition = Rendition.model_json_schema()
    return {
        "$schema": DIALECT,
        "title": "Pipeline",
        "description": "Operations in the order in which they run, and how the result is encoded; or, in place of that, "
        "renditions: several pictures, each made by what it adds.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **steps,
            "renditions": {
                "type": "array",
                "maxItems": limits.max_renditions,
                "items": {
                    "description": rendition["description"],
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name"],
                    "properties": {"name": rendition["properties"]["name"], **steps},
                },
            },
        },
        "$defs": {
            **{name: operation_schema(operation_class(name)) for name in names},
            "output": {**Output.model_json_schema(), "x-positional": list(Output.positional)},
        },
    }


def operation_schema(cls: type[Operation]) -> dict[str, Any]:
    """Return the JSON Schema of one operation.

    Beside what the standard knows: `x-pool`, where it runs on a fleet, and `x-positional`, the parameters that the
    compact form takes without a name.
    """
    schema = cls.model_json_schema()
    properties = {"op": {"const": cls.name}, **schema.get("properties", {})}
    for name, field in cls.model_fields.items():
        if field.annotation is bytes:
            # Bytes are base64 in JSON; lengths in the declaration are those of the bytes.
            kept = {key: value for key, value in properties[name].items() if key not in ("format", "minLength", "maxLength")}
            properties[name] = {**kept, "contentEncoding": "base64"}
    return {
        **schema,
        "title": cls.name,
        "properties": properties,
        "required": ["op", *schema.get("required", [])],
        "x-pool": cls.pool,
        "x-positional": list(cls.positional),
    }
