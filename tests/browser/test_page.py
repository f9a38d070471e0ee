"""The page as a whole: themes, sizes, tokens, and those who do not see or do not use a mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.actions import settled
from tests.browser.conftest import opened
from tests.browser.contrast import POORLY_READABLE
from tests.browser.names import NAMELESS
from tests.fleet.processes import Fleet, fleet

VIEWS = ("try", "fleet", "requests", "throughput")
PHONE = 360
ZOOMED = 720
"""Pixels that a window of 1440 has at a zoom of 200 %."""


def show(page: Page, view: str) -> None:
    """Go to a view, and wait until it is drawn."""
    page.goto(f"/#/{view}")
    expect(page.locator("#link-state")).to_contain_text("Live")
    expect(page.locator(f"#view-{view}")).to_be_visible()
    if view == "try":
        settled(page)
    if view == "fleet":
        expect(page.locator(".card").first).to_be_visible()
    if view == "requests":
        expect(page.locator("#view-requests tbody tr").first).to_be_visible()
    if view == "throughput":
        expect(page.locator("path.area").first).to_be_attached()


def test_theme_is_the_systems_until_another_is_chosen(page: Page) -> None:
    background = "getComputedStyle(document.documentElement).backgroundColor"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(background)
    assert light != dark
    theme = page.locator("#theme")
    theme.click()
    assert page.evaluate(background) == light
    page.reload()
    assert page.evaluate(background) == light
    theme.click()
    page.emulate_media(color_scheme="light")
    assert page.evaluate(background) == dark
    theme.click()
    assert page.evaluate(background) == light


@pytest.mark.parametrize("width", [PHONE, ZOOMED, 1280, 2200])
def test_nothing_is_wider_than_the_window(browser: Browser, shared: Fleet, width: int) -> None:
    with opened(browser, shared.orchestrator.http_url, f"width {width}", {"width": width, "height": 800}) as made:
        for view in VIEWS:
            show(made.page, view)
            assert made.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), view
            cut = made.page.locator("main button:visible, main input:visible, main a:visible").evaluate_all(
                "(all) => all.filter((one) => !one.closest('.tab-list, .table-scroll, .visually-hidden, .divider')"
                " && !one.matches('.visually-hidden, .divider') && one.getBoundingClientRect().right > innerWidth + 1)"
                ".map((one) => one.outerHTML.slice(0, 120))"
            )
            assert cut == [], view


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_has_a_name_and_can_be_read(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    for view in VIEWS:
        show(page, view)
        if view == "try":
            page.locator(".step-toggle").first.click()
        assert page.evaluate(NAMELESS) == [], view
        assert page.evaluate(POORLY_READABLE) == [], view
        assert page.locator("h1:visible, h1.visually-hidden").count() >= 1
        assert page.get_by_role("main").count() == 1
        assert page.get_by_role("navigation").count() == 1


def test_keyboard_reaches_all_and_shows_where_it_is(page: Page) -> None:
    settled(page)
    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { const one = document.activeElement; const style = getComputedStyle(one);"
            " return [one.matches('body, .divider, .visually-hidden, .segments input, .chips input, .anchor-grid input')"
            " || style.outlineStyle !== 'none', one.className + one.id]; })()"
        )
        assert focused[0], focused
        seen.append(focused[1])
    assert any("grip" in one for one in seen)
    assert any("divider" in one for one in seen)
    assert any("tab" in one for one in seen)
    show(page, "fleet")
    page.reload()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    expect(page.get_by_role("heading", name="Fleet")).to_be_visible()


def test_page_moves_nothing_for_those_who_want_none(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    settled(page)
    moving = page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length")
    assert moving == 0


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Fleet]:
    """A fleet that wants a token."""
    with fleet(
        {"resize": 1, "filter": 1, "watermark": 1},
        PIXELMILL_HTTP_PORT="-1",
        PIXELMILL_TOKENS="a-token-that-is-long-enough-1",
    ) as made:
        yield made


def test_token_is_asked_for_and_kept_in_the_tab(browser: Browser, locked: Fleet) -> None:
    with opened(browser, locked.orchestrator.http_url, "token") as made:
        made.expected.append("401 (Unauthorized)")
        page = made.page
        dialog = page.get_by_role("dialog", name="Token needed")
        dialog.get_by_label("Token", exact=True).fill("a-wrong-one")
        dialog.get_by_role("button", name="Continue").click()
        expect(page.get_by_text("That token is not valid")).to_be_visible()
        dialog.get_by_label("Token", exact=True).fill("a-token-that-is-long-enough-1")
        page.keyboard.press("Enter")
        settled(page)
        expect(page.locator("#link-state")).to_contain_text("Live")
        expect(page.get_by_role("tabpanel")).to_contain_text("Authorization: Bearer $PIXELMILL_TOKEN")
        page.reload()
        settled(page)
        expect(dialog).to_have_count(0)
        assert "a-token" not in page.evaluate("JSON.stringify(localStorage)")


def test_page_tells_that_the_orchestrator_is_gone_and_goes_on_when_it_is_back(browser: Browser) -> None:
    with fleet({"worker": 1}, PIXELMILL_HTTP_PORT="-1") as own, opened(browser, own.orchestrator.http_url, "gone") as made:
        made.expected.append("net::ERR")
        page = made.page
        expect(page.locator("#link-state")).to_contain_text("Live")
        page.get_by_role("link", name="Fleet").click()
        expect(page.locator(".card")).to_have_count(1)
        own.orchestrator.kill()
        expect(page.locator("#link-state")).to_contain_text("Connection lost")
        expect(page.get_by_text(re.compile(r"No answer since \d\d:\d\d:\d\d"))).to_be_visible()
        assert page.evaluate(POORLY_READABLE) == []
        # It also tries again by itself: once it is back, the button may be gone.
        with page.expect_request("**/v1/events"):
            page.get_by_role("button", name="Retry now").click()
        own.orchestrator.restart()
        expect(page.locator("#link-state")).to_contain_text("Live")
        expect(page.get_by_text("No answer since")).to_have_count(0)


def test_files_forbid_what_is_not_theirs(page: Page, shared: Fleet) -> None:
    answer = page.request.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert page.request.get("/static/js/main.js").headers["content-security-policy"] == policy
