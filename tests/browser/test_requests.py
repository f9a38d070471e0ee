"""The list of requests, live, and one of them opened."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import opened, wait_until
from tests.fleet.processes import Fleet, fleet

PICTURE = (Path(__file__).parents[2] / "examples" / "photos" / "coffee.png").read_bytes()


def send(shared: Fleet, pipeline: str, id: str, picture: bytes = PICTURE) -> httpx.Response:
    """Send a request with an id."""
    url = f"{shared.orchestrator.http_url}/v1/process"
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.post(url, params={"pipeline": pipeline}, content=picture, headers={"X-Request-Id": id})


@pytest.fixture
def page(browser: Browser, shared: Fleet, request: pytest.FixtureRequest) -> Iterator[Page]:
    with opened(browser, shared.orchestrator.http_url, request.node.name) as made:
        made.page.get_by_role("link", name="Requests").click()
        yield made.page


def test_request_appears_when_it_comes(page: Page, shared: Fleet) -> None:
    expect(page.locator("#link-state")).to_contain_text("Live")
    send(shared, "resize:100x | sepia | webp", "appears")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Request appears"))
    expect(row).to_contain_text("completed")
    expect(row).to_contain_text("resize")
    expect(row).to_contain_text("sepia")
    expect(row).to_contain_text("http")


def test_requests_are_filtered_and_searched(page: Page, shared: Fleet) -> None:
    send(shared, "grayscale | png", "good-one")
    assert send(shared, "grayscale | png", "bad-one", PICTURE[:2000]).status_code == 422
    page.get_by_role("radio", name="Failed").check()
    expect(page.get_by_role("link", name="Request bad-one")).to_be_visible()
    expect(page.get_by_role("link", name="Request good-one")).to_have_count(0)
    page.get_by_role("radio", name="All").check()
    page.get_by_label("Search requests").fill("good-one")
    expect(page.locator("#view-requests tbody tr")).to_have_count(1)
    page.get_by_label("Search requests").fill("corrupt")
    expect(page.locator("#view-requests tbody tr").first).to_contain_text("corrupt image")
    page.get_by_label("Search requests").fill("nothing is like this")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    page.get_by_label("Search requests").fill("")
    page.get_by_role("radio", name="Slow").check()
    expect(page.locator("#view-requests tbody tr").first).to_be_visible()
    expect(page.locator(".count")).to_contain_text("slower than")


def test_pause_holds_the_list(page: Page, shared: Fleet) -> None:
    send(shared, "sepia | webp", "before-pause")
    expect(page.get_by_role("link", name="Request before-pause")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    send(shared, "sepia | webp", "while-paused")
    wait_until(page, "live.requests.has('while-paused')")
    expect(page.locator(".count")).to_contain_text("1 new")
    expect(page.get_by_role("link", name="Request while-paused")).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("link", name="Request while-paused")).to_be_visible()


def test_request_opens_with_a_waterfall_and_exact_figures(page: Page, shared: Fleet) -> None:
    answer = send(shared, "resize:200x | blur:3 | text:hi | webp", "opened")
    used = answer.headers["X-Pixelmill-Instances"].split(", ")
    page.get_by_role("link", name="Request opened").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Request", exact=True)).to_be_focused()
    assert page.url.endswith("#/requests/opened")
    rows = page.locator(".detail .waterfall-row")
    expect(rows).to_have_count(3)
    for row, instance in zip(rows.all(), used, strict=True):
        expect(row).to_contain_text(instance)
    page.locator(".detail summary").click()
    table = page.locator(".detail table")
    expect(table.get_by_role("row")).to_have_count(4)
    with httpx.Client(trust_env=False) as client:
        hops = client.get(f"{shared.orchestrator.http_url}/v1/requests/opened").json()["hops"]
    blur = table.get_by_role("row").filter(has_text="Blur")
    expect(blur).to_contain_text(hops[1]["instance"])
    shown = re.search(r"blur ([\d.]+) ms", blur.inner_text())
    assert shown
    assert float(shown[1]) == pytest.approx(hops[1]["operations_s"][0] * 1000, rel=0.05)
    bars = page.locator(".detail .waterfall-row .bar[data-kind=operation]").evaluate_all(
        "(bars) => bars.map((bar) => bar.getBoundingClientRect().left)"
    )
    assert bars == sorted(bars)
    page.get_by_role("link", name="All requests").click()
    expect(page.get_by_role("link", name="Request opened")).to_be_focused()


def test_deep_link_opens_a_request_and_tells_of_unknown_ones(browser: Browser, shared: Fleet) -> None:
    send(shared, "sepia | webp", "deep")
    with opened(browser, shared.orchestrator.http_url, "deep link") as made:
        made.expected.append("404 (Not Found)")
        made.page.goto(f"{shared.orchestrator.http_url}/#/requests/deep")
        expect(made.page.get_by_text("deep", exact=True)).to_be_visible()
        expect(made.page.locator(".detail .waterfall-row")).to_have_count(1)
        made.page.goto(f"{shared.orchestrator.http_url}/#/requests/never-was")
        expect(made.page.get_by_text("It is not known")).to_be_visible()


def test_retries_are_told(browser: Browser) -> None:
    with fleet({"resize": 1, "filter": 2, "watermark": 1}, PIXELMILL_HTTP_PORT="-1") as own:
        first, second = own.workers["filter"]
        # A stopped worker takes calls and answers none of them, until it is found to be dead.
        first.signal(signal.SIGSTOP)
        assert [send(own, "sepia | webp", f"held-{number}").status_code for number in range(2)] == [200, 200]
        with opened(browser, own.orchestrator.http_url, "retries") as made:
            page = made.page
            page.get_by_role("link", name="Requests").click()
            page.get_by_role("radio", name="Retried").check()
            row = page.locator("#view-requests tbody tr")
            expect(row).to_have_count(1)
            expect(row).to_contain_text("1 retry")
            row.click()
            detail = page.locator(".detail")
            expect(detail.locator(".waterfall-sum")).to_contain_text("; 1 retry.")
            expect(detail.locator(".waterfall-row .retried")).to_have_text("1 retry")
            expect(detail.locator(".waterfall-row")).to_contain_text(second.instance)
            detail.locator("summary").click()
            expect(detail.locator("tbody td").last).to_have_text("2")
