"""The environment variables of the contract, and what they mean where they are unset."""

from __future__ import annotations

import pytest

from pixelmill.errors import InvalidPipeline
from pixelmill.settings import OrchestratorSettings, Role, WorkerSettings, load

HOSTS = "192.168.1.101:50052,192.168.1.101:50062"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith("PIXELMILL_") or name.endswith("_SERVICE_HOSTS") or name in ("PORT", "SERVICE_NAME"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize("pool", ["resize", "filter", "watermark", "format"])
def test_hosts_of_a_pool(monkeypatch: pytest.MonkeyPatch, pool: str) -> None:
    monkeypatch.setenv(f"{pool.upper()}_SERVICE_HOSTS", HOSTS)
    assert load(OrchestratorSettings).hosts == {pool: HOSTS}


def test_hosts_of_general_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELMILL_WORKER_HOSTS", HOSTS)
    assert load(OrchestratorSettings).hosts == {"worker": HOSTS}


def test_an_empty_variable_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORMAT_SERVICE_HOSTS", "PORT", "SERVICE_NAME", "PIXELMILL_QUEUE"):
        monkeypatch.setenv(name, "")
    assert load(OrchestratorSettings) == OrchestratorSettings()


@pytest.mark.parametrize(
    ("pool", "port"), [("resize", 50052), ("filter", 50053), ("watermark", 50054), ("format", 50056), ("worker", 50057)]
)
def test_a_workers_port_and_name(monkeypatch: pytest.MonkeyPatch, pool: Role, port: int) -> None:
    settings = load(WorkerSettings, pool=pool)
    assert (settings.listen_port, settings.name) == (port, pool)
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setenv("SERVICE_NAME", f"{pool}-2")
    settings = load(WorkerSettings, pool=pool)
    assert (settings.listen_port, settings.name) == (0, f"{pool}-2")


def test_the_orchestrators_port_and_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (load(OrchestratorSettings).port, load(OrchestratorSettings).service_name) == (50055, "orchestrator")
    monkeypatch.setenv("PORT", "1234")
    monkeypatch.setenv("SERVICE_NAME", "o")
    assert (load(OrchestratorSettings).port, load(OrchestratorSettings).service_name) == (1234, "o")


def test_everything_else_has_a_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELMILL_MAX_PIXELS", "1000")
    monkeypatch.setenv("PIXELMILL_TIMEOUT_S", "1.5")
    monkeypatch.setenv("MAX_INPUT_BYTES", "1")
    limits = load(WorkerSettings).limits
    assert (limits.max_pixels, limits.timeout_s) == (1000, 1.5)
    assert limits.max_input_bytes > 1


def test_an_option_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1234")
    assert load(WorkerSettings, port=5, threads=None).listen_port == 5


def test_a_refused_value_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELMILL_GRACE_S", "-1")
    with pytest.raises(InvalidPipeline, match=r"expected a number ≥ 0 for grace_s \(PIXELMILL_GRACE_S\), got '-1'"):
        load(WorkerSettings)
