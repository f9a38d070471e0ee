"""Text of twice the size: nothing is cut off, nothing lies over anything else, nothing is scrolled sideways.

Source: WCAG 2.2, 1.4.4 Resize Text and 1.4.10 Reflow.
"""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.actions import settled
from tests.browser.conftest import opened
from tests.fleet.processes import PATIENCE_S, Fleet, wait_for

ESCAPED = """() => {
    const exempt = '.visually-hidden, .divider, .handle, .table-scroll, .tab-list, .snippet, .chart-cursor, .skip, svg';
    const faults = [];
    for (const one of document.querySelectorAll('header *, main *')) {
        const own = one.getBoundingClientRect();
        if (!one.checkVisibility() || one.closest(exempt) || own.width < 2) continue;
        const around = one.parentElement.closest('.panel, .card, .step, .table-card, .tiles')?.getBoundingClientRect();
        const right = Math.min(innerWidth, around?.right ?? Infinity);
        const left = Math.max(0, around?.left ?? 0);
        if (own.right > right + 1 || own.left < left - 1) faults.push(one.outerHTML.slice(0, 120));
    }
    return faults;
}"""
OVERLAPPING = """() => {
    const selector = 'header a, header button, header .link-state, main .work-head button, main .work-head label.button,'
        + ' main .segments label, main .panel-head > *, main .step-head > *, main .panel-foot > *, .field-head > *';
    const all = [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility() && !one.matches('.skip'));
    const boxes = all.map((one) => one.getBoundingClientRect());
    const faults = [];
    const fixed = (one) => Boolean(one.closest('header'));
    for (const [at, one] of boxes.entries()) {
        for (let other = at + 1; other < boxes.length; other += 1) {
            if (fixed(all[at]) !== fixed(all[other]) || all[at].contains(all[other])) continue;
            const two = boxes[other];
            const across = Math.min(one.right, two.right) - Math.max(one.left, two.left);
            const down = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
            if (across > 1 && down > 1) faults.push([all[at].outerHTML.slice(0, 80), all[other].outerHTML.slice(0, 80)]);
        }
    }
    return faults;
}"""


def enlarge(page: Page) -> None:
    """Make all text twice as large, as a browser's own setting does."""
    page.evaluate(
        "(() => { const style = document.documentElement.style;"
        " style.fontSize = `${2 * parseFloat(getComputedStyle(document.documentElement).fontSize)}px`; })()"
    )


@pytest.mark.parametrize("width", [390, 1280, 1600])
def test_twice_as_large_text_fits(browser: Browser, shared: Fleet, width: int) -> None:
    with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
        # The list of requests has a long message, too.
        refused = client.post(f"{shared.orchestrator.http_url}/v1/process?pipeline=sepia", content=b"no picture at all")
        assert refused.status_code == 415
    with opened(browser, shared.orchestrator.http_url, f"large text {width}", {"width": width, "height": 844}) as made:
        page = made.page
        settled(page)
        enlarge(page)
        page.locator(".step-toggle").first.click()
        for view in ("try", "fleet", "requests", "throughput", "opened"):
            if view == "opened":
                page.goto("/#/requests")
                page.locator("#view-requests tbody tr[data-status=completed]").first.click()
                expect(page.locator(".detail .waterfall-row").first).to_be_visible()
            else:
                page.goto(f"/#/{view}")
                expect(page.locator(f"#view-{view}")).to_be_visible()
            if view == "fleet":
                expect(page.locator(".card").first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
            assert page.evaluate(ESCAPED) == [], view
            assert page.evaluate(OVERLAPPING) == [], view


def test_larger_text_gets_the_narrow_layout(browser: Browser, shared: Fleet) -> None:
    with opened(browser, shared.orchestrator.http_url, "one column", {"width": 1280, "height": 900}) as made:
        page = made.page
        settled(page)
        columns = "getComputedStyle(document.querySelector('.bench')).gridTemplateColumns.split(' ').length"
        assert page.evaluate(columns) == 2
        enlarge(page)
        assert page.evaluate(columns) == 1


def test_figures_of_charts_grow_and_stay_inside(browser: Browser, shared: Fleet) -> None:
    with opened(browser, shared.orchestrator.http_url, "chart", {"width": 390, "height": 844}) as made:
        page = made.page
        settled(page)
        page.goto("/#/throughput")
        expect(page.locator(".tick").first).to_be_visible()
        # In one go: ticks are drawn anew every second.
        size = "parseFloat(getComputedStyle(document.querySelector('.tick')).fontSize)"
        before = page.evaluate(size)
        enlarge(page)
        assert page.evaluate(size) == 2 * before
        inside = (
            "document.querySelectorAll('.tick').length > 0 && [...document.querySelectorAll('.tick')].every((one) =>"
            " one.getBoundingClientRect().left >= one.closest('.panel').getBoundingClientRect().left)"
        )
        wait_for(lambda: page.evaluate(inside), "the chart to be drawn anew")
