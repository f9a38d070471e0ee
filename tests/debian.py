"""Programs that tests need and that are no Python packages."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "debian_tool"


def tool(command: str, package: str | None = None) -> str:
    """Return a command's path, installed from Debian's package where it is missing; skip the test where that cannot be."""
    found = subprocess.run([SCRIPT, command, package or command], check=False, capture_output=True, text=True)
    if found.returncode:
        pytest.skip(found.stderr.strip().splitlines()[-1])
    return found.stdout.strip()
