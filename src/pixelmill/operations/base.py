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

from pixelmill import plugins
from pixelmill.errors import InvalidPipeline, shown
from pixelmill.geometry import Size
from pixelmill.pixels import Image
from pixelmill.refusals import explain_refusal

CUSTOM_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
UNKNOWN_EFFORT_NS = 50.0
"""What a plugin's operation is taken to need: what it does is not known."""
Pool = Literal["resize", "filter", "watermark"]


class Operation(BaseModel):
    """The base of every operation."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: ClassVar[str]
    pool: ClassVar[Pool]
    positional: ClassVar[tuple[str, ...]] = ()
    """Parameters that the compact text form takes without a name, in this order; "width×height" is one item, `WxH`."""
    everywhere: ClassVar[bool] = True
    """Whether every instance has it. Those of plugins are only where these are installed."""
    sized: ClassVar[bool] = True
    """Whether `output_size` tells: not where that depends on the pixels, or where only who has the operation knows."""

    @property
    def effort_ns(self) -> float:
        """About how long one core works on it, in ns for each pixel of the picture or of the result, whichever has more."""
        return 3.0 if self.everywhere else UNKNOWN_EFFORT_NS

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

        Each frame is a picture of its own. Only an operation that measures the picture looks at all of them, and does the
        same to each: trim, smart crops, contrast, auto-level.
        """
        return tuple(map(self.apply, frames))

    @model_serializer(mode="wrap")
    def _with_name(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {"op": self.name, **_without_negative_zero(handler(self))}


def _without_negative_zero(value: Any) -> Any:
    """Return parameters with 0 for −0, which is equal to it and must not be spelled differently."""
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, (list, tuple)):
        return type(value)(_without_negative_zero(part) for part in value)
    return {key: _without_negative_zero(part) for key, part in value.items()} if isinstance(value, dict) else value


_registry: dict[str, type[Operation]] = {}
_version = 0
Registered = TypeVar("Registered", bound=type[Operation])


def register(cls: Registered) -> Registered:
    """Add an operation to the registry, under its class's name in snake case.

    Raises:
        ValueError: an operation of that name exists already.
    """
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
    if name in _registry:
        raise ValueError(f"there is an operation named {name!r} already: {_registry[name]}")
    return add(name, cls)


def add(name: str, cls: Registered) -> Registered:
    """Put an operation into the registry, in place of any other of that name."""
    cls.name = name
    _registry[name] = cls
    changed()
    return cls


def changed() -> None:
    """Take note that texts may from now on mean other pipelines than before."""
    global _version
    _version += 1


def version() -> int:
    """Return a number that is another one whenever texts may mean other pipelines than before."""
    return _version


def registered(name: object) -> type[Operation] | None:
    """Return the operation of that name, as far as it is known without a look at what is installed."""
    return _registry.get(name) if isinstance(name, str) else None


def find(name: object) -> type[Operation] | None:
    """Return the operation of that name, None where there is none. Plugins are imported where no other has it."""
    found = registered(name)
    if found is None and isinstance(name, str):
        plugins.load()
        found = registered(name)
    return found


def built_in_names() -> tuple[str, ...]:
    """Return the names of the operations that every instance has, in order of their registration."""
    return tuple(name for name, cls in _registry.items() if cls.everywhere)


def operation_names() -> tuple[str, ...]:
    """Return the names of all operations, plugins' too, in order of their registration."""
    plugins.load()
    return tuple(_registry)


def operation_class(name: object) -> type[Operation]:
    """Return the operation of that name.

    Raises:
        InvalidPipeline: there is none; the message names the closest one.
    """
    cls = find(name)
    if cls is None:
        raise InvalidPipeline(f"expected an operation's name, got {shown(name)}; {hint(name)}")
    return cls


def hint(name: object) -> str:
    """Return what may help somebody who asked for an operation that does not exist."""
    failure = plugins.failure(name)
    if failure:
        return failure
    close = difflib.get_close_matches(str(name)[:100], _registry, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(_registry)}"


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
