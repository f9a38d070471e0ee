"""Making .venv on a machine whose Python has neither pip nor ensurepip, or is not good enough."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
RUN = "import runpy, sys; {before}; runpy.run_path({script!r}, run_name={name!r}){after}"


def run(script: Path, *, before: str = "pass", name: str = "__main__", after: str = "") -> subprocess.CompletedProcess[str]:
    code = RUN.format(before=before, script=str(script), name=name, after=after)
    without_index = os.environ | {"PIP_NO_INDEX": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, env=without_index)


@pytest.mark.parametrize(
    ("before", "message"),
    [
        ("sys.version_info = (3, 10, 13, 'final', 0)", "expected Python 3.11 or newer, got "),
        ("sys.modules['venv'] = None", f"expected a whole standard library, got {sys.executable} without venv"),
        ("sys.modules['ssl'] = None", f"expected a whole standard library, got {sys.executable} without ssl"),
    ],
)
def test_a_python_that_will_not_do_is_refused_in_one_line(before: str, message: str) -> None:
    done = run(SCRIPTS / "bootstrap.py", before=before)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_the_environment_is_made_without_ensurepip_and_without_an_index(tmp_path: Path) -> None:
    shutil.copytree(SCRIPTS, tmp_path / "scripts")
    script = tmp_path / "scripts" / "bootstrap.py"
    python = tmp_path / ".venv" / "bin" / "python"
    made = run(script, name="bootstrap", after="['make_venv']()")
    assert made.returncode == 0, made.stderr
    assert subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0
    again = run(script, name="bootstrap", after="['make_venv']()")
    assert (again.returncode, again.stdout) == (0, ""), "expected what works to be left as it is"
    shutil.rmtree(next(tmp_path.glob(".venv/lib/python*/site-packages/pip")))
    mended = run(script, name="bootstrap", after="['make_venv']()")
    assert mended.returncode == 0, mended.stderr
    assert subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0
