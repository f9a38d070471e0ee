"""docs/security.md: its commands and its code work as they are written, and it names the variables that there are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pixelmill
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.embedded import EmbeddedFleet
from pixelmill.settings import ClientSettings, OrchestratorSettings, WorkerSettings
from tests.fleet.requests import PICTURE
from tests.plugins import ROOT, path_with

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MAKE, USE, TOKEN = (text for language, text in FENCE.findall(PAGE) if language == "sh")
(CODE,) = (text for language, text in FENCE.findall(PAGE) if language == "python")
TARGET = "localhost:50055"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the photographs, and a `pixelmill` to be found by a shell."""
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "photos").symlink_to(ROOT / "examples" / "photos")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "pixelmill"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m pixelmill "$@"\n')
    command.chmod(0o755)
    return tmp_path


def run(folder: Path, script: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIXELMILL_")}
    path = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**inherited, "PATH": path, "PYTHONPATH": path_with()}
    done = subprocess.run(["sh", "-euc", script], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_commands_and_the_code(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(folder, MAKE)
    with EmbeddedFleet(0, 1, 0, certs=folder / "certs", log=folder / "log") as fleet:
        assert TARGET in USE
        assert TARGET in CODE
        run(folder, USE.replace(TARGET, fleet.target))
        assert (folder / "output" / "coffee.png").is_file()
        monkeypatch.chdir(folder)
        for name, value in re.findall(r"(PIXELMILL_\w+)=(\S+)", USE):
            monkeypatch.setenv(name, value)
        names = {"data": PICTURE}
        exec(CODE.replace(TARGET, fleet.target), names)
        assert names["result"].data == pixelmill.run(PICTURE, "sepia | webp").data  # type: ignore[attr-defined]


def test_the_token(folder: Path) -> None:
    run(folder, MAKE + TOKEN)
    certs, tokens = folder / "certs", folder / "tokens"
    with EmbeddedFleet(0, 1, 0, certs=certs, tokens_file=tokens, log=folder / "log") as fleet:
        settings = ClientSettings(tls_ca=str(certs / "ca.pem"), token_file=str(tokens))
        with FleetExecutor.from_url(fleet.url, settings=settings) as client:
            assert client.describe().instances[0].healthy


def test_the_variables() -> None:
    named = set(re.findall(r"PIXELMILL_((?:TLS|TOKEN|CONNECTION)\w*)", PAGE))
    known = {name.upper() for model in (ClientSettings, WorkerSettings, OrchestratorSettings) for name in model.model_fields}
    assert named <= known
    assert named >= {name for name in known if name.startswith(("TLS_", "TOKEN"))}
