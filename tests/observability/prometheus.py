"""A real Prometheus over a real fleet, with the configuration of deploy/."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.fleet.processes import PATIENCE_S, wait_for
from tests.plugins import ROOT

DEPLOY = ROOT / "deploy"
EVERY = "200ms"
Series = list[dict[str, Any]]


class Prometheus:
    """One that runs. `url` is where it answers."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, expression: str) -> Series:
        """Return what an expression is now: its series. Raises where Prometheus cannot read it."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": expression}, timeout=PATIENCE_S)
        assert answer.status_code == 200, f"{expression}: {answer.text}"
        result = answer.json()["data"]["result"]
        return result if isinstance(result, list) else [result]

    def wait_for(self, expression: str) -> Series:
        """Wait until an expression has series."""
        return wait_for(lambda: self.query(expression), expression)

    def alerts(self) -> dict[str, str]:
        """Return the state of those alerts that are pending or firing."""
        found = httpx.get(f"{self.url}/api/v1/alerts", timeout=PATIENCE_S).json()["data"]["alerts"]
        return {alert["labels"]["alertname"]: alert["state"] for alert in found}


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[Prometheus]:
    """Run Prometheus over one orchestrator (`host:port` of its HTTP), with deploy's file but for target and intervals."""
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY}
    config["rule_files"] = [str(DEPLOY / "prometheus" / "alerts.yml")]
    (job,) = config["scrape_configs"]
    job["static_configs"] = [{"targets": [target]}]
    job["scrape_timeout"] = job["scrape_interval"] = "1s"
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            return httpx.get(f"{url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_for(ready, "Prometheus")
            yield Prometheus(url)
        finally:
            process.kill()
