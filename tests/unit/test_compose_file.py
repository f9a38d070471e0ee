"""The compose file says what users rely on, in words that compose v1.29 and v2 both know."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import AliasChoices

from pixelmill.fleet.authority import make_certificates
from pixelmill.settings import OrchestratorSettings, ServerSettings, WorkerSettings
from tests.containers.contract import COMPOSE_FILE, NETWORK, ORCHESTRATOR, POOLS, ROOT, SERVICES

V1_SERVICE_KEYS = {
    *("build", "cap_drop", "command", "container_name", "cpus", "depends_on", "environment", "healthcheck", "image"),
    *("logging", "mem_limit", "networks", "pids_limit", "ports", "pull_policy", "read_only", "restart", "security_opt"),
    *("stop_grace_period", "tmpfs", "user", "volumes"),
}
"""Those keys of the compose specification that v1.29's schema has, among the ones one might want here."""
V1_HEALTHCHECK_KEYS = {"disable", "interval", "retries", "start_period", "test", "timeout"}


@pytest.fixture(scope="module")
def file() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
    return content


def test_services_have_the_names_and_ports_of_the_contract(file: dict[str, Any]) -> None:
    assert file["services"].keys() == SERVICES.keys()
    for name, service in file["services"].items():
        assert service["container_name"] == SERVICES[name].container
        assert service["ports"] == [f"{published}:{inside}" for inside, published in SERVICES[name].ports.items()]
        assert service["environment"]["SERVICE_NAME"] == name
        assert service["networks"] == [NETWORK]


def test_the_orchestrator_knows_every_worker(file: dict[str, Any]) -> None:
    environment = file["services"][ORCHESTRATOR.name]["environment"]
    for pool, members in POOLS.items():
        assert environment[f"{pool.upper()}_SERVICE_HOSTS"] == ",".join(member.instance for member in members)


def test_a_part_of_the_fleet_starts_alone(file: dict[str, Any]) -> None:
    waits_for = {name: set(service.get("depends_on", {})) for name, service in file["services"].items()}
    assert waits_for.pop(ORCHESTRATOR.name) == {"resize-1", "filter-1", "watermark-1"}
    assert set().union(*waits_for.values()) == set()


def test_only_keys_that_both_compose_versions_know(file: dict[str, Any]) -> None:
    sections = {key for key in file if not key.startswith("x-")}
    assert sections == {"services", "networks"}
    for service in file["services"].values():
        assert service.keys() <= V1_SERVICE_KEYS
        assert service["healthcheck"].keys() <= V1_HEALTHCHECK_KEYS


def test_every_service_runs_a_file_that_is_there(file: dict[str, Any]) -> None:
    for service in file["services"].values():
        interpreter, script = service["command"]
        assert interpreter == "python"
        assert (ROOT / script).is_file()
        assert (ROOT / service["healthcheck"]["test"][1]).stat().st_mode & 0o111


def variables(model: type[ServerSettings]) -> set[str]:
    """Return the variables that settings are read from."""
    aliases = {name: field.validation_alias for name, field in model.model_fields.items()}
    return {
        str(alias.choices[-1] if isinstance(alias, AliasChoices) else f"PIXELMILL_{name}").upper()
        for name, alias in aliases.items()
    }


def is_of_the_file(variable: str) -> bool:
    """Tell whether the compose file says itself what a variable is, or deploy/compose.tls.yml, or nobody needs it there."""
    ours = {"SERVICE_NAME", "PORT", "PIXELMILL_HOST", "PIXELMILL_POOL", "PIXELMILL_READY_FD", "PIXELMILL_PARENT_FD"}
    return (
        variable in ours
        or variable.endswith(("_SERVICE_HOSTS", "_WORKER_HOSTS", "_FILE"))
        or "_TLS_" in variable
        or variable.startswith(("OTEL_", "AWS_"))
    )


