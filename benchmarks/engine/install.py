"""Competitors that are no dependencies of the project, installed into the benchmark's own folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.engine.process import Peer, PeerFailed, python_peer, sharp_peer

LAST_LINES = 3


class NotInstalled(Exception):
    """A competitor cannot be had here; the text says why."""


def start_all(stack: ExitStack, folder: Path) -> Iterator[Peer | str]:
    """Start every peer that can be had, Pixelmill first, and yield a line of text for each that cannot."""

    def started(name: str) -> Peer:
        if name == "sharp":
            return sharp_peer(sharp(folder / "sharp"))
        if name == "pillow-simd":
            return python_peer(name, "pillow", pillow_simd(folder / "pillow-simd"))
        return python_peer(name, name)

    for name in ("pixelmill", "sharp", "libvips", "opencv", "pillow", "pillow-simd", "floor"):
        try:
            yield stack.enter_context(started(name))
        except (NotInstalled, PeerFailed) as error:
            yield f"{name} is skipped: {error}"


def sharp(folder: Path) -> Path:
    """Install sharp from npm, once, and return the folder."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise NotInstalled(f"expected {tool} on the PATH, found none")
    if not (folder / "node_modules/sharp").exists():
        folder.mkdir(parents=True, exist_ok=True)
        run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), "sharp"])
    return folder


def pillow_simd(folder: Path) -> Path:
    """Build pillow-simd from PyPI, once, in a virtual environment of its own; return that one's Python."""
    python = folder / "bin/python"
    if not (folder / "built").exists():
        run([sys.executable, "-m", "venv", "--clear", str(folder)])
        run([str(python), "-m", "pip", "install", "--quiet", "pillow-simd"])
        (folder / "built").touch()
    return python


def run(command: list[str]) -> None:
    print(f"installing: {' '.join(command)}", file=sys.stderr)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise NotInstalled(f"`{command[0]}` failed: {' / '.join(lines[-LAST_LINES:])}")
