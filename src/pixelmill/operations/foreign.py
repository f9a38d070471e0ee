"""Operations that this process has not, but another one has: an orchestrator passes them on by name."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from typing import Any, Self, cast, get_args

from pydantic import ConfigDict, SerializationInfo, create_model, model_serializer, model_validator

from pixelmill.errors import InvalidPipeline, expected
from pixelmill.operations.base import CUSTOM_NAME, Operation, Pool, add, changed, registered
from pixelmill.pixels import Image

INT64 = 2**63
MAX_NUMBERS = 10_000
"""As many numbers as one parameter may hold; no operation here takes more than 225."""


class Foreign(Operation):
    """The base of operations of which only the name, the pool and the parameters' names are known.

    Parameters are carried as they are; who runs the operation checks them. Nor is the result's size known.
    """

    model_config = ConfigDict(extra="allow")
    everywhere = False
    sized = False

    @model_validator(mode="after")
    def _plain(self) -> Self:
        for name, value in (self.model_extra or {}).items():
            if not (value is None or _is_number(value) or _are_numbers(value) or isinstance(value, str | bytes)):
                wanted = f"a number, up to {MAX_NUMBERS} numbers, text, bytes, true or false"
                raise InvalidPipeline(expected(wanted, f"{self.name}.{name}", value))
        return self

    @model_validator(mode="before")
    @classmethod
    def _same_lists(cls, given: Any) -> Any:
        """Return parameters with lists as tuples of floats, as they come from everywhere."""
        if not isinstance(given, dict):
            return given
        return {name: tuple(map(float, value)) if _are_numbers(value) else value for name, value in given.items()}

    @model_serializer
    def _with_name(self, info: SerializationInfo) -> dict[str, Any]:  # type: ignore[override]
        given = {name: value for name, value in (self.model_extra or {}).items() if value is not None}
        if info.mode == "json":
            given = {
                name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
                for name, value in given.items()
            }
        return {"op": self.name, **given}

    def apply(self, image: Image) -> Image:
        raise NotImplementedError(f"{self.name} is not installed here")


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and -INT64 <= value < INT64


def _are_numbers(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) <= MAX_NUMBERS and all(map(_is_number, value))


def learn(name: str, pool: str, parameters: Iterable[str]) -> None:
    """Take note that an operation exists elsewhere. One that exists here stays as it is; a name that is none is left out."""
    if not CUSTOM_NAME.fullmatch(name) or pool not in get_args(Pool):
        return
    known = registered(name)
    if known is None:
        known = add(name, cast(Any, create_model)(name.title().replace("_", ""), __base__=Foreign))
    told = (cast(Pool, pool), tuple(parameters))
    if issubclass(known, Foreign) and (getattr(known, "pool", None), known.positional) != told:
        known.pool, known.positional = told
        changed()
