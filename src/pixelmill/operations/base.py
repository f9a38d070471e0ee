"""What an operation is, and the registry of all of them.

An operation is a frozen value: its parameters. Declaring them once, as typed fields with a range, a unit and a
description, gives validation, the JSON Schema, the command line's help and the wire form. `apply` is pure: it gets
pixels and returns pixels.

Heavy libraries (OpenCV, libvips) are imported inside `apply`, so that parsing a pipeline or printing help stays quick.
"""

from __future__ import annotations

import difflib
import re
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_serializer
from pydantic_core.core_schema import SerializerFunctionWrapHandler

from pixelmill.errors import InvalidPipeline, shown
from pixelmill.geometry import Size
from pixelmill.pixels import Image
from pixelmill.refusals import explain_refusal

Pool = Literal["resize", "filter", "watermark"]


class Operation(BaseModel):
    """The base of every operation."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: ClassVar[str]
    pool: ClassVar[Pool]
    positional: ClassVar[tuple[str, ...]] = ()
    """Parameters that the compact text form takes without a name, in this order; "width×height" is one item, `WxH`."""

    def output_size(self, size: Size) -> Size:
        """Return the size of the result for a picture of `size`; the largest possible one where it depends on the pixels."""
        return size

    def largest_size(self, size: Size) -> Size:
        """Return the size of the largest picture that is made on the way to the result."""
        return self.output_size(size)

    def apply(self, image: Image) -> Image:
        """Return the result for `image`, which is not changed."""
        raise NotImplementedError

    def apply_frames(self, frames: tuple[Image, ...]) -> tuple[Image, ...]:
        """Return the result for each frame of an animation; all of them must get the same size.

        Each frame is a picture of its own. Only an operation whose result's size depends on the pixels (trim, say) looks at
        all of them.
        """
        return tuple(map(self.apply, frames))

    @model_serializer(mode="wrap")
    def _with_name(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {"op": self.name, **handler(self)}


_registry: dict[str, type[Operation]] = {}
Registered = TypeVar("Registered", bound=type[Operation])


def register(cls: Registered) -> Registered:
    """Add an operation to the registry, under its class's name in snake case.

    Raises:
        ValueError: an operation of that name exists already.
    """
    cls.name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
    if cls.name in _registry:
        raise ValueError(f"there is an operation named {cls.name!r} already: {_registry[cls.name]}")
    _registry[cls.name] = cls
    return cls


def operation_names() -> tuple[str, ...]:
    """Return the names of all operations, in order of their registration."""
    return tuple(_registry)


def operation_class(name: object) -> type[Operation]:
    """Return the operation of that name.

    Raises:
        InvalidPipeline: there is none; the message names the closest one.
    """
    cls = _registry.get(name) if isinstance(name, str) else None
    if cls is None:
        close = difflib.get_close_matches(str(name)[:100], _registry, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(_registry)}"
        raise InvalidPipeline(f"expected an operation's name, got {shown(name)}{hint}")
    return cls


def make_operation(name: object, parameters: dict[str, Any]) -> Operation:
    """Build the operation `name` from its parameters.

    Raises:
        InvalidPipeline: no such operation or parameter, or a value out of range.
    """
    cls = operation_class(name)
    try:
        return cls.model_validate(parameters)
    except ValidationError as error:
        raise InvalidPipeline(explain_refusal(cls, cls.name, error)) from None
