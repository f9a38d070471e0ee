"""A real Prometheus reads a real fleet: every expression of the dashboard and of the alerts is one that has data."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from tests.debian import tool
from tests.fleet.processes import Fleet, fleet, wait_for
from tests.observability.dashboard import PANELS
from tests.observability.prometheus import DEPLOY, Prometheus, prometheus
from tests.observability.scraping import PIPELINE
from tests.plugins import ROOT

ALERTS = DEPLOY / "prometheus" / "alerts.yml"
RULES = [rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """Have Debian's package, which holds both commands."""
    tool("prometheus")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fleet, Prometheus]]:
    with fleet({"resize": 2, "filter": 2, "watermark": 1}, PIXELMILL_HTTP_PORT="-1") as made:
        target = made.orchestrator.http_url.removeprefix("http://")
        with prometheus(tmp_path_factory.mktemp("prometheus"), target) as watching:
            yield made, watching


def promtool(*arguments: object, text: str = "") -> str:
    done = subprocess.run(["promtool", *map(str, arguments)], check=False, input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_finds_nothing_wrong(watched: tuple[Fleet, Prometheus]) -> None:
    text = httpx.get(f"{watched[0].orchestrator.http_url}/metrics").text
    assert not promtool("check", "metrics", text=text).strip()
    promtool("check", "config", DEPLOY / "prometheus" / "prometheus.yml")
    promtool("check", "rules", ALERTS)


def test_the_alerts_by_their_own_tests() -> None:
    cases = ROOT / "tests" / "observability" / "alerts_test.yml"
    promtool("test", "rules", cases)
    assert {rule["alert"] for rule in RULES} == set(re.findall(r"Pixelmill[A-Z]\w+", cases.read_text(encoding="utf-8")))


def test_every_expression_has_data(watched: tuple[Fleet, Prometheus], picture: bytes) -> None:
    made, watching = watched
    expressions = [target["expr"] for panel in PANELS for target in panel["targets"]]
    assert len(expressions) >= 30

    def all_of_them(client: Any) -> bool:
        client.run(picture, PIPELINE)
        return all(watching.query(asked(expression)) for expression in expressions)

    with made.client() as client:
        try:
            wait_for(lambda: all_of_them(client), "data for every panel")
        except AssertionError:
            empty = [expression for expression in expressions if not watching.query(asked(expression))]
            raise AssertionError(f"without data: {empty}") from None
    exported = watching.query('{job="pixelmill", exported_instance!=""}')
    assert not exported  # what would not be found by its name
    for rule in RULES:
        # Whether there is data behind each: every metric that it names, without the bound.
        for metric in set(re.findall(r"\b(?:pixelmill_\w+|up\b)", rule["expr"])):
            assert watching.query(metric), (rule["alert"], metric)
        watching.query(rule["expr"])
    assert not watching.alerts()


def asked(expression: str) -> str:
    """Return an expression with Grafana's variables as they are for all jobs and the shortest time."""
    return expression.replace("$job", ".*").replace("$__rate_interval", "30s")


def test_each_alert_says_what_to_do() -> None:
    for rule in RULES:
        assert rule["annotations"].keys() == {"summary", "description", "runbook"}
        assert rule["labels"]["severity"] in {"warning", "critical"}


def test_an_instance_that_dies_is_an_alert(watched: tuple[Fleet, Prometheus]) -> None:
    made, watching = watched
    expressions = {rule["alert"]: rule["expr"] for rule in RULES}
    dead = made.workers["resize"][0]
    dead.kill()
    (down,) = watching.wait_for(expressions["PixelmillInstanceDown"])
    assert down["metric"]["name"] == dead.name
    wait_for(lambda: "PixelmillInstanceDown" in watching.alerts(), "the alert")
    assert not watching.query(expressions["PixelmillPoolDown"])
    made.workers["resize"][1].kill()
    (pool,) = watching.wait_for(expressions["PixelmillPoolDown"])
    assert pool["metric"]["pool"] == "resize"


def test_an_orchestrator_that_dies_is_an_alert(watched: tuple[Fleet, Prometheus]) -> None:
    made, watching = watched
    made.orchestrator.kill()
    watching.wait_for(next(rule["expr"] for rule in RULES if rule["alert"] == "PixelmillOrchestratorDown"))
