"""Scales and ticks, and the charts in a real browser: nothing is cut, and nothing hides anything else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from pixelmill.cli import main
from pixelmill.report.charts import Line, lines
from pixelmill.report.scales import Scale, log_ticks, ticks, upper
from tests.bench.conftest import PIPELINE
from tests.bench.pages import Page as Document
from tests.chromium import chromium

CUT = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
    const whole = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text, rect, path, circle')].filter(one => {
        const box = one.getBoundingClientRect();
        const across = box.left < whole.left - 1 || box.right > whole.right + 1;
        return across || box.top < whole.top - 1 || box.bottom > whole.bottom + 1;
    }).map(one => svg.querySelector('title').textContent + ': ' + (one.textContent || one.outerHTML));
})"""
OVERLAPPING = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
    const boxes = [...svg.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()]);
    return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([b, q]) =>
        Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1 &&
        Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 3
    ).map(([b]) => svg.querySelector('title').textContent + ': ' + a + ' over ' + b));
})"""


@given(st.floats(-1e3, 1e3), st.floats(1e-2, 1e6), st.integers(3, 10))
def test_ticks_are_round_and_few(low: float, length: float, most: int) -> None:
    high = low + length
    found = ticks(low, high, most)
    assert len(found) <= most
    assert all(low - length * 1e-6 <= tick <= high + length * 1e-6 for tick in found)
    if len(found) > 1:
        step = found[1] - found[0]
        digit = step / 10.0 ** math.floor(math.log10(step) + 1e-6)
        assert min(abs(digit - each) for each in (1, 2, 5, 10)) < 1e-3


@given(st.lists(st.just(0.0) | st.floats(1e-9, 1e9), min_size=1, max_size=5))
def test_an_axis_holds_all_values_and_is_not_much_longer(values: list[float]) -> None:
    end = upper(values)
    assert end >= max(values) * (1 - 1e-9)
    assert end <= 2 * max(values) or max(values) == 0


@given(st.floats(1e-3, 1e4), st.floats(1.5, 1e4))
def test_ticks_of_a_logarithmic_axis_are_on_it(low: float, times: float) -> None:
    found = log_ticks(low, low * times)
    assert list(found) == sorted(set(found))
    assert all(low <= tick <= low * times for tick in found)


def test_equal_ratios_are_equally_far_apart_on_a_logarithmic_scale() -> None:
    scale = Scale(1, 100, 0, 200, is_log=True)
    assert [scale(1), scale(10), scale(100)] == pytest.approx([0, 100, 200])
    assert Scale(0, 10, 50, 150)(5) == 100


def test_ticks_that_leave_no_room_are_left_out() -> None:
    counts = (3, 4, 5, 5, 6, 30, 60)
    line = Line("measured", tuple((float(count), 1.0) for count in counts), "c-main")
    places = [(float(count), f"{count} workers") for count in counts]
    drawing = Document.parse(lines([line], "x", "y", "t", "d", x_ticks=places)).root
    told = [one for one in drawing.all("text") if "workers" in one.text]
    assert [one.text for one in told] == ["6 workers", "30 workers", "60 workers"]
    assert len(drawing.all("path")) == 1


def test_where_an_instance_did_not_answer_the_line_has_a_gap() -> None:
    line = Line("a", ((0.0, 1.0), (1.0, 2.0), (2.0, None), (3.0, 1.0), (4.0, None), (5.0, 1.0), (6.0, 1.0)), "c-main")
    (chart,) = Document.parse(lines([line], "seconds", "cores", "CPU", "CPU over time.")).root.all("svg")
    assert all(str(path.attributes["d"]).count("L") == 1 for path in chart.all("path"))
    assert (len(chart.all("path")), len(chart.all("circle"))) == (2, 1)
    (empty,) = Document.parse(lines([Line("b", ((0.0, None),), "c-main")], "seconds", "cores", "CPU", "Unknown.")).root.all(
        "svg"
    )
    assert not empty.all("path")
    assert not empty.all("circle")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def report(picture: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    options = ["--picture", str(picture), "-p", PIPELINE, "-c", "4", "-d", "1.6", "--rounds", "2", "--sets", "1/1/1"]
    assert main(["report", "-o", str(path), *options]) == 0
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1200])
def test_in_a_browser(browser: Browser, report: Path, scheme: Literal["light", "dark"], width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        _look(page, report, width, scheme == "dark")
    finally:
        page.close()


def _look(page: Page, report: Path, width: int, is_dark: bool) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    assert not said
    assert asked == [report.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT) == []
    assert page.evaluate(OVERLAPPING) == []
    red, green, blue = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (red + green + blue < 3 * 128) == is_dark
