"""Pipelines in JSON and YAML, read as plain data: nothing that takes time out of proportion, or has two readings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from pixelmill.errors import InvalidPipeline, shown

if TYPE_CHECKING:
    import yaml

MAX_YAML_DEPTH = 16


def load_json(text: str) -> object:
    """Return what a text in JSON says. Raises `InvalidPipeline`."""
    try:
        return json.loads(text, object_pairs_hook=_mapping)
    except (ValueError, RecursionError) as error:
        raise InvalidPipeline(f"expected a pipeline in JSON, got: {error}") from None


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _check_names([name for name, _ in pairs])
    return dict(pairs)


def _check_names(names: list[str]) -> None:
    """Refuse a mapping that says the same twice, of which one program would take the first and another the last."""
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidPipeline(f"expected each name once in the pipeline, got {shown(twice)} twice")


@cache
def _yaml_loader() -> Any:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml's is ten times faster
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            _check_names([key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)])
            made: dict[Any, Any] = super().construct_mapping(node, deep)
            return made

    return Loader


def load_yaml(text: str) -> object:
    """Return what a text in YAML says: plain values, no tags. Raises `InvalidPipeline`."""
    import yaml

    loader = _yaml_loader()
    try:
        _check_yaml(yaml.parse(text, Loader=loader))
        return yaml.load(text, Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidPipeline(f"expected a pipeline in YAML, got: {' '.join(str(error).split())[:300]}") from None


def _check_yaml(events: Iterable[yaml.Event]) -> None:
    """Refuse what makes reading YAML take time or memory out of proportion: aliases and deep nesting."""
    import yaml

    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > MAX_YAML_DEPTH:
            raise InvalidPipeline("expected neither aliases nor deep nesting in a pipeline in YAML, got one of them")
