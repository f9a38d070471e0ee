"""`pixelmill report`: one page about how fast a fleet is and what it takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pixelmill.cli.bench import PANEL
from pixelmill.cli.commands import add
from pixelmill.cli.loads import DURATION_S, SCALING_ROUNDS, Load, Where, check_writable
from pixelmill.cli.security import Access
from pixelmill.errors import InvalidPipeline

if TYPE_CHECKING:
    from pixelmill.bench.figures import Document
    from pixelmill.bench.places import Setting

SETS = "1/1/1,2/2/2"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    add(
        app,
        report,
        PANEL,
        "report -o report.html",
        "report -o report.html --sets 1/1/1,2/4/2 --filter 8 -d 20",
        "report -o r.html --target localhost:50055 --baseline one.json",
        "report -o report.html --from figures.json",
        note="A baseline is measured with one instance of each pool: pixelmill bench --rounds 6 -o one.json …",
    )


def report(
    context: typer.Context,
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", dir_okay=False, help="The page to write.")],
    given: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="Measure nothing: show figures that bench or report wrote.", show_default=False
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Write the figures there, too, as JSON.", show_default=False),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Figures of a single-instance fleet, to set a running fleet against.", show_default=False
        ),
    ] = None,
    sets: Annotated[
        str,
        typer.Option(
            metavar="R/F/W,…", help="Smaller fleets beside it: resize, filter and watermark workers; the baseline first."
        ),
    ] = SETS,
    load: Load,
    where: Where,
    access: Access,
) -> None:
    """Measure a fleet and write one HTML page about it, which needs nothing else and no network.

    Starts fleets on this machine, the smallest as the baseline, which get the same load in turn; or measures a running one.
    The page shows throughput, latency, load, CPU and memory of each instance, and says what the figures do not show.
    The exit code is 1 where requests failed. Ctrl-C gives a page of what came until then.
    """
    from pixelmill.bench.figures import read, write
    from pixelmill.report.page import render
    from pixelmill.report.story import Story

    check_writable(output, "--output")
    check_writable(figures, "--figures")
    earlier = read(baseline) if baseline else None

    def show(document: Document) -> None:
        if figures:
            write(document, figures)
        page = render(Story.of(document, earlier, str(baseline)))
        output.write_text(page, encoding="utf-8")
        typer.echo(f"{output}: {len(page.encode()) / 1000:.0f} kB, {sum(run.completed for run in document.runs)} requests")

    if given:
        show(read(given))
        return
    workload = load.workload(rounds=SCALING_ROUNDS, duration=DURATION_S)
    settings = _settings(where.setting(access), sets)
    where.measure(context, settings, workload, access, "scaling" if len(settings) > 1 else "", show)


def _settings(where: Setting, sets: str) -> tuple[Setting, ...]:
    """Return the smaller fleets and then the one that the report is about; a running one stands alone."""
    from pixelmill.bench.places import Setting, parse_counts

    if where.kind != "embedded" or not sets:
        return (where,)
    smaller = [Setting(parse_counts(each, "--sets"), where.placement) for each in sets.split(",")]
    if len(set(smaller)) < len(smaller):
        raise InvalidPipeline(f"expected fleets that differ for --sets, got {sets}")
    return (*(one for one in smaller if one != where), where)
