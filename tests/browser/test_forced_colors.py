"""With the system's own colors (high contrast), nothing is told by a background that the system takes away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.actions import settled
from tests.browser.conftest import opened
from tests.fleet.processes import Fleet


@pytest.fixture(params=["dark", "light"])
def page(browser: Browser, shared: Fleet, request: pytest.FixtureRequest) -> Iterator[Page]:
    with opened(browser, shared.orchestrator.http_url, request.node.name) as made:
        made.page.emulate_media(
            forced_colors="active", color_scheme="dark" if request.param == "dark" else "light", reduced_motion="reduce"
        )
        yield made.page


def background(page: Page, selector: str, pseudo: str = "") -> str:
    """Return what is painted behind the first element there is."""
    script = "(one, pseudo) => getComputedStyle(one, pseudo || null).backgroundColor"
    return str(page.locator(selector).first.evaluate(script, pseudo))


def test_colors_of_data_are_kept(page: Page) -> None:
    settled(page)
    canvas = background(page, "body")
    kinds = ["transfer", "decode", "operation", "encode"]
    bars = {background(page, f".waterfall .bar[data-kind={kind}]") for kind in kinds}
    assert len(bars) == len(kinds)
    assert canvas not in bars
    swatches = page.locator(".waterfall .legend li").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one, '::before').backgroundColor)"
    )
    assert len(set(swatches)) == len(swatches) > 1
    assert canvas not in swatches
    assert "gradient" in page.locator("img.after").evaluate("(one) => getComputedStyle(one).backgroundImage")
    page.get_by_role("link", name="Fleet").click()
    expect(page.locator(".part").first).to_be_visible()
    assert background(page, ".part") != canvas
    assert background(page, ".pool-head h2", "::before") != canvas
    page.get_by_role("link", name="Requests").click()
    expect(page.locator(".took-bar").first).to_be_attached()
    assert background(page, ".took-bar") != canvas


def test_what_is_on_or_chosen_looks_so(page: Page) -> None:
    settled(page)
    assert background(page, ".button.primary.run") == background(page, ".button:not(.primary)")
    live = background(page, "#live-run")
    page.get_by_role("switch", name="Run on every change").uncheck()
    assert background(page, "#live-run") != live
    assert background(page, ".segments input:checked + span") != background(page, ".segments input:not(:checked) + span")
    assert background(page, ".chip[aria-pressed=true]") != background(page, ".chip[aria-pressed=false]")
    assert background(page, ".tab[aria-selected=true]") != background(page, ".tab[aria-selected=false]")
    assert background(page, ".tabs a[aria-current]", "::after") != background(page, "body")


def test_slider_and_meter_show_how_far_they_are(page: Page) -> None:
    settled(page)
    adjusts = "(one) => getComputedStyle(one).forcedColorAdjust"
    assert page.locator(".slider").first.evaluate(adjusts) == "none"
    page.get_by_role("link", name="Fleet").click()
    meter = page.locator(".meter").first
    expect(meter).to_be_visible()
    assert "gradient" in meter.evaluate("(one) => getComputedStyle(one).backgroundImage")


def test_chosen_theme_does_not_mix_with_the_systems(page: Page) -> None:
    settled(page)
    line = "getComputedStyle(document.querySelector('.waterfall-took')).color"
    before = page.evaluate(line)
    for _ in range(2):
        page.locator("#theme").click()
        assert page.evaluate(line) == before == page.evaluate("getComputedStyle(document.body).color")
