"""A picture, a pipeline, and what comes out."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect

import pixelmill

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"


def result(page: Page) -> bytes:
    """Return the bytes that the page offers as the result."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    return Path(download.value.path()).read_bytes()


def settled(page: Page) -> None:
    """Wait until something has been run, and nothing runs."""
    expect(page.locator(".run-state")).to_contain_text("Done")


def test_first_visit_shows_a_sample_before_and_after(page: Page) -> None:
    expect(page.get_by_role("heading", name="Where the time went")).to_be_visible()
    expect(page.get_by_alt_text("After: 1280 × 854")).to_be_visible()
    assert page.locator(".step-name").all_inner_texts() == ["Resize", "Sepia", "Vignette", "Text"]


def test_result_of_an_upload_is_what_the_library_makes(page: Page) -> None:
    settled(page)
    page.get_by_label("Choose a picture").set_input_files(PHOTOS / "coffee.png")
    expect(page.get_by_text("600 × 400 · PNG")).to_be_visible()
    page.get_by_role("button", name="Paste a pipeline").click()
    text = "resize:300x200 | blur:2 | sepia | webp:70"
    page.get_by_label("JSON, or the compact text form").fill(text)
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_alt_text("After: 300 × 200 · WEBP")).to_be_visible()
    assert result(page) == pixelmill.run((PHOTOS / "coffee.png").read_bytes(), text).data


def test_json_of_the_pipeline_is_read_by_the_library(page: Page) -> None:
    settled(page)
    page.get_by_role("tab", name="JSON").click()
    data = page.get_by_role("tabpanel").inner_text()
    assert [step["op"] for step in json.loads(data)["operations"]] == ["resize", "sepia", "vignette", "text"]
    page.get_by_role("tab", name="Text").click()
    assert pixelmill.Pipeline.parse(data) == pixelmill.Pipeline.parse(page.get_by_role("tabpanel").inner_text())
