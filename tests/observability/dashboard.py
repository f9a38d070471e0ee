"""The dashboard for Grafana, and what Grafana's own types say of such a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any, get_type_hints

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.cog.runtime import Runtime
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard
from pydantic import ConfigDict, TypeAdapter, ValidationError

from tests.observability.prometheus import DEPLOY

DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "dashboards" / "pixelmill.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
UNITS = {value for name, value in vars(units).items() if isinstance(value, str) and not name.startswith("_")}

register_default_plugins()
PANEL_TYPES = set(Runtime().panelcfg_variants)


def unknown_keys(file: dict[str, Any]) -> set[str]:
    """Return where a file says what Grafana's types do not have, as in `panels[1].options.legnd`."""
    return set(_lost(file, json.loads(json.dumps(Dashboard.from_json(file), cls=JSONEncoder)), ""))


def wrong_values(file: dict[str, Any]) -> set[str]:
    """Return where a file has a value of another type, or that is not one of those that there are."""
    return set(_wrong(Dashboard.from_json(file), ""))


def _lost(given: object, kept: object, at: str) -> Iterator[str]:
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            yield from _lost(value, kept.get(key, _lost), f"{at}.{key}".removeprefix("."))
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for index, (one, other) in enumerate(zip(given, kept, strict=True)):
            yield from _lost(one, other, f"{at}[{index}]")
    elif given != kept:
        yield at


def _wrong(model: object, at: str) -> Iterator[str]:
    """Grafana's types take anything when they read, but say what their attributes are."""
    hints = get_type_hints(type(model))
    for name, value in vars(model).items():
        where = f"{at}.{name}".removeprefix(".")
        members = value if isinstance(value, list) else [value]
        if not any(_is_model(member) for member in members):
            if value is not None and not _fits(value, hints[name]):
                yield where
            continue
        for index, member in enumerate(members):
            yield from _wrong(member, f"{where}[{index}]" if isinstance(value, list) else where)


def _is_model(value: object) -> bool:
    return hasattr(value, "to_json") and not isinstance(value, Enum)


def _fits(value: object, hint: Any) -> bool:
    try:
        _adapter(hint).validate_json(json.dumps(value, cls=JSONEncoder), strict=True)
    except ValidationError:
        return False
    return True


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True))
