"""What tests of "Try it" do again and again."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def settled(page: Page) -> None:
    """Wait until something has been run, and nothing runs."""
    expect(page.locator(".run-state")).to_contain_text("Done")


def pasted(page: Page, pipeline: str) -> None:
    """Put a pipeline in, in place of the one that is there."""
    page.get_by_role("button", name="Paste a pipeline").click()
    page.get_by_label("JSON, or the compact text form").fill(pipeline)
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
