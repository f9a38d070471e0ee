"""Functions that are no operations: what `@pixelmill.operation` says of their names, signatures and types."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import Field

import pixelmill
from pixelmill import Pipeline
from pixelmill.operations import base
from pixelmill.operations.custom import OF_PIPELINES
from pixelmill.pixels import Image
from tests.pictures import photo

pytestmark = pytest.mark.usefixtures("own_registry")


def plain(image: Image, *, levels: int = 4) -> Image:
    return image


def no_type(image: Image, *, levels=4) -> Image:  # type: ignore[no-untyped-def]
    return image


def unknown_type(image: Image, *, levels: Missing = 4) -> Image:  # type: ignore[name-defined]  # noqa: F821
    return image


def by_place(image: Image, levels: int = 4) -> Image:
    return image


def many(image: Image, *more: int) -> Image:
    return image


def any_name(image: Image, **more: int) -> Image:
    return image


def nothing() -> Image:
    return photo(1, 1)


def only_by_name(*, image: Image) -> Image:
    return image


def a_list(image: Image, *, levels: list[int]) -> Image:
    return image


def numbers(image: Image, *, levels: Literal[1, 2] = 1) -> Image:
    return image


def two_types(image: Image, *, levels: int | str = 1) -> Image:
    return image


def no_bytes(image: Image, *, levels: Optional[bytes] = None) -> Image:  # noqa: UP045
    return image


def not_none(image: Image, *, levels: int | None = 3) -> Image:
    return image


def out_of_range(image: Image, *, levels: Annotated[int, Field(ge=2)] = 1) -> Image:
    return image


def field_default(image: Image, *, levels: int = Field(4, ge=2)) -> Image:
    return image


def alias(image: Image, *, levels: Annotated[int, Field(alias="steps")] = 4) -> Image:
    return image


def reserved(image: Image, *, op: str = "") -> Image:
    return image


def hidden(image: Image, *, _levels: int = 4) -> Image:
    return image


def shadows(image: Image, *, copy: int = 4) -> Image:
    return image


async def later(image: Image) -> Image:
    return image


AT = "parameter levels of"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (no_type, f"expected a type for {AT} no_type, got none"),
        (unknown_type, f"expected a type for {AT} unknown_type, got 'Missing': name 'Missing' is not defined"),
        (by_place, f"expected {AT} by_place after a '*', as parameters are given by name, got it by place"),
        (many, "expected each parameter of many by its own name, got *more: "),
        (any_name, "expected each parameter of any_name by its own name, got **more: "),
        (nothing, "expected the picture as the first parameter of nothing, got none"),
        (only_by_name, "expected the picture as the first parameter of only_by_name, got image"),
        (a_list, f"or one of these or None as the type of {AT} a_list, got list"),
        (numbers, f"as the type of {AT} numbers, got Literal"),
        (two_types, f"as the type of {AT} two_types, got int | str"),
        (no_bytes, f"as the type of {AT} no_bytes, got "),
        (not_none, f"expected None as the default of {AT} not_none, which may be None, got 3"),
        (out_of_range, f"expected a number ≥ 2 for the default of {AT} out_of_range, got 1"),
        (field_default, f"expected Annotated[TYPE, Field(…)] = DEFAULT for {AT} field_default, got Field(…) as its default"),
        (alias, f"expected neither an alias, exclude nor default_factory for {AT} alias, got one of them"),
        (reserved, "expected another name for parameter op of reserved: this one is reserved"),
        (hidden, "expected another name for parameter _levels of hidden: this one is reserved"),
        (shadows, "expected another name for parameter copy of shadows: this one is reserved"),
        (later, "expected a function for an operation, got <function later"),
        (photo, "expected parameter height of photo after a '*'"),
        (int, "expected a function for an operation, got <class 'int'>"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_signature_that_does_not_do(function: Callable[..., Image], message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        pixelmill.operation(function)
    assert base.registered(getattr(function, "__name__", "")) is None


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"name": "Plain"}, TypeError, "expected a name in snake case for an operation, got 'Plain'"),
        ({"name": "a" * 65}, TypeError, "expected a name in snake case"),
        ({"name": 5}, TypeError, "expected a name in snake case for an operation, got 5"),
        ({"name": "webp"}, TypeError, "expected another name for the operation webp: this one is reserved"),
        ({"name": "blur"}, ValueError, "plain: there is an operation blur already"),
        ({"pool": "worker"}, TypeError, "expected one of resize, filter, watermark for the pool of plain, got 'worker'"),
        ({"output_size": lambda: (1, 1)}, TypeError, "expected output_size of plain to take a size and plain's"),
    ],
)
def test_arguments_that_do_not_do(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        pixelmill.operation(**options)(plain)


def test_what_a_pipeline_has_itself_is_no_name() -> None:
    own = {name for name in vars(Pipeline) if not name.startswith("_")} - {"model_config"}
    assert own <= OF_PIPELINES | {name for name in own if name.startswith("model_")}
    for name in ("to", "then", "copy", "operations", "jpg", "source"):
        with pytest.raises(TypeError, match="is reserved"):
            pixelmill.operation(name=name)(plain)


def test_another_function_of_the_same_name_is_refused_and_the_same_one_is_not() -> None:
    def first(image: Image, *, a: int = 1) -> Image:
        return image

    pixelmill.operation(name="same")(first)
    pixelmill.operation(name="same")(first)
    with pytest.raises(ValueError, match="there is an operation same already"):
        pixelmill.operation(name="same")(plain)
