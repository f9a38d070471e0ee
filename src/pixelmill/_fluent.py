"""The operations as methods of `Pipeline`; scripts/generate_fluent.py writes their typed signatures to _fluent.pyi."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import cache

from pixelmill.errors import InvalidPipeline, expected
from pixelmill.operations import Operation, find, make_operation, operation_names


class Fluent:
    """Finds operations by name, so that those of plugins are methods too."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        cls = None if name.startswith("_") else find(name)
        if cls is None:
            raise AttributeError(f"Pipeline has no operation {name!r}; there are {', '.join(operation_names())}")
        fields = list(cls.model_fields)

        def append(*values: object, **parameters: object) -> object:
            if len(values) > len(fields):
                raise InvalidPipeline(expected(f"at most {len(fields)} parameters", name, len(values)))
            named = dict(zip(fields, values, strict=False))
            twice = named.keys() & parameters.keys()
            if twice:
                raise InvalidPipeline(f"expected {min(twice)} of {name} once, got it by place and by name")
            return self.then(make_operation(name, named | parameters))

        append.__name__ = append.__qualname__ = name
        append.__doc__, append.__signature__ = _documented(cls)  # type: ignore[attr-defined]
        return append

    def __dir__(self) -> Iterable[str]:
        return sorted({*super().__dir__(), *operation_names()})


@cache
def _documented(cls: type[Operation]) -> tuple[str, inspect.Signature]:
    """Return what `help` shows of an operation's method: the operation's documentation and parameters."""
    lines = [f"    {name}: {field.description or ''}".rstrip() for name, field in cls.model_fields.items()]
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=inspect.Parameter.empty if field.is_required() else field.default,
        )
        for name, field in cls.model_fields.items()
    ]
    return "\n".join([inspect.getdoc(cls) or "", "", "Args:", *lines]), inspect.Signature(parameters)
