"""`pixelmill report`: its page shows what was measured, all of it, and nothing else, and needs nothing but itself."""

from __future__ import annotations

import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pixelmill.bench.figures import Document, Run, read, write
from pixelmill.cli import main
from pixelmill.fleet.embedded import EmbeddedFleet
from pixelmill.report.page import render
from pixelmill.report.story import Story
from tests.bench.conftest import PIPELINE
from tests.bench.pages import Page
from tests.fleet.processes import PATIENCE_S

SECTIONS = (
    *("findings", "instances", "load", "throughput", "scalability", "latency", "request", "cores", "resources", "method"),
)
OPTIONS = ["-p", PIPELINE, "-c", "4"]


@pytest.fixture(scope="module")
def written(picture: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, Document, Path]:
    """A report of 1/2/1 against 1/1/1, the figures that it is made of, and where it is."""
    folder = tmp_path_factory.mktemp("report")
    where = ["-o", str(folder / "report.html"), "--figures", str(folder / "figures.json")]
    fleet = ["--resize", "1", "--filter", "2", "--watermark", "1", "--sets", "1/1/1"]
    assert main(["report", *where, *fleet, *OPTIONS, "--picture", str(picture), "-d", "1.6", "--rounds", "2"]) == 0
    return Page.read(folder / "report.html"), read(folder / "figures.json"), folder / "report.html"


def column(table: list[list[str]], name: str) -> list[str]:
    place = table[0].index(name)
    return [row[place] for row in table[1:]]


