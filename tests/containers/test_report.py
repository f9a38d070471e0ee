"""`pixelmill report` on containers: what the engine tells of each stands beside what its instance tells of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pixelmill.bench.figures import read
from tests.bench.pages import Page
from tests.containers.contract import ORCHESTRATOR, ORCHESTRATOR_PORT, SERVICES
from tests.containers.engine import Project

PART = ["resize-1", "filter-1", "watermark-1", ORCHESTRATOR.name]


def pixelmill(folder: Path, *arguments: str) -> None:
    """Run a command as a user does, beside the containers; it must end well."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-m", "pixelmill", *arguments], cwd=folder, env=environment, check=True)


def test_a_report_of_containers_against_a_part_of_them(project: Project, tmp_path: Path) -> None:
    target = ["--target", f"grpc://localhost:{ORCHESTRATOR_PORT}"]
    project.up(*PART)
    pixelmill(tmp_path, "bench", *target, "-n", "20", "--rounds", "2", "--output", "single.json")
    project.compose("up", "--detach")
    for service in SERVICES:
        project.wait_until_healthy(service)
    pixelmill(
        tmp_path,
        *("report", *target, "--docker", "--baseline", "single.json", "--figures", "full.json", "-o", "report.html"),
        *("-d", "6", "--rounds", "1"),
    )
    single, full = read(tmp_path / "single.json").runs[0], read(tmp_path / "full.json").runs[0]
    assert {one.name for one in single.instances} == set(PART)
    assert {one.name for one in full.instances} == set(SERVICES)
    assert {one.name: one.instance for one in full.containers} == {one.container: name for name, one in SERVICES.items()}
    told = {one.name: one for one in full.instances}
    for container in full.containers:
        assert container.cpu_cores, container.name
        # Both are of the same processes; the engine counts pages of files otherwise than the process does.
        assert 0.2 < max(container.memory_bytes) / told[container.instance].memory_peak_bytes < 5
        assert container.memory_limit_bytes > max(container.memory_bytes)
    assert sum(max(one.cpu_cores) for one in full.containers) > 0
    page = Page.read(tmp_path / "report.html")
    (cells,) = page.tables("containers")
    assert [(row[0], row[1]) for row in cells[1:]] == [(one.name, one.instance) for one in full.containers]
    assert "measured at another time (single.json)" in page.text("findings")
