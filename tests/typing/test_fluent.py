"""The operations as methods are typed: mypy takes what is right and refuses what is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).resolve().parents[2]
RIGHT = """
from pixelmill import Pipeline

made: Pipeline = (
    Pipeline()
    .resize(1280, 720)
    .resize(height=20, fit="cover", gravity="top-left", enlarge=True)
    .blur(sigma=2)
    .sepia()
    .convolve([[0, 1, 0], [1, 1.5, 1], [0, 1, 0]], offset=3)
    .convolve("0 1 0, 1 1 1, 0 1 0")
    .convolve((1, 2, 1, 2, 4, 2, 1, 2, 1))
    .tint("#f80").rounded_corners(share=0.5)
    .text("x", position="top", color="#fff", opacity=0.5)
    .logo(b"", scale=0.1)
    .to("webp", quality=80)
)
"""
WRONG = {
    "Pipeline().blur(sgima=2)": 'Unexpected keyword argument "sgima"',
    "Pipeline().blur('much')": 'Argument 1 to "blur"',
    "Pipeline().resize(1, 2, fit='around')": 'Argument "fit" to "resize"',
    "Pipeline().convolve(5)": 'Argument 1 to "convolve"',
    "Pipeline().text()": 'Missing positional argument "text"',
    "Pipeline().bulr()": 'has no attribute "bulr"',
    "Pipeline().to('webp', qality=80)": 'Unexpected keyword argument "qality"',
}


def mypy(program: str, folder: Path) -> tuple[str, int]:
    file = folder / "program.py"
    file.write_text(program)
    config, cache = ROOT / "pyproject.toml", ROOT / ".mypy_cache"
    output, errors, status = api.run([f"--config-file={config}", f"--cache-dir={cache}", str(file)])
    assert errors == ""
    return output, status


def test_right_programs_pass_and_wrong_ones_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    head = RIGHT + "\n"
    output, status = mypy(head + "".join(f"{call}\n" for call in WRONG), tmp_path)
    first = head.count("\n") + 1
    errors = [line for line in output.splitlines() if ": error: " in line]
    assert status == 1
    assert len(errors) == len(WRONG)
    for number, (error, message) in enumerate(zip(errors, WRONG.values(), strict=True), first):
        assert f":{number}: error:" in error
        assert message in error


def test_the_stub_is_what_the_operations_declare() -> None:
    script = ROOT / "scripts" / "generate_fluent.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
