"""The example plugin, installed as users install it, or only for a while in this process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixelmill.operations import base

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "plugin"


def install(folder: Path) -> Path:
    """Install the example plugin into a folder of its own by pip, and return what PYTHONPATH has to name."""
    source = folder / "source"
    shutil.copytree(EXAMPLE, source)
    target = folder / "installed"
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return target


def path_with(*folders: Path | str) -> str:
    """Return a PYTHONPATH that has these folders first."""
    return os.pathsep.join([*map(str, folders), *filter(None, [os.environ.get("PYTHONPATH")])])


def python(folder: Path, *arguments: str) -> str:
    """Run Python as a user would, in a folder, and return what it prints. It must end well, and without a warning."""
    environment = {**os.environ, "PYTHONPATH": path_with(), "COLUMNS": "150"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@contextmanager
def registered(path: Path = EXAMPLE / "pixelmill_posterize.py") -> Iterator[None]:
    """Have a module's operations in this process, and only as long as the context lasts."""
    before = dict(base._registry)
    try:
        exec(compile(path.read_text(), path, "exec"), {"__name__": path.stem})
        yield
    finally:
        base._registry.clear()
        base._registry.update(before)
