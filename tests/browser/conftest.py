"""A fleet, and a real browser that looks at its dashboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.watched import Watched, watched
from tests.chromium import chromium
from tests.fleet.processes import PATIENCE_S, Fleet, fleet, wait_for

ARTEFACTS = Path(__file__).parents[2] / "output" / "browser"
expect.set_options(timeout=PATIENCE_S * 1000)
WIDE: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser of these tests. No longer: while it is open, nothing else in this process can run an event loop."""
    with chromium() as made:
        yield made


@pytest.fixture(scope="package")
def shared() -> Iterator[Fleet]:
    """A fleet that is only sent requests."""
    with fleet({"resize": 2, "filter": 3, "watermark": 1}, PIXELMILL_HTTP_PORT="-1") as made:
        yield made


@pytest.fixture
def page(browser: Browser, shared: Fleet, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of its own at the shared fleet's dashboard. Errors, and requests to elsewhere, fail the test."""
    with opened(browser, shared.orchestrator.http_url, request.node.name) as made:
        yield made.page


def wait_until(page: Page, condition: str) -> None:
    """Wait until a condition holds of `live`, what the page knows. Playwright's own waits take a promise for true."""
    script = f"import('/static/js/shared/live.js').then(({{ live }}) => {condition})"
    wait_for(lambda: page.evaluate(script), condition)


def opened(browser: Browser, url: str, name: str, viewport: ViewportSize = WIDE) -> Watched:
    """Open a page at a dashboard; use it as a context. A picture of it is kept in `output/browser`."""
    context = browser.new_context(base_url=url, viewport=viewport, accept_downloads=True)
    context.set_default_timeout(PATIENCE_S * 1000)
    return watched(context, ARTEFACTS / f"{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')}.png")
