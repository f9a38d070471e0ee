"""Every numeric parameter of every operation and of the output refuses what is no number within its range."""

from __future__ import annotations

import math
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

import annotated_types
import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from pixelmill import InvalidPipeline, Output, Pipeline
from pixelmill.operations import make_operation, operation_class, operation_names

NEVER: list[Any] = [
    math.nan,
    math.inf,
    -math.inf,
    1e300,
    -1e300,
    10**400,
    "nan",
    "inf",
    "1e999",
    "1e300",
    "9" * 5000,
    [],
    {},
]


def numbers(annotation: Any, metadata: list[Any]) -> list[Any] | None:
    """Return what bounds a numeric type, None for another type; optional numbers count."""
    if annotation in (int, float):
        return metadata
    metadata = [*metadata, *getattr(annotation, "__metadata__", ())]
    if hasattr(annotation, "__metadata__"):
        return numbers(get_args(annotation)[0], metadata)
    if get_origin(annotation) in (Union, types.UnionType):
        found = [numbers(each, metadata) for each in get_args(annotation)]
        return next((each for each in found if each is not None), None)
    return None


def bounds(metadata: list[Any]) -> dict[str, float]:
    """Return the bounds that a declaration gives: ge, gt, le, lt."""
    found: dict[str, float] = {}
    for each in metadata:
        if isinstance(each, FieldInfo):
            found |= bounds(each.metadata)
        for name in ("ge", "gt", "le", "lt"):
            if isinstance(each, getattr(annotated_types, name.capitalize())):
                found[name] = getattr(each, name)
    return found


def fields() -> Iterator[tuple[str, type[BaseModel], str, dict[str, float]]]:
    classes: list[tuple[str, type[BaseModel]]] = [(name, operation_class(name)) for name in operation_names()]
    classes.append(("output", Output))
    for name, cls in classes:
        for field, info in cls.model_fields.items():
            metadata = numbers(info.annotation, info.metadata)
            if metadata is not None:
                yield name, cls, field, bounds(metadata)


FIELDS = list(fields())


def refuses(name: str, cls: type[BaseModel], field: str, value: Any) -> None:
    """Whatever else is missing, `value` is one of the things that are wrong, and the caller gets our error."""
    if cls is Output:
        with pytest.raises(InvalidPipeline, match=rf"^expected .*\b{field}\b"):
            Output.model_validate({"format": "jpeg", field: value})
        return
    with pytest.raises(ValidationError) as refusal:
        cls.model_validate({field: value})
    assert field in {error["loc"][0] for error in refusal.value.errors() if error["loc"]}
    with pytest.raises(InvalidPipeline, match=r"^expected ") as ours:
        make_operation(name, {field: value})
    assert len(str(ours.value)) < 1000


def test_there_is_what_to_test() -> None:
    assert {("resize", "width"), ("blur", "sigma"), ("output", "quality")} <= {(name, field) for name, _, field, _ in FIELDS}


@pytest.mark.parametrize(("name", "cls", "field", "bounds"), FIELDS, ids=[f"{name}.{field}" for name, _, field, _ in FIELDS])
def test_a_number_is_bounded_on_both_sides(name: str, cls: type[BaseModel], field: str, bounds: dict[str, float]) -> None:
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    assert low is not None, "no lower bound"
    assert high is not None, "no upper bound"
    for value in (low - 1, high + 1, *([low] if "gt" in bounds else []), *([high] if "lt" in bounds else [])):
        refuses(name, cls, field, value)


@pytest.mark.parametrize(("name", "cls", "field", "bounds"), FIELDS, ids=[f"{name}.{field}" for name, _, field, _ in FIELDS])
@pytest.mark.parametrize("value", NEVER, ids=lambda value: repr(value)[:12])
def test_what_is_no_number_in_range_is_refused(
    name: str, cls: type[BaseModel], field: str, bounds: dict[str, float], value: Any
) -> None:
    refuses(name, cls, field, value)


def lists() -> Iterator[tuple[str, type[BaseModel], str]]:
    for name in operation_names():
        for field, info in operation_class(name).model_fields.items():
            if get_origin(info.annotation) in (tuple, list) and holds_numbers(info.annotation):
                yield name, operation_class(name), field


def holds_numbers(annotation: object) -> bool:
    """Tell whether a type is a number or, however deep, a list of some."""
    return annotation in (int, float) or any(map(holds_numbers, get_args(annotation)))


def test_there_are_lists_of_numbers() -> None:
    assert [(name, field) for name, _, field in lists()] == [("convolve", "kernel")]


@pytest.mark.parametrize(("name", "cls", "field"), list(lists()))
@pytest.mark.parametrize("value", NEVER, ids=lambda value: repr(value)[:12])
def test_numbers_in_lists_are_bounded_too(name: str, cls: type[BaseModel], field: str, value: Any) -> None:
    refuses(name, cls, field, [value] * 9)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_json_s_odd_numbers_are_refused(text: str) -> None:
    with pytest.raises(InvalidPipeline, match="expected "):
        Pipeline.from_json('{"operations": [{"op": "blur", "sigma": SIGMA}]}'.replace("SIGMA", text))
