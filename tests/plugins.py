"""The example plugin, installed as users install it, and its functions without Pixelmill, as an oracle."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
