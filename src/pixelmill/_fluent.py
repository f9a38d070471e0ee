"""The operations as methods of `Pipeline`; scripts/generate_fluent.py writes their typed signatures to _fluent.pyi."""

from __future__ import annotations

from collections.abc import Callable

from pixelmill.errors import InvalidPipeline, expected
from pixelmill.operations import make_operation, operation_class, operation_names


class Fluent:
    """Finds operations by name, so that those of plugins are methods too."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name.startswith("_") or name not in operation_names():
            raise AttributeError(f"Pipeline has no operation {name!r}; there are {', '.join(operation_names())}")
        fields = list(operation_class(name).model_fields)

        def append(*values: object, **parameters: object) -> object:
            if len(values) > len(fields):
                raise InvalidPipeline(expected(f"at most {len(fields)} parameters", name, len(values)))
            named = dict(zip(fields, values, strict=False))
            twice = named.keys() & parameters.keys()
            if twice:
                raise InvalidPipeline(f"expected {min(twice)} of {name} once, got it by place and by name")
            return self.then(make_operation(name, named | parameters))

        return append
