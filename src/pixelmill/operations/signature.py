"""From a function's signature to an operation's fields. What is wrong with it is a TypeError when it is decorated."""

from __future__ import annotations

import base64
import binascii
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PlainSerializer, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from pixelmill.errors import expected, shown
from pixelmill.operations.base import Operation
from pixelmill.refusals import explain_refusal

INT64 = 2**63
MAX_BYTES = 8 * 1024 * 1024
RESERVED = {"op", "format", *dir(Operation), *Operation.__class_vars__}
"""Names that a parameter cannot have: they mean something else, in the pipeline's data or in Python."""
_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_ARGS = re.compile(r"^(Args|Arguments|Parameters):\s*$", re.MULTILINE)
_SECTION = re.compile(r"^\S.*:\s*$", re.MULTILINE)
_ARGUMENT = re.compile(r"^[ \t]+(\w+)(?: \([^)]*\))?:[ \t]*(.*)$")


def _details(bare: object, path: str) -> tuple[object, ...]:
    """Return what a type needs so that its values travel: whole numbers of 64 bits, and text for bytes where it is JSON.

    `path` is the parameter's, `posterize.levels`, for messages.
    """

    def whole(value: int | None) -> int | None:
        if value is not None and not -INT64 <= value < INT64:
            raise ValueError(expected("a whole number of 64 bits", path, value))
        return value

    def from_base64(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(expected("bytes, or base64,", path, value)) from None

    def short(data: bytes) -> bytes:
        if len(data) > MAX_BYTES:
            raise ValueError(expected(f"at most {MAX_BYTES} bytes", path, data))
        return data

    if bare is int:
        return (AfterValidator(whole),)
    if bare is bytes:
        as_text = PlainSerializer(lambda data: base64.b64encode(data).decode(), return_type=str, when_used="json")
        return (AfterValidator(short), BeforeValidator(from_base64), as_text)
    return ()


_SIMPLE = (bool, int, float, str, bytes)
_KINDS = "bool, int, float, str, bytes, a Literal of texts, or one of these or None"


def fields_of(function: Callable[..., object], name: str, described: Mapping[str, str]) -> dict[str, Any]:
    """Return an operation's fields, as pydantic's `create_model` takes them, for all parameters but the first one.

    Args:
        function: takes a picture, and its parameters by name only.
        name: the operation's name, for messages.
        described: descriptions of parameters, for those that have none of their own.

    Raises:
        TypeError: something about the signature is not as an operation needs it.
    """
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or parameters[0].kind not in _BY_PLACE:
        got = parameters[0] if parameters else "none"
        raise TypeError(f"expected the picture as the first parameter of {name}, got {got}")
    return {each.name: _field(function, name, each, described.get(each.name)) for each in parameters[1:]}


def _field(function: Callable[..., object], name: str, parameter: inspect.Parameter, description: str | None) -> Any:
    at = f"parameter {parameter.name} of {name}"
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise TypeError(f"expected each parameter of {name} by its own name, got {parameter}")
    if parameter.kind is not parameter.KEYWORD_ONLY:
        raise TypeError(f"expected {at} after a '*', as parameters are given by name, got it by place")
    if parameter.name in RESERVED or parameter.name.startswith(("_", "model_")):
        raise TypeError(f"expected another name for {at}: this one is reserved")
    if parameter.annotation is parameter.empty:
        raise TypeError(f"expected a type for {at}, got none")
    if isinstance(parameter.default, FieldInfo):
        raise TypeError(f"expected Annotated[TYPE, Field(…)] = DEFAULT for {at}, got Field(…) as its default")
    kind = _wire_type(_resolved(function, parameter, at), at, f"{name}.{parameter.name}")
    info = FieldInfo.from_annotation(kind)
    if info.alias or info.validation_alias or info.serialization_alias or info.exclude or info.default_factory:
        raise TypeError(f"expected neither an alias, exclude nor default_factory for {at}, got one of them")
    if description and not info.description:
        kind = Annotated[kind, Field(description=description)]
    default = info.default if parameter.default is parameter.empty else parameter.default
    if info.is_required() and parameter.default is parameter.empty:
        return (kind, ...)
    if default is not None and _may_be_none(kind):
        raise TypeError(f"expected None as the default of {at}, which may be None, got {shown(default)}")
    return (kind, _valid(kind, default, at))


def _resolved(function: Callable[..., object], parameter: inspect.Parameter, at: str) -> Any:
    """Return a parameter's type; with `from __future__ import annotations` it is text at first."""
    one = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return typing.get_type_hints(one, getattr(function, "__globals__", {}), include_extras=True)[parameter.name]
    except Exception as error:
        raise TypeError(f"expected a type for {at}, got {parameter.annotation!r}: {error}") from None


def _bare(kind: Any) -> Any:
    return typing.get_args(kind)[0] if typing.get_origin(kind) is Annotated else kind


def _may_be_none(kind: Any) -> bool:
    return typing.get_origin(_bare(kind)) in (types.UnionType, typing.Union)


def _wire_type(kind: Any, at: str, path: str) -> Any:
    """Return a type that accepts the same, and whose values survive all spellings of a pipeline."""
    bare = _bare(kind)
    if _may_be_none(kind):
        parts = [_bare(part) for part in typing.get_args(bare) if part is not type(None)]
        bare = parts[0] if len(parts) == 1 and parts[0] is not bytes else kind
    texts = typing.get_origin(bare) is Literal and all(isinstance(value, str) for value in typing.get_args(bare))
    if not texts and bare not in _SIMPLE:
        raise TypeError(f"expected {_KINDS} as the type of {at}, got {getattr(kind, '__name__', kind)}")
    for detail in _details(bare, path):
        kind = Annotated[kind, detail]
    return kind


def _valid(kind: Any, default: object, at: str) -> object:
    try:
        return TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False)).validate_python(default)
    except ValidationError as error:
        raise TypeError(explain_refusal(Operation, f"the default of {at}", error)) from None


def described(text: str) -> tuple[str, dict[str, str]]:
    """Return a docstring without its section "Args:", and what that says of each parameter."""
    text = inspect.cleandoc(text)
    start = _ARGS.search(text)
    if not start:
        return text, {}
    end = _SECTION.search(text, start.end())
    section = text[start.end() : end.start() if end else len(text)]
    rest = text[: start.start()].rstrip() + ("\n\n" + text[end.start() :] if end else "")
    found: dict[str, str] = {}
    last = ""
    for line in section.splitlines():
        match = _ARGUMENT.match(line)
        if match:
            last = match[1]
            found[last] = match[2]
        elif last and line.strip():
            found[last] += " " + line.strip()
    return rest.strip(), found
