"""A picture, a pipeline, and what comes out."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

import pixelmill
from tests.browser.actions import pasted, settled
from tests.browser.conftest import opened
from tests.fleet.processes import Fleet

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"


def result(page: Page) -> bytes:
    """Return the bytes that the page offers as the result."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    return Path(download.value.path()).read_bytes()


def test_first_visit_shows_a_sample_before_and_after(page: Page) -> None:
    expect(page.get_by_role("heading", name="Where the time went")).to_be_visible()
    expect(page.get_by_alt_text("After: 1280 × 854")).to_be_visible()
    assert page.locator(".step-name").all_inner_texts() == ["Resize", "Sepia", "Vignette", "Text"]


def test_result_of_an_upload_is_what_the_library_makes(page: Page) -> None:
    settled(page)
    page.get_by_label("Choose a picture").set_input_files(PHOTOS / "coffee.png")
    expect(page.get_by_text("600 × 400 · PNG")).to_be_visible()
    text = "resize:300x200 | blur:2 | sepia | webp:70"
    pasted(page, text)
    expect(page.get_by_alt_text("After: 300 × 200 · WEBP")).to_be_visible()
    assert result(page) == pixelmill.run((PHOTOS / "coffee.png").read_bytes(), text).data


def test_json_of_the_pipeline_is_read_by_the_library(page: Page) -> None:
    settled(page)
    page.get_by_role("tab", name="JSON").click()
    data = page.get_by_role("tabpanel").inner_text()
    assert [step["op"] for step in json.loads(data)["operations"]] == ["resize", "sepia", "vignette", "text"]
    page.get_by_role("tab", name="Text").click()
    assert pixelmill.Pipeline.parse(data) == pixelmill.Pipeline.parse(page.get_by_role("tabpanel").inner_text())


def test_slider_between_before_and_after_follows_keys_and_mouse(page: Page) -> None:
    settled(page)
    slider = page.get_by_role("slider", name="Where before ends")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "0 % before, 100 % after")
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "100 % before, 0 % after")
    box = page.locator(".frame").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    handle = page.locator(".handle").bounding_box()
    assert handle
    assert abs(handle["x"] - box["x"] - box["width"] / 4) < box["width"] / 50


def test_result_of_another_shape_stands_beside(page: Page) -> None:
    settled(page)
    pasted(page, "resize:200x200,fit=cover | png")
    expect(page.get_by_role("radio", name="Side by side")).to_be_checked()
    expect(page.get_by_role("radio", name="Slider")).to_be_disabled()
    pasted(page, "sepia | png")
    expect(page.get_by_role("radio", name="Slider")).to_be_checked()


def test_change_runs_at_once_unless_that_is_off(page: Page) -> None:
    settled(page)
    page.get_by_role("switch", name="Run on every change").uncheck()
    pasted(page, "resize:111x | png")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_alt_text("After: 111 × 74 · PNG")).to_be_visible()
    page.get_by_role("switch", name="Run on every change").check()
    page.locator(".step-toggle").click()
    page.get_by_role("spinbutton", name="Width").fill("222")
    expect(page.get_by_alt_text("After: 222 × 148 · PNG")).to_be_visible()


def test_refusal_stands_beside_the_parameter_that_is_at_fault(browser: Browser, shared: Fleet) -> None:
    with opened(browser, shared.orchestrator.http_url, "refusal") as made:
        made.expected.append("400 (Bad Request)")
        page = made.page
        pasted(page, "blur:2 | sepia | blur:3 | png")
        settled(page)
        page.locator(".step-toggle").nth(2).click()
        page.locator(".step").nth(2).get_by_role("spinbutton", name="Sigma").fill("-4")
        expect(page.locator(".step").nth(2).locator(".field-error")).to_have_text(
            "expected a number > 0 for blur.sigma, got -4"
        )
        sigma = page.locator(".step").nth(2).get_by_role("spinbutton", name="Sigma")
        expect(sigma).to_have_attribute("aria-invalid", "true")
        expect(sigma).to_have_accessible_description(re.compile("got -4$"))
        expect(page.locator(".step").nth(0)).not_to_have_class("at-fault")
        expect(page.locator(".run-error")).to_contain_text("That did not work")
        page.locator(".step").nth(2).get_by_role("spinbutton", name="Sigma").fill("4")
        expect(page.locator(".run-error")).to_be_hidden()
        expect(page.locator(".at-fault")).to_have_count(0)
        expect(sigma).not_to_have_attribute("aria-invalid", "true")


def animation() -> bytes:
    """Return an animated GIF of three frames."""
    frames = [Image.new("RGB", (60, 40), color) for color in ("red", "lime", "blue")]
    made = io.BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return made.getvalue()


def choose_animation(page: Page) -> None:
    page.get_by_label("Choose a picture").set_input_files(
        {"name": "moving.gif", "mimeType": "image/gif", "buffer": animation()}
    )


