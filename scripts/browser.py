"""Debian's Chromium, without a window."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

TOOL = Path(__file__).with_name("debian_tool")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium_path() -> str:
    """Return the program's path; it is installed where it is missing and that can be done."""
    return subprocess.run([TOOL, "chromium"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """Run one. Its event loop is in others' way for as long as it lives."""
    with sync_playwright() as playwright:
        # Where this process has drawn text, it names Pixelmill's own fonts, and the browser does not go on without more.
        env: dict[str, str | float | bool] = {name: value for name, value in os.environ.items() if "FONTCONFIG" not in name}
        made = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, env=env)
        yield made
        made.close()
