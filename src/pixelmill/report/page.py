"""The whole page: a story as one HTML file that needs nothing else, without any script."""

from __future__ import annotations

from pathlib import Path

from pixelmill.bench.tables import describe_ratio
from pixelmill.report import method, resources, results
from pixelmill.report.markup import Markup, join, tag
from pixelmill.report.story import Story, counts, worst_pool

STYLE = Path(__file__).with_name("style.css")


def render(story: Story) -> str:
    """Return the page."""
    sections = [
        ("findings", "What the figures show", method.findings(story)),
        ("instances", "Instances", results.instances(story)),
        ("load", "Load distribution", results.load(story)),
        ("throughput", "Throughput", results.throughput(story)),
        ("scalability", "Scalability", results.scalability(story)),
        ("latency", "Latency", results.latency(story)),
        ("request", "A typical request", results.request(story)),
        ("cores", "Where the cores went", resources.cores(story)),
        ("resources", "Resources of each instance", resources.instances(story)),
        ("containers", "Containers", resources.containers(story)),
        ("method", "How it was measured", method.method(story)),
    ]
    there = [(name, title, body) for name, title, body in sections if body]
    title = f"Pixelmill benchmark: {story.run.label}"
    links = [join(tag("a", heading, href=f"#{name}"), " ") for name, heading, _ in there]
    parts = [
        tag("section", tag("h2", heading, id=f"{name}-title"), body, id=name, aria_labelledby=f"{name}-title")
        for name, heading, body in there
    ]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(STYLE.read_text(encoding="utf-8"))),
    )
    body = tag("body", _header(story, links), tag("main", _tiles(story), join(*parts)), _footer(story))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _header(story: Story, links: list[Markup]) -> Markup:
    run, machine = story.run, story.document.machine
    what = {
        "embedded": f"{counts(run)} and an orchestrator, as processes of one machine",
        "fleet": f"a running fleet of {counts(run)} behind {run.target}",
        "local": "the bare engine, in one process",
    }[run.place]
    how = f" Placement {run.placement}." if run.placement else ""
    return tag(
        "header",
        tag("h1", "Benchmark report"),
        tag("p", f"Pixelmill {story.document.version}: {what}.{how}"),
        tag(
            "p", f"{story.document.date.replace('T', ' ')} · client on {machine.model}, {machine.cores} cores", class_="soft"
        ),
        tag("nav", join(*links), aria_label="Sections"),
    )


def _tiles(story: Story) -> Markup:
    run = story.run
    retries = "" if run.retries is None else f", {run.retries} retries"
    tiles = [
        ("Throughput", f"{run.throughput_per_s:.1f}/s", "pictures, all rounds together"),
        ("Median latency", f"{1000 * run.latency.p50_s:.0f} ms", f"99 % within {1000 * run.latency.p99_s:.0f} ms"),
        ("Requests", f"{run.completed}", f"{run.failed} failed{retries}"),
    ]
    if run.place != "local":
        machines = f"{len(run.machines)} machine{'s' if len(run.machines) > 1 else ''}, {story.cores} cores"
        tiles.append(("Workers", f"{len(run.workers)}", machines))
    if story.baseline:
        tiles.append(("Against the baseline", f"× {story.baseline.speed_up.median:.2f}", _spread(story)))
    if worst := worst_pool(run):
        pool, difference = worst
        whose = "a pool" if difference <= 1 else pool
        even = f"calls between the instances of {whose}, in one round at most"
        tiles.append(("Difference in load", f"{difference}", even))
    return tag(
        "dl",
        *[
            tag("div", tag("dt", name), tag("dd", tag("b", value), tag("small", note)), class_="tile")
            for name, value, note in tiles
        ],
        class_="tiles",
    )


def _spread(story: Story) -> str:
    ratio = story.baseline.speed_up if story.baseline else None
    return describe_ratio(ratio).partition(" ")[2].strip("()") if ratio else ""


def _footer(story: Story) -> Markup:
    return tag(
        "footer",
        tag(
            "p",
            f"Written by pixelmill {story.document.version} from figures of the schema {story.document.schema_version}. "
            "Every figure on this page was measured; what was not is said to be missing.",
        ),
    )
