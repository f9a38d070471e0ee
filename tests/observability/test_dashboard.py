"""The dashboard's file against the types that Grafana generates from its own schema."""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from typing import Any

import pytest

from tests.observability.dashboard import DASHBOARD, PANEL_TYPES, PANELS, UNITS, unknown_keys, wrong_values

OF_THE_DATA_SOURCE = {"annotations.list[0].titleFormat", "annotations.list[0].textFormat"}
"""What Prometheus's plugin reads, which the schema of dashboards leaves to it."""


def test_grafana_knows_every_key() -> None:
    assert unknown_keys(DASHBOARD) == OF_THE_DATA_SOURCE


def test_every_value_is_of_its_type() -> None:
    assert wrong_values(DASHBOARD) == set()


@pytest.mark.parametrize(
    "path",
    [
        "timezon",
        "templating.list.1.datasorce",
        "panels.1.desription",
        "panels.1.options.colourMode",
        "panels.1.targets.0.expression",
        "panels.8.options.legnd",
        "panels.8.fieldConfig.defaults.custom.drawstyle",
    ],
)
def test_a_key_that_there_is_not_is_found(path: str) -> None:
    assert unknown_keys(changed(path, "x")) - OF_THE_DATA_SOURCE == {re.sub(r"\.(\d+)", r"[\1]", path)}


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("graphTooltip", 5, "graph_tooltip"),
        ("panels.1.gridPos.w", "4", "panels[1].grid_pos.w"),
        ("panels.1.options.colorMode", "rainbow", "panels[1].options.color_mode"),
        ("panels.1.options.reduceOptions.calcs", "last", "panels[1].options.reduce_options.calcs"),
        ("panels.1.targets.0.expr", 5, "panels[1].targets[0].expr"),
        ("panels.1.fieldConfig.defaults.min", "0", "panels[1].field_config.defaults.min_val"),
        (
            "panels.8.fieldConfig.defaults.custom.stacking.mode",
            "norml",
            "panels[8].field_config.defaults.custom.stacking.mode",
        ),
        ("templating.list.1.refresh", 7, "templating.list_val[1].refresh"),
    ],
)
def test_a_value_that_cannot_be_is_found(path: str, value: object, found: str) -> None:
    assert wrong_values(changed(path, value)) == {found}


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the file with another value at a path."""
    file = deepcopy(DASHBOARD)
    *steps, last = path.split(".")
    place: Any = file
    for step in steps:
        place = place[int(step) if isinstance(place, list) else step]
    place[last] = value
    return file


def test_panels_have_places_of_their_own() -> None:
    ids = Counter(panel["id"] for panel in DASHBOARD["panels"])
    assert set(ids.values()) == {1}
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])
        }
        assert cells
        assert not cells & taken
        taken |= cells


def test_panels_are_of_types_and_units_that_there_are() -> None:
    for panel in PANELS:
        assert panel["type"] in PANEL_TYPES
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        assert panel["title"]
        assert panel["description"]


def test_panels_ask_the_data_source_that_is_chosen() -> None:
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables.keys() == {"datasource", "job"}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert variables["job"]["datasource"] == chosen
    assert all(annotation["datasource"] == chosen for annotation in DASHBOARD["annotations"]["list"])
    for panel in PANELS:
        assert panel["datasource"] == chosen
        assert all(target["datasource"] == chosen and 'job=~"$job"' in target["expr"] for target in panel["targets"])
        names = [target["refId"] for target in panel["targets"]]
        assert names == list("ABCDEFGH"[: len(names)])
        assert names
