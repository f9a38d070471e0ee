"""/docs in a browser: it shows every endpoint, and asks nobody but the orchestrator."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_every_endpoint_is_shown(page: Page) -> None:
    page.goto("/docs")
    document = page.request.get("/openapi.json").json()
    expect(page.locator(".opblock")).to_have_count(sum(len(ways) for ways in document["paths"].values()))