def test_it_needs_nothing_but_itself(written: tuple[Page, Document, Path]) -> None:
    page, _, _ = written
    assert not page.root.all("script")
    assert not [one.name for one in page.root.walk() if one.name in ("link", "img", "iframe", "object", "image", "use")]
    ids = [one.attributes["id"] for one in page.root.walk() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    for one in page.root.walk():
        assert "src" not in one.attributes
        href = one.attributes.get("href")
        assert href is None or (href.startswith("#") and href[1:] in ids)
    assert "url(" not in page.source
    assert "@import" not in page.source
    addresses = set(re.findall(r"https?://[^\s\"'<]+", page.source))
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_it_has_all_sections_with_the_way_to_them(written: tuple[Page, Document, Path]) -> None:
    page, _, _ = written
    assert tuple(one.attributes["id"] for one in page.root.all("section")) == SECTIONS
    (nav,) = page.root.all("nav")
    assert tuple(str(link.attributes["href"])[1:] for link in nav.all("a")) == SECTIONS


def test_every_chart_says_what_it_shows_and_has_a_table_behind_it(written: tuple[Page, Document, Path]) -> None:
    page, _, _ = written
    ids = {one.attributes.get("id"): one for one in page.root.walk()}
    charts = page.root.all("svg")
    assert charts
    for chart in charts:
        assert chart.attributes["role"] == "img"
        title, description = (ids[name] for name in str(chart.attributes["aria-labelledby"]).split())
        assert (title.name, description.name) == ("title", "desc")
        assert title.text
        assert description.text
    in_figures = [chart for figure in page.root.all("figure") for chart in figure.all("svg")]
    multiples = [chart for one in page.root.walk() if one.attributes.get("class") == "multiples" for chart in one.all("svg")]
    assert len(in_figures) + len(multiples) == len(charts)
    assert all(figure.all("table") for figure in page.root.all("figure"))
    assert "second" in [table[0][1] for table in page.tables("resources") if len(table[0]) > 1]


def test_the_load_is_that_of_the_figures(written: tuple[Page, Document, Path]) -> None:
    page, document, _ = written
    run = document.runs[-1]
    calls, even = page.tables("load")
    assert column(calls, "instance") == [one.name for one in run.workers]
    assert column(calls, "calls") == [str(one.calls) for one in run.workers]
    assert column(calls, "share") == [f"{one.share:.1%}" for one in run.workers]
    assert column(even, "most") == [str(pool.most) for pool in run.pools]
    assert column(even, "coefficient of variation") == [f"{pool.variation:.2%}" for pool in run.pools]
    assert all(pool.difference <= 1 for pool in run.pools)
    assert "The load is even" in page.text("findings")


def test_bars_are_as_long_as_their_values(written: tuple[Page, Document, Path]) -> None:
    page, document, _ = written
    (chart,) = page.section("load").all("svg")
    widths = [float(str(one.attributes["width"])) for one in chart.all("rect")]
    calls = [one.calls for one in document.runs[-1].workers]
    assert [width / widths[0] for width in widths] == pytest.approx([count / calls[0] for count in calls], rel=0.01)


def test_throughput_and_speed_up_are_those_of_the_figures(written: tuple[Page, Document, Path]) -> None:
    page, document, _ = written
    (rounds,) = page.tables("throughput")
    every = [one for run in document.runs for one in run.rounds]
    assert column(rounds, "pictures/s") == [f"{one.throughput_per_s:.2f}" for one in every]
    assert column(rounds, "completed") == [str(one.completed) for one in every]
    point = document.scaling[-1]
    (curve,) = page.tables("scalability")
    assert column(curve, "fleet") == ["1/1/1", "1/2/1"]
    assert column(curve, "speed-up") == ["1.00", f"{point.speed_up.median:.2f}"]
    tiles = {
        one.all("dt")[0].text: one.all("b")[0].text for one in page.root.walk() if one.attributes.get("class") == "tile"
    }
    run = document.runs[-1]
    assert tiles == {
        "Throughput": f"{run.throughput_per_s:.1f}/s",
        "Median latency": f"{1000 * run.latency.p50_s:.0f} ms",
        "Requests": str(run.completed),
        "Workers": "4",
        "Against the baseline": f"× {point.speed_up.median:.2f}",
        "Difference in load": str(max(pool.difference for pool in run.pools if pool.instances > 1)),
    }


def test_resources_are_those_of_the_figures(written: tuple[Page, Document, Path]) -> None:
    page, document, _ = written
    run = document.runs[-1]
    whole, series = page.tables("resources")
    assert column(whole, "instance") == [one.name for one in run.instances]
    assert column(whole, "CPU, s") == [f"{one.cpu_s:.2f}" for one in run.instances]
    assert column(whole, "peak memory, MB") == [f"{one.memory_peak_bytes / 1e6:.0f}" for one in run.instances]
    assert len(series) - 1 == sum(len(one.series.at_s) for one in run.instances)
    (cores,) = page.tables("cores")
    assert column(cores, "fleet") == [f"{each.machines[0].fleet_cores:.2f}" for each in document.runs]


def test_latencies_and_the_request_are_those_of_the_figures(written: tuple[Page, Document, Path]) -> None:
    page, document, _ = written
    run = document.runs[-1]
    summary, bins = page.tables("latency")
    assert summary[1][0] == str(run.completed)
    assert summary[1][1:4] == [f"{1000 * value:.1f}" for value in (run.latency.p50_s, run.latency.p90_s, run.latency.p99_s)]
    assert column(bins, "requests") == [str(one.count) for one in run.latency.bins]
    (steps,) = page.tables("request")
    assert run.typical
    assert column(steps, "instance") == [hop.instance for hop in run.typical.hops]
    assert column(steps, "step") == ["resize", "blur", "sharpen", "sepia", "text"]


def test_it_says_where_and_how_it_was_measured(written: tuple[Page, Document, Path]) -> None:
    page, document, _ = written
    said = page.text("method")
    for part in (document.command, document.machine.model, document.machine.kernel, document.load.pipeline):
        assert part in said
    assert f"Python {document.machine.python}" in said
    assert document.date.replace("T", " ") in said


def test_what_the_machine_cannot_show_is_said(written: tuple[Page, Document, Path]) -> None:
    _, document, _ = written
    (machine,) = document.runs[-1].machines

    def said(cores: int) -> str:
        runs = tuple(
            run.model_copy(update={"machines": tuple(one.model_copy(update={"cores": cores}) for one in run.machines)})
            for run in document.runs
        )
        return Page.parse(render(Story.of(document.model_copy(update={"runs": runs})))).text("findings")

    assert "4 workers on 2 cores cannot be faster than 2 cores are" in said(2)
    assert "cannot be faster" not in said(64)
    busy = machine.busy_cores
    assert busy is not None
    assert "they bound the throughput" in said(max(1, int(busy)))
    assert "more requests at a time may give more" in said(64)


def test_figures_alone_give_the_same_page(written: tuple[Page, Document, Path], tmp_path: Path) -> None:
    page, document, _ = written
    write(document, tmp_path / "figures.json")
    assert main(["report", "--from", str(tmp_path / "figures.json"), "-o", str(tmp_path / "again.html")]) == 0
    assert _without_ids(Page.read(tmp_path / "again.html").source) == _without_ids(page.source)


def test_a_running_fleet_has_no_baseline_unless_one_is_given(
    written: tuple[Page, Document, Path], running: EmbeddedFleet, picture: Path, tmp_path: Path
) -> None:
    where = ["--target", running.url, "-o", str(tmp_path / "report.html"), "--picture", str(picture), *OPTIONS]
    assert main(["report", *where, "-n", "20", "--rounds", "1"]) == 0
    page = Page.read(tmp_path / "report.html")
    assert "A single-instance baseline was not measured" in page.text("findings")
    assert "Other sizes of the fleet were not measured" in page.text("scalability")
    assert "Containers were not looked at" in page.text("findings")
    assert not page.section("scalability").all("svg")
    assert "Against the baseline" not in page.root.text
    _, document, _ = written
    write(document, tmp_path / "earlier.json")
    assert main(["report", *where, "-n", "20", "--rounds", "1", "--baseline", str(tmp_path / "earlier.json")]) == 0
    page = Page.read(tmp_path / "report.html")
    (rounds,) = page.tables("throughput")
    assert column(rounds, "completed")[:2] == [str(one.completed) for one in document.runs[0].rounds]
    assert "measured at another time" in page.text("findings")


def test_names_are_text_and_never_markup(written: tuple[Page, Document, Path]) -> None:
    _, document, _ = written
    bad = "<script>alert('x')</script>&amp;"
    picture = document.load.pictures[0].model_copy(update={"name": bad})
    load = document.load.model_copy(update={"pictures": (picture,), "pipeline": bad})
    instance = document.runs[-1].instances[0].model_copy(update={"name": bad})
    run = document.runs[-1].model_copy(update={"label": bad, "instances": (instance, *document.runs[-1].instances[1:])})
    changed = document.model_copy(update={"load": load, "command": bad, "runs": (document.runs[0], run)})
    page = Page.parse(render(Story.of(changed)))
    assert not page.root.all("script")
    assert bad in page.text("method")
    assert bad in page.text("load")


def test_nothing_came_back(written: tuple[Page, Document, Path]) -> None:
    """A run all of whose requests failed is a page, too, which says so."""
    _, document, _ = written
    whole = document.runs[-1]
    latency = whole.latency.model_copy(
        update={"bins": (), "p50_s": 0.0, "p90_s": 0.0, "p99_s": 0.0, "max_s": 0.0, "mean_s": 0.0}
    )
    failed: Run = whole.model_copy(
        update={
            "completed": 0,
            "failed": 7,
            "errors": {"OVERLOADED": 7},
            "latency": latency,
            "typical": None,
            "throughput_per_s": 0.0,
        }
    )
    page = Page.parse(render(Story.of(document.model_copy(update={"runs": (failed,), "scaling": ()}))))
    assert "7 of 7 requests failed: 7 with OVERLOADED" in page.text("findings")
    assert "No request was completed" in page.text("latency")


def test_ctrl_c_gives_a_page_of_what_came_back(picture: Path, tmp_path: Path) -> None:
    fleet = ["--resize", "1", "--filter", "1", "--watermark", "1", "--sets", ""]
    where = ["-o", str(tmp_path / "report.html"), "--figures", str(tmp_path / "figures.json")]
    command = [sys.executable, "-m", "pixelmill", "report", *where, *fleet, *OPTIONS, "--picture", str(picture)]
    with subprocess.Popen([*command, "-n", "5", "--rounds", "1000"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for expected in ("warming up", "round 1 of 1000", "round 2 of 1000"):
            assert select.select([process.stderr], [], [], PATIENCE_S)[0]
            assert expected in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        assert process.wait(PATIENCE_S) == 130
    document = read(tmp_path / "figures.json")
    assert document.interrupted
    assert document.runs[0].completed >= 10
    assert "was interrupted" in Page.read(tmp_path / "report.html").text("findings")


def _without_ids(source: str) -> str:
    """Return a page's source with the numbers of its charts taken out, which go on counting in one process."""
    return re.sub(r"chart-\d+-", "chart-", source)
