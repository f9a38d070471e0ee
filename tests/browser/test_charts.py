"""The charts of the last minutes move, and can be read."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.fleet.processes import Fleet, wait_for

PICTURE = (Path(__file__).parents[2] / "examples" / "photos" / "coffee.png").read_bytes()


def completed(page: Page) -> int:
    """Return how many requests the chart's summary says were completed."""
    summary = page.locator("[data-chart=throughput] figcaption").inner_text()
    found = re.match(r"([\d,]+) completed", summary)
    return int(found[1].replace(",", "")) if found else 0


def test_charts_move_with_what_is_done(page: Page, shared: Fleet) -> None:
    page.get_by_role("link", name="Throughput").click()
    before = completed(page)
    with shared.client() as client:
        for _ in range(7):
            client.run(PICTURE, "resize:50x | webp")
    wait_for(lambda: completed(page) >= before + 7, "the chart to count seven requests")
    area = page.locator("[data-chart=throughput] path[data-series=completed]")
    wait_for(lambda: area.evaluate("(path) => path.getBBox().height") > 20, "an area that is seen")
    line = page.locator("[data-chart=latency] g[data-series=p99]")
    assert line.evaluate("(group) => group.querySelector('path').getAttribute('d').length + group.childElementCount") > 1
    expect(page.locator("[data-chart=traffic] figcaption")).to_contain_text("came in")
    for chart in ("throughput", "latency", "traffic"):
        ticks = page.locator(f"[data-chart={chart}] .tick").all_text_contents()
        assert any(re.search(r"/s|ms| s", tick) for tick in ticks)
        assert any(re.fullmatch(r"\d\d:\d\d(:\d\d)?", tick) for tick in ticks)


def test_seconds_are_read_by_mouse_and_keyboard(page: Page, shared: Fleet) -> None:
    with shared.client() as client:
        client.run(PICTURE, "resize:50x | webp")
    page.get_by_role("link", name="Throughput").click()
    wait_for(lambda: completed(page), "a request in the chart")
    cursor = page.get_by_role("slider", name="Requests per second")
    cursor.focus()
    cursor.press("ArrowLeft")
    readout = page.locator("[data-chart=throughput] .readout")
    expect(readout).to_contain_text("completed")
    assert cursor.get_attribute("aria-valuetext") == readout.evaluate("(readout) => readout.textContent")
    cursor.blur()
    expect(readout).to_be_empty()
    box = page.locator("[data-chart=throughput] .plot-stage").bounding_box()
    assert box
    middle = box["x"] + box["width"] - 20
    page.mouse.move(middle, box["y"] + 60)
    expect(readout).to_contain_text("completed")
    line = page.locator("[data-chart=throughput] .pointer line").bounding_box()
    assert line
    # It is at the second that the mouse is at: they are a few pixels apart.
    assert abs(line["x"] - middle) < box["width"] / 300 + 1


def test_window_is_chosen_and_remembered_and_the_figures_are_in_a_table(page: Page) -> None:
    page.get_by_role("link", name="Throughput").click()
    page.get_by_role("radio", name="1 minute").check()
    expect(page.get_by_text("the last 1 minute")).to_be_visible()
    page.reload()
    expect(page.get_by_role("radio", name="1 minute")).to_be_checked()
    page.get_by_text("The figures as a table").click()
    expect(page.get_by_role("columnheader", name="Worst p99")).to_be_visible()
    expect(page.locator("#view-throughput tbody tr").first).to_be_visible()
