"""`pixelmill bench`: how many pictures a second, and what that takes of each instance."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pixelmill.cli.commands import add
from pixelmill.cli.loads import COMPARING_ROUNDS, NUMBER, SCALING_ROUNDS, Load, Where, check_writable
from pixelmill.cli.security import Access
from pixelmill.errors import InvalidPipeline

if TYPE_CHECKING:
    from pixelmill.bench.figures import Document
    from pixelmill.bench.places import Setting
    from pixelmill.bench.session import Relation

PANEL = "Measuring"
SETS = "1/1/1,2/2/2,3/5/3,4/7/4"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    add(
        app,
        bench,
        PANEL,
        "bench",
        "bench --target grpc://localhost:50055 -c 16 -d 30 -o before.json",
        "bench --picture photos/ -p 'resize:800x | webp' --local",
        "bench --compare spread fused",
        "bench --compare local 3/5/3 -n 40",
        "bench --compare grpc://localhost:50055 http://localhost:8080",
        "bench --compare before.json after.json",
        "bench --scaling --sets 1/1/1,3/5/3,6/10/6",
        note="docs/benchmark.md says how it measures and what the JSON holds.",
    )


def bench(
    context: typer.Context,
    *,
    load: Load,
    where: Where,
    local: Annotated[
        bool, typer.Option("--local", help="The bare engine, in this process.", rich_help_panel=Where.panel)
    ] = False,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B",
            help="Two settings in turn, or two files of --json. A setting is a placement, R/F/W (counts of workers), local, "
            "a URL as of --target, or PLACEMENT@ and one of these.",
            show_default=False,
        ),
    ] = None,
    scaling: Annotated[
        bool, typer.Option("--scaling", help="Growing fleets against the first one, each started anew for each round.")
    ] = False,
    sets: Annotated[
        str, typer.Option(metavar="R/F/W,…", help="The fleets of --scaling: resize, filter and watermark workers.")
    ] = SETS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", dir_okay=False, help="Write the JSON there, too.", show_default=False
        ),
    ] = None,
    access: Access,
) -> None:
    """Measure throughput and latency, and what they take of each instance.

    Sends requests, so many at a time, to a fleet that it starts on this machine, to a running one, or to the bare engine.
    Without --rate it is a closed loop: a slower fleet is sent less.
    Requests that fail do not stop it: the exit code is 1 where some did. Ctrl-C shows what came until then.
    """
    check_writable(output, "--output")
    show = partial(_show, as_json, output)
    if compare and _are_files(compare):
        show(_compare_files(compare))
        return
    workload = load.workload(rounds=COMPARING_ROUNDS if compare else SCALING_ROUNDS if scaling else 1, number=NUMBER)
    settings = _settings(where.setting(access, local=local), compare, sets if scaling else None)
    relation: Relation = "comparison" if compare else "scaling" if scaling else ""
    where.measure(context, settings, workload, access, relation, show)


def _settings(where: Setting, compare: tuple[str, str] | None, sets: str | None) -> tuple[Setting, ...]:
    """Return what takes turns. Raises `InvalidPipeline` where it cannot be read, or the options contradict each other."""
    from pixelmill.bench.places import Setting, parse_counts

    if compare and sets:
        raise InvalidPipeline("expected one of --compare and --scaling, got both")
    if sets:
        if where.kind != "embedded":
            raise InvalidPipeline("expected --scaling without --target and --local: it starts fleets of its own")
        several = tuple(Setting(parse_counts(each, "--sets"), where.placement) for each in sets.split(","))
    elif compare:
        several = tuple(Setting.parse(each, "--compare", where) for each in compare)
    else:
        return (where,)
    if len(set(several)) < len(several) or len(several) < 2:
        raise InvalidPipeline(f"expected two settings or more that differ, got {', '.join(one.label for one in several)}")
    return several


def _are_files(compare: tuple[str, str]) -> bool:
    return all(Path(one).suffix == ".json" or Path(one).is_file() for one in compare)


def _compare_files(names: tuple[str, str]) -> Document:
    """Return the second document with how it does against the first."""
    from pixelmill.bench.figures import read
    from pixelmill.bench.ratios import compare_documents

    a, b = (read(Path(name)) for name in names)
    for name, document in zip(names, (a, b), strict=True):
        if not document.runs:
            raise InvalidPipeline(f"expected figures of at least one run in {name}, got none")
    return b.model_copy(update={"runs": (), "scaling": (), "comparison": compare_documents(a, b, names)})


def _show(as_json: bool, output: Path | None, document: Document) -> None:
    """Show and write a document."""
    from rich.console import Console

    from pixelmill.bench.figures import write
    from pixelmill.bench.tables import FULL_WIDTH, show

    if output:
        write(document, output)
    if as_json:
        typer.echo(document.model_dump_json(indent=2))
    else:
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = max(console.width, FULL_WIDTH)
        show(document, console)
