"""Debian's Chromium for tests, which are skipped where it cannot be had."""

from __future__ import annotations

from contextlib import AbstractContextManager

from playwright.sync_api import Browser

from scripts.browser import launched
from tests.debian import tool


def chromium() -> AbstractContextManager[Browser]:
    """Run one. Keep it for one file's tests at most."""
    return launched(tool("chromium"))
