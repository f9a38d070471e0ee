"""docs/custom-operations.md: what it shows works as it is written."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.plugins import EXAMPLE, ROOT, python

TEXT = (ROOT / "docs" / "custom-operations.md").read_text(encoding="utf-8")
PHOTO = ROOT / "examples" / "photos" / "chelsea.png"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the module that the page writes, and a photograph."""
    (tmp_path / "solarize.py").write_text(blocks("python")[0])
    shutil.copy(PHOTO, tmp_path / "photo.png")
    return tmp_path


def test_the_code(folder: Path) -> None:
    python(folder, "-c", "import os, sys; sys.path.insert(0, os.getcwd())\n" + blocks("python")[1])


def test_the_commands(folder: Path) -> None:
    commands = [shlex.split(line) for line in blocks("sh")[0].splitlines()]
    assert [command[0] for command in commands] == ["pixelmill"] * 3
    shown = [python(folder, "-m", *command) for command in commands]
    assert "threshold  whole number, 0 to 255  default 128  values from this one on are inverted" in shown[0]
    assert re.search(r"solarize +451×300", shown[2])
    before, after = (np.asarray(Image.open(folder / name)) for name in ("photo.png", "out/photo.png"))
    assert np.array_equal(after, np.where(before >= 100, 255 - before, before))


def test_the_entry_point() -> None:
    assert blocks("toml")[0] in (EXAMPLE / "pyproject.toml").read_text()
