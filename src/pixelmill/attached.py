"""Files that a pipeline's text names: `@FILE` as the value of a parameter that takes bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pixelmill.errors import InvalidPipeline, expected
from pixelmill.operations import operation_class, operation_names
from pixelmill.operations.watermark import MAX_LOGO_BYTES


def with_files(data: object, folder: Path) -> object:
    """Return a pipeline's data with the contents of files in place of their names, which are relative to `folder`.

    Raises:
        InvalidPipeline: one of them cannot be read.
    """
    if not isinstance(data, dict):
        return data
    read = dict(data)
    if isinstance(data.get("operations"), list):
        read["operations"] = [
            read_files(item["op"], item, folder) if isinstance(item, dict) and item.get("op") in operation_names() else item
            for item in data["operations"]
        ]
    if isinstance(data.get("renditions"), list):
        read["renditions"] = [with_files(one, folder) for one in data["renditions"]]
    return read


def read_files(name: str, parameters: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the parameters of the operation `name` with the contents of files in place of their names.

    Raises:
        InvalidPipeline: one of them cannot be read.
    """
    fields = operation_class(name).model_fields
    return {
        key: _contents(f"{name}.{key}", value, folder)
        if key in fields and fields[key].annotation is bytes and isinstance(value, str)
        else value
        for key, value in parameters.items()
    }


def _contents(parameter: str, value: str, folder: Path) -> bytes | str:
    """Return the contents of the file that `@FILE` names; another value is the contents themselves, in base64."""
    if not value.startswith("@"):
        if len(value) < 1000 and (folder / value).is_file():
            raise InvalidPipeline(expected("@FILE", parameter, value) + f"; write @{value} for what is in the file")
        return value
    path = folder / value[1:]
    try:
        with path.open("rb") as file:
            return file.read(MAX_LOGO_BYTES + 1)
    except OSError as error:
        raise InvalidPipeline(f"expected a readable file for {parameter}, got {str(path)!r}: {error.strerror}") from None
