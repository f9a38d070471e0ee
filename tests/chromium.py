"""Debian's Chromium, without a window."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.debian import tool

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run one. Keep it for one file's tests at most: its event loop is in others' way."""
    path = tool("chromium")
    with sync_playwright() as playwright:
        # Where this process has drawn text, it names Pixelmill's own fonts, and the browser does not go on without more.
        env: dict[str, str | float | bool] = {name: value for name, value in os.environ.items() if "FONTCONFIG" not in name}
        made = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, env=env)
        yield made
        made.close()
