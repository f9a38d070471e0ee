"""On a phone the result is seen while one works on the pipeline, which lies below it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.actions import pasted, settled
from tests.browser.conftest import opened
from tests.fleet.processes import Fleet


@pytest.fixture
def page(browser: Browser, shared: Fleet, request: pytest.FixtureRequest) -> Iterator[Page]:
    with opened(browser, shared.orchestrator.http_url, request.node.name, {"width": 390, "height": 844}) as made:
        settled(made.page)
        yield made.page


def peek(page: Page) -> Locator:
    """Return the small result."""
    return page.get_by_role("group", name="Small result")


def scrolled_to(control: Locator, y: float) -> None:
    """Scroll so that a control's middle is `y` pixels below the window's top."""
    control.evaluate(
        "(one, y) => { const box = one.getBoundingClientRect(); scrollBy(0, box.top + box.height / 2 - y); }", y
    )


def overlap(one: Locator, other: Locator) -> bool:
    """Tell whether two elements lie over each other."""
    first, second = one.bounding_box(), other.bounding_box()
    assert first
    assert second
    across = min(first["x"] + first["width"], second["x"] + second["width"]) - max(first["x"], second["x"])
    down = min(first["y"] + first["height"], second["y"] + second["height"]) - max(first["y"], second["y"])
    return across > 0 and down > 0


def test_result_is_seen_in_a_corner_only_while_it_is_out_of_sight(page: Page) -> None:
    expect(peek(page)).to_be_hidden()
    page.locator(".add").scroll_into_view_if_needed()
    scrolled_to(page.locator(".add"), 200)
    expect(peek(page)).to_be_visible()
    assert not overlap(peek(page), page.locator(".tabs"))
    assert not overlap(peek(page), page.locator(".panel-foot"))
    shown = "document.querySelector('.peek img').src === document.querySelector('img.after').src"
    assert page.evaluate(shown)
    pasted(page, "resize:700x | blur:1 | negative | vignette | png")
    expect(page.locator("img.after")).to_have_attribute("alt", re.compile("PNG"))
    scrolled_to(page.locator(".add"), 200)
    expect(peek(page)).to_be_visible()
    assert page.evaluate(shown)
    assert page.locator(".peek img").evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 700
    page.get_by_role("button", name="Back to the result").click()
    expect(page.locator(".stage")).to_be_in_viewport()
    expect(page.locator(".stage")).to_be_focused()
    expect(peek(page)).to_be_hidden()


def test_small_result_makes_way_for_the_control_that_is_used(page: Page) -> None:
    slider = page.locator(".output .slider").first
    scrolled_to(page.locator(".add"), 200)
    expect(peek(page)).to_be_visible()
    box = peek(page).bounding_box()
    assert box
    scrolled_to(slider, box["y"] + box["height"] / 2)
    assert overlap(peek(page), slider)
    slider.focus()
    assert not overlap(peek(page), slider)
    expect(peek(page)).to_be_visible()


def test_small_result_is_closed_by_keyboard(page: Page) -> None:
    add = page.locator(".add")
    scrolled_to(add, 200)
    expect(peek(page)).to_be_visible()
    add.focus()
    page.get_by_role("button", name="Hide the small result").focus()
    page.keyboard.press("Enter")
    expect(peek(page)).to_be_hidden()
    expect(add).to_be_focused()
    # Whoever has seen the result and leaves it anew has not closed it.
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".stage")).to_be_in_viewport()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    scrolled_to(add, 200)
    expect(peek(page)).to_be_visible()


def test_wide_window_has_no_small_result(browser: Browser, shared: Fleet) -> None:
    with opened(browser, shared.orchestrator.http_url, "no peek", {"width": 1440, "height": 500}) as made:
        page = made.page
        settled(page)
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(page.locator(".stage")).not_to_be_in_viewport()
        expect(peek(page)).to_be_hidden()
        assert page.locator(".peek img").get_attribute("src") is None