def test_every_other_setting_is_passed_on_where_it_is_set(file: dict[str, Any]) -> None:
    for name, service in file["services"].items():
        model = OrchestratorSettings if name == ORCHESTRATOR.name else WorkerSettings
        bare = {name for name, value in service["environment"].items() if value is None}
        passed = {name for name in bare if not name.startswith(("OTEL_", "AWS_"))}
        assert passed == {variable for variable in variables(model) if not is_of_the_file(variable)}
        assert {variable for variable in service["environment"] if not is_of_the_file(variable)} == passed


@pytest.mark.parametrize("path", [COMPOSE_FILE, ROOT / "deploy" / "compose.scale.yml"])
def test_extras_are_passed_to_every_build(path: Path) -> None:
    """The Dockerfile's default is the compose file's, and its argument has that name."""
    services = yaml.safe_load(path.read_text(encoding="utf-8"))["services"].values()
    builds = [service["build"] for service in services if "build" in service]
    assert {service["image"] for service in services} == {service["image"] for service in services if "build" in service}
    for build in builds:
        assert (path.parent / build["context"]).resolve() == ROOT
        ((name, value),) = build["args"].items()
        default = value.removeprefix(f"${{{name}-").removesuffix("}")
        assert f"ARG {name}={default}\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def requirements(*extras: str) -> subprocess.CompletedProcess[str]:
    """Ask what goes into the image with some extras."""
    command = [sys.executable, "scripts/requirements.py", *extras]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)


def test_extras_of_the_image() -> None:
    bare = requirements("").stdout.splitlines()
    more = requirements("heic,s3").stdout.splitlines()
    assert more[: len(bare)] == bare
    assert [re.split("[<>=]", line)[0] for line in more[len(bare) :]] == ["pillow-heif", "s3fs"]


@pytest.mark.parametrize("name", ["heif", "dev", "heic,heif"])
def test_an_extra_that_there_is_not(name: str) -> None:
    done = requirements(name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("expected some of certs, demo, fuzz, heic, jxl, otel, s3 for PIXELMILL_EXTRAS, got ")


def test_the_file_for_tls_names_certificates_that_are_made(file: dict[str, Any], tmp_path: Path) -> None:
    secure = yaml.safe_load((ROOT / "deploy" / "compose.tls.yml").read_text(encoding="utf-8"))
    assert secure["services"].keys() == file["services"].keys()
    make_certificates(tmp_path)
    for name, service in secure["services"].items():
        model = OrchestratorSettings if name == ORCHESTRATOR.name else WorkerSettings
        known = variables(model) | {"PIXELMILL_TLS_CA"}  # which the health check reads
        assert service.keys() <= V1_SERVICE_KEYS
        assert service["environment"].keys() <= known
        for value in filter(None, service["environment"].values()):
            assert (tmp_path / value.removeprefix("/certs/")).is_file()


def test_the_file_for_scaling_has_the_same_services_but_for_names_ports_and_variables(file: dict[str, Any]) -> None:
    scaled = yaml.safe_load((ROOT / "deploy" / "compose.scale.yml").read_text(encoding="utf-8"))["services"]
    assert scaled.keys() == {*POOLS, ORCHESTRATOR.name}
    own = {"container_name", "ports", "command", "environment", "networks", "build", "depends_on"}
    for name, service in scaled.items():
        one = file["services"][name if name == ORCHESTRATOR.name else f"{name}-1"]
        assert {key: value for key, value in service.items() if key not in own} == {
            key: value for key, value in one.items() if key not in own
        }
        assert service["environment"].keys() <= one["environment"].keys()


def test_the_file_for_monitoring_mounts_what_is_there(file: dict[str, Any]) -> None:
    monitoring = yaml.safe_load((ROOT / "deploy" / "compose.monitoring.yml").read_text(encoding="utf-8"))
    for service in monitoring["services"].values():
        assert service.keys() <= V1_SERVICE_KEYS
        assert service["networks"] == [NETWORK]
        for source in (volume.split(":")[0] for volume in service["volumes"]):
            assert (ROOT / source).is_dir() if source.startswith(".") else source in monitoring["volumes"]
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = config["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"{ORCHESTRATOR.name}:8080"]}]
