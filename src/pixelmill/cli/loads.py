"""The options of `pixelmill bench` and `report` that say what is sent, and where."""

from __future__ import annotations

import shlex
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pixelmill.cli.interrupts import INTERRUPTED, interruptible
from pixelmill.cli.progress import progress
from pixelmill.errors import InvalidPipeline

if TYPE_CHECKING:
    from pixelmill.bench.containers import Engine
    from pixelmill.bench.figures import Document
    from pixelmill.bench.places import Setting
    from pixelmill.bench.session import Session
    from pixelmill.bench.workload import Workload

WARM_UP = 2
"""Requests for each sender before anything counts."""

Concurrency = Annotated[int, typer.Option("-c", "--concurrency", min=1, max=1000, help="Requests at a time.")]
Number = Annotated[int | None, typer.Option("-n", "--number", min=1, help="Requests of each round.", show_default=False)]
Duration = Annotated[
    float | None,
    typer.Option(
        "-d",
        "--duration",
        min=0.1,
        max=86_400,
        help="Length of each round in seconds, instead of --number.",
        show_default=False,
    ),
]
Rounds = Annotated[int | None, typer.Option(min=1, max=1000, help="How often each is measured.", show_default=False)]
Rate = Annotated[
    float | None,
    typer.Option(
        min=0.001,
        help="Begin so many requests a second, however fast they are answered; latency counts from when each was due.",
        show_default=False,
    ),
]
WarmUp = Annotated[
    int | None,
    typer.Option("--warm-up", min=0, help="Requests that are not counted; unset: 2 × --concurrency.", show_default=False),
]
Timeout = Annotated[float, typer.Option(min=0.1, help="After so many seconds a request has failed.")]
Pictures = Annotated[
    list[Path] | None,
    typer.Option("--picture", metavar="FILE|DIR", help="What is sent, by turns; unset: a 1920×1080 sample. Repeat it."),
]
Target = Annotated[
    str | None,
    typer.Option(
        metavar="grpc://HOST:PORT", help="A running fleet; unset: one is started on this machine.", show_default=False
    ),
]
ResizeCount = Annotated[int, typer.Option("--resize", min=0, max=999, help="Resize workers of the fleet that is started.")]
FilterCount = Annotated[int, typer.Option("--filter", min=0, max=999, help="Filter workers.")]
WatermarkCount = Annotated[int, typer.Option("--watermark", min=0, max=999, help="Watermark workers.")]
Docker = Annotated[
    bool, typer.Option("--docker", help="With --target: also CPU and memory of its containers on this machine's engine.")
]


@dataclass(frozen=True)
class Amount:
    """How much is sent, as the options say."""

    concurrency: int
    number: int | None
    duration: float | None
    rate: float | None
    rounds: int
    warm_up: int | None
    timeout: float


def workload_of(
    pictures: list[Path] | None,
    pipeline: str | None,
    operations: list[str] | None,
    format: str | None,
    quality: int | None,
    amount: Amount,
) -> Workload:
    """Return what is sent. Raises `InvalidPipeline` where options contradict each other, or a value is out of range."""
    from pixelmill.bench.workload import DEFAULT_PIPELINE, Workload, read_pictures
    from pixelmill.cli.pipelines import compose
    from pixelmill.pipeline import Pipeline

    if amount.number is not None and amount.duration is not None:
        raise InvalidPipeline("expected one of --number and --duration, got both")
    composed = compose(pipeline, operations or [], format, quality)
    if composed == Pipeline() and pipeline is None and format is None:
        composed = compose(DEFAULT_PIPELINE, [], None, quality)
    return Workload(
        pictures=read_pictures(pictures or ()),
        pipeline=composed,
        concurrency=amount.concurrency,
        requests=amount.number,
        duration_s=amount.duration,
        rate_per_s=amount.rate,
        rounds=amount.rounds,
        warm_up=WARM_UP * amount.concurrency if amount.warm_up is None else amount.warm_up,
        timeout_s=amount.timeout,
    )


def setting_of(target: str | None, placement: str | None, counts: tuple[int, int, int], *, local: bool = False) -> Setting:
    """Return where it runs. Raises `InvalidPipeline` where the options contradict each other."""
    from pixelmill.bench.looks import LOCAL
    from pixelmill.bench.places import Setting, parse_place

    if local and (target or placement):
        raise InvalidPipeline("expected --local alone, got it with --target or --placement: the bare engine has neither")
    if not target and not local and not sum(counts):
        raise InvalidPipeline("expected at least one worker for the fleet, got none")
    place = LOCAL if local else parse_place(target, "--target") if target is not None else counts
    return Setting(place, placement or "")


def engine_for(where: Setting) -> Engine:
    """Return the Docker engine of this machine.

    Raises:
        InvalidPipeline: what is measured is no running fleet.
        Unavailable: no engine answers.
    """
    from pixelmill.bench.containers import Engine

    if where.kind != "fleet":
        raise InvalidPipeline("expected --target with --docker, got none: containers are of a fleet that runs already")
    return Engine()


def plugins_of(context: typer.Context) -> tuple[str, ...]:
    """Return the modules of operations that the command line names."""
    return tuple(context.find_root().params["plugin"] or ())


def command_of(context: typer.Context) -> str:
    """Return the command as it was typed."""
    return shlex.join(("pixelmill", *context.obj))


def measured(session: Session, relation: str, command: str) -> Document:
    """Measure, until the end or until Ctrl-C; where nothing had come back by then, end with 130."""
    from pixelmill.bench.session import measure

    try:
        with interruptible() as check, closing(progress(check)) as telling:
            return measure(session, telling, relation=relation, command=command)
    except KeyboardInterrupt:
        typer.echo("interrupted before anything was measured", err=True)
        raise typer.Exit(INTERRUPTED) from None