def test_animation_that_a_format_does_not_keep_is_mended_by_a_click(browser: Browser, shared: Fleet) -> None:
    with opened(browser, shared.orchestrator.http_url, "first frame") as made:
        made.expected.append("415 (Unsupported Media Type)")
        page = made.page
        settled(page)
        pasted(page, "sepia | jpeg")
        page.get_by_role("switch", name="Run on every change").uncheck()
        choose_animation(page)
        page.locator(".run-error").get_by_role("button", name="Use the first frame").click()
        expect(page.get_by_alt_text("After: 60 × 40 · JPEG")).to_be_visible()
        expect(page.locator(".run-error")).to_be_hidden()
        frames = page.get_by_role("combobox", name="Frames")
        expect(frames).to_have_value("first")
        expect(frames).to_be_focused()
        assert result(page) == pixelmill.run(animation(), "sepia | jpeg:frames=first").data


def test_only_the_rendition_that_keeps_no_animation_is_mended(browser: Browser, shared: Fleet) -> None:
    with opened(browser, shared.orchestrator.http_url, "first frame of one") as made:
        made.expected.append("415 (Unsupported Media Type)")
        page = made.page
        settled(page)
        pasted(page, "{ still = jpeg; moving = webp; small = resize:30x | jpeg }")
        choose_animation(page)
        page.locator(".run-error").get_by_role("button", name="Use the first frame").click()
        expect(page.get_by_alt_text("Rendition moving: 60 × 40 · WEBP · 3 frames")).to_be_visible()
        expect(page.get_by_alt_text("Rendition still: 60 × 40 · JPEG")).to_be_visible()
        expect(page.get_by_alt_text("Rendition small: 30 × 20 · JPEG")).to_be_visible()


def test_file_that_is_no_picture_is_refused(browser: Browser, shared: Fleet) -> None:
    with opened(browser, shared.orchestrator.http_url, "no picture") as made:
        made.expected.append("415 (Unsupported Media Type)")
        page = made.page
        settled(page)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.get_by_label("Choose a picture").set_input_files(
            {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture at all"}
        )
        expect(page.locator(".run-error")).to_contain_text("expected")
        # Nothing is left of the picture before, and it is asked for once.
        expect(page.locator(".fact dt")).to_have_text(["Before"])
        expect(page.get_by_role("link", name="Download")).to_be_hidden()
        expect(page.get_by_role("heading", name="Where the time went")).to_be_hidden()
        expect(page.locator(".compare img[src]")).to_have_count(0)
        assert len([url for url in asked if url.endswith("/v1/process")]) == 1
        page.get_by_role("button", name="Test chart").click()
        expect(page.get_by_alt_text("After: 1280 × 854")).to_be_visible()
        expect(page.locator(".run-error")).to_be_hidden()


def test_picture_that_browsers_do_not_show_is_shown_all_the_same(page: Page) -> None:
    settled(page)
    tiff = pixelmill.run((PHOTOS / "coffee.png").read_bytes(), "resize:300x | tiff").data
    page.get_by_label("Choose a picture").set_input_files({"name": "c.tif", "mimeType": "image/tiff", "buffer": tiff})
    pasted(page, "negative | tiff")
    expect(page.get_by_text("Shown as PNG")).to_be_visible()
    assert page.locator("img.after").evaluate("(image) => image.naturalWidth") == 300
    assert result(page) == pixelmill.run(tiff, "negative | tiff").data


def test_picture_is_dropped_and_pasted(page: Page) -> None:
    settled(page)
    data = pixelmill.run((PHOTOS / "coffee.png").read_bytes(), "resize:90x60 | png").data
    script = """([kind, data, name]) => {
        const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name, {type: 'image/png'}));
        const event = kind === 'paste'
            ? new ClipboardEvent('paste', {clipboardData: transfer, bubbles: true, cancelable: true})
            : new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true});
        document.querySelector('.stage').dispatchEvent(event);
    }"""
    page.evaluate(script, ["drop", base64.b64encode(data).decode(), "dropped.png"])
    expect(page.get_by_text("90 × 60 · PNG")).to_be_visible()
    larger = pixelmill.run(data, "resize:120x80,enlarge=true | png").data
    page.evaluate(script, ["paste", base64.b64encode(larger).decode(), "pasted.png"])
    expect(page.get_by_text("120 × 80 · PNG")).to_be_visible()


def test_samples_are_drawn_the_same_every_time(page: Page) -> None:
    script = """async () => {
        const { SAMPLES, sample } = await import('/static/js/try/samples.js');
        const once = await Promise.all(Object.keys(SAMPLES).map(sample));
        const again = await Promise.all(Object.keys(SAMPLES).map(sample));
        const bytes = async (file) => [...new Uint8Array(await file.arrayBuffer())].join();
        return Promise.all(once.map(async (one, at) => [one.name, await bytes(one) === await bytes(again[at])]));
    }"""
    assert page.evaluate(script) == [["hills.jpg", True], ["chart.png", True], ["shapes.png", True]]
