"""Instances that die, drain and come back are seen, and so is how calls are spread."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import opened, wait_until
from tests.fleet.processes import Fleet, fleet, wait_for

PICTURE = Path(__file__).parents[2] / "examples" / "photos" / "coffee.png"


@pytest.fixture(scope="module")
def own() -> Iterator[Fleet]:
    """A fleet whose instances are ended; they drain for a while."""
    counts = {"resize": 2, "filter": 3, "watermark": 1}
    with fleet(counts, worker_environment={"PIXELMILL_DRAIN_S": "2.5"}, PIXELMILL_HTTP_PORT="-1") as made:
        yield made


@pytest.fixture
def page(browser: Browser, own: Fleet, request: pytest.FixtureRequest) -> Iterator[Page]:
    with opened(browser, own.orchestrator.http_url, request.node.name) as made:
        made.page.get_by_role("link", name="Fleet").click()
        yield made.page


def card(page: Page, name: str) -> Locator:
    """Return the card of an instance."""
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_every_instance_has_a_card_with_its_figures(page: Page, own: Fleet) -> None:
    for pool, workers in own.workers.items():
        region = page.get_by_role("region", name=pool)
        expect(region.get_by_role("listitem")).to_have_count(len(workers))
        for one in workers:
            expect(card(page, one.name)).to_contain_text("healthy")
            expect(card(page, one.name)).to_contain_text(one.address)
            expect(card(page, one.name)).to_contain_text("MiB")
    expect(page.locator("[data-tile=instances]")).to_contain_text("6 / 6")


def test_calls_are_counted_and_spread_evenly(page: Page, own: Fleet) -> None:
    expect(card(page, "filter-1")).to_contain_text("healthy")
    with own.client() as client:
        for _ in range(45):
            client.run(PICTURE.read_bytes(), "blur:1 | webp")
    filters = page.get_by_role("region", name="filter")
    expect(filters.get_by_text(re.compile(r"evenness (100|99[.\d]*) %"))).to_be_visible()

    def widths() -> list[float]:
        parts = filters.locator(".part")
        return [float(one) for one in parts.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().width)")]

    wait_for(lambda: len(widths()) == 3 and max(widths()) < 1.2 * min(widths()), "equal shares")


def test_instance_that_is_killed_is_down_and_comes_back(page: Page, own: Fleet) -> None:
    victim = own.workers["filter"][1]
    expect(card(page, victim.name)).to_contain_text("healthy")
    victim.kill()
    began = time.monotonic()
    expect(card(page, victim.name)).to_have_attribute("data-state", "down")
    print(f"seen as down after {time.monotonic() - began:.2f} s")
    log = page.get_by_role("log")
    expect(log.get_by_text("is down").first).to_be_visible()
    # What gRPC says around the cause is in the tooltip.
    expect(card(page, victim.name).locator(".card-problem")).not_to_contain_text("UNAVAILABLE")
    expect(card(page, victim.name).locator("dl:visible")).to_have_count(0)
    expect(page.get_by_role("region", name="filter")).to_contain_text("2 of 3 healthy")
    expect(page.locator("[data-tile=instances]")).to_contain_text("1 down")
    victim.restart()
    expect(card(page, victim.name)).to_have_attribute("data-state", "healthy")
    expect(log.get_by_text("is back").first).to_be_visible()
    expect(card(page, victim.name).locator("dl:visible")).to_have_count(2)


def test_change_is_noted_while_another_view_is_shown(page: Page, own: Fleet) -> None:
    page.goto("/#/requests")
    page.reload()
    wait_until(page, "live.fleet !== null")
    victim = own.workers["filter"][2]
    victim.kill()
    expect(page.locator(".events").get_by_text("is down")).to_be_attached()
    page.get_by_role("link", name="Fleet").click()
    expect(page.get_by_role("log").get_by_text("is down")).to_be_visible()
    victim.restart()
    expect(card(page, victim.name)).to_have_attribute("data-state", "healthy")


def test_instance_that_drains_says_so(page: Page, own: Fleet) -> None:
    victim = own.workers["resize"][0]
    expect(card(page, victim.name)).to_contain_text("healthy")
    victim.signal(signal.SIGTERM)
    began = time.monotonic()
    expect(card(page, victim.name)).to_have_attribute("data-state", "draining")
    print(f"seen as draining after {time.monotonic() - began:.2f} s")
    expect(card(page, victim.name)).to_contain_text("draining")
    expect(card(page, victim.name)).to_have_attribute("data-state", "down")
    victim.restart()
    expect(card(page, victim.name)).to_have_attribute("data-state", "healthy")


def test_two_hundred_instances_fit(page: Page, own: Fleet) -> None:
    expect(page.locator("[data-tile=instances]")).to_contain_text("6 / 6")
    script = """async () => {
        const { Keyed } = await import('/static/js/shared/dom.js');
        const { noteCalls, poolSection } = await import('/static/js/fleet/pool.js');
        const view = await (await fetch('/v1/fleet')).json();
        const [pool] = view.pools;
        const many = Array.from({length: 200}, (_, number) =>
            ({...pool.instances[0], name: `many-${number}`, address: `10.0.0.${number}:50052`, calls: 100 + number % 2}));
        const place = document.querySelector('.pools');
        const pools = new Keyed(place, poolSection);
        for (let look = 0; look < 20; look += 1) {
            noteCalls(many.map((one) => ({...one, calls: one.calls + look})));
            pools.update([{...pool, name: 'many', instances: many}], ({name}) => name);
        }
        return place.querySelectorAll('[data-pool=many] .card').length;
    }"""
    assert page.evaluate(script) == 200
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
