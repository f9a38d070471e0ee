"""The options of `pixelmill bench` and `report` that say what is sent, and where; and measuring by them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pixelmill.cli.choices import Format, Ops, PipelineText, PlacementChoice, Quality
from pixelmill.cli.commands import Group
from pixelmill.cli.interrupts import INTERRUPTED, interruptible
from pixelmill.cli.progress import progress
from pixelmill.cli.security import Access, url_of
from pixelmill.errors import InvalidPipeline, expected

if TYPE_CHECKING:
    from pixelmill.bench.figures import Document
    from pixelmill.bench.places import Setting
    from pixelmill.bench.session import Relation
    from pixelmill.bench.workload import Workload

WARM_UP = 2
"""Requests for each sender before anything counts."""
NUMBER = 100
"""Requests of each round of `bench`."""
DURATION_S = 5.0
"""Length of each round of `report`."""
COMPARING_ROUNDS = 7
SCALING_ROUNDS = 6


@dataclass(frozen=True)
class Load(Group, panel="What is sent"):
    """The options that say what is sent, how many at a time, and how long."""

    concurrency: Annotated[int, typer.Option("-c", "--concurrency", min=1, max=1000, help="Requests at a time.")] = 10
    number: Annotated[
        int | None,
        typer.Option(
            "-n", "--number", min=1, help=f"Requests of each round; bench: {NUMBER}, unless -d is given.", show_default=False
        ),
    ] = None
    duration: Annotated[
        float | None,
        typer.Option(
            "-d",
            "--duration",
            min=0.1,
            max=86_400,
            help=f"Seconds of each round, instead of -n; report: {DURATION_S:g}, unless -n is given.",
            show_default=False,
        ),
    ] = None
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            help=f"How often each is measured; unset: {COMPARING_ROUNDS} to compare, {SCALING_ROUNDS} for --scaling and "
            "report, else 1.",
            show_default=False,
        ),
    ] = None
    rate: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            help="Begin so many requests a second, however fast they are answered; unset: the next when one is answered.",
            show_default=False,
        ),
    ] = None
    warm_up: Annotated[
        int | None,
        typer.Option(
            "--warm-up", min=0, help="Requests that are not counted; unset: 2 × --concurrency.", show_default=False
        ),
    ] = None
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds after which a request has failed.")] = 30.0
    picture: Annotated[
        list[Path] | None,
        typer.Option("--picture", metavar="FILE|DIR", help="What is sent, by turns; unset: a 1920×1080 sample. Repeat it."),
    ] = None
    pipeline: PipelineText = None
    op: Ops = None
    format: Format = None
    quality: Quality = None

    def workload(self, *, rounds: int, number: int | None = None, duration: float | None = None) -> Workload:
        """Return what is sent; `rounds`, and `number` or `duration`, where the options say nothing of them.

        Raises:
            InvalidPipeline: options contradict each other, or a value is out of range.
        """
        from pixelmill.bench.workload import DEFAULT_PIPELINE, Workload, read_pictures
        from pixelmill.cli.pipelines import compose
        from pixelmill.pipeline import Pipeline

        if self.number is not None and self.duration is not None:
            raise InvalidPipeline("expected one of --number and --duration, got both")
        if self.number is not None or self.duration is not None:
            number, duration = self.number, self.duration
        composed = compose(self.pipeline, self.op or [], self.format, self.quality)
        if composed == Pipeline() and self.pipeline is None and self.format is None:
            composed = compose(DEFAULT_PIPELINE, [], None, self.quality)
        return Workload(
            pictures=read_pictures(self.picture or ()),
            pipeline=composed,
            concurrency=self.concurrency,
            requests=number,
            duration_s=duration,
            rate_per_s=self.rate,
            rounds=self.rounds or rounds,
            warm_up=WARM_UP * self.concurrency if self.warm_up is None else self.warm_up,
            timeout_s=self.timeout,
        )


@dataclass(frozen=True)
class Where(Group, panel="Where it is sent"):
    """The options that say which fleet it is sent to."""

    target: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A running fleet, grpc://HOST:PORT or http://HOST:PORT, with TLS grpcs:// or https://; unset: one is "
            "started on this machine.",
            show_default=False,
        ),
    ] = None
    resize: Annotated[int, typer.Option(min=0, max=999, help="Resize workers of the fleet that is started.")] = 3
    filter: Annotated[int, typer.Option(min=0, max=999, help="Filter workers.")] = 5
    watermark: Annotated[int, typer.Option(min=0, max=999, help="Watermark workers.")] = 3
    placement: Annotated[
        PlacementChoice | None, typer.Option(help="How steps are spread; unset: as the fleet does.", show_default=False)
    ] = None
    docker: Annotated[
        bool,
        typer.Option("--docker", help="With --target: also CPU and memory of its containers on this machine's engine."),
    ] = False

    def setting(self, access: Access, *, local: bool = False) -> Setting:
        """Return where it runs: `local` is the bare engine. Raises `InvalidPipeline` where the options contradict that."""
        from pixelmill.bench.looks import LOCAL
        from pixelmill.bench.places import Setting, parse_place

        placement = self.placement or ""
        if local:
            if self.target is not None or placement:
                raise InvalidPipeline(
                    "expected --local alone, got it with --target or --placement: the bare engine has neither"
                )
            return Setting(LOCAL)
        if self.target is not None:
            return Setting(parse_place(url_of(self.target, access.settings()), "--target"), placement)
        counts = (self.resize, self.filter, self.watermark)
        if not sum(counts):
            raise InvalidPipeline("expected at least one worker for the fleet, got none")
        return Setting(counts, placement)

    def measure(
        self,
        context: typer.Context,
        settings: tuple[Setting, ...],
        workload: Workload,
        access: Access,
        relation: Relation,
        show: Callable[[Document], None],
    ) -> None:
        """Measure, until the end or until Ctrl-C, show what came back, and end with the exit code that it deserves.

        Raises:
            PixelmillError: a fleet or an engine is not there, or does not start.
        """
        from pixelmill.bench.containers import Engine
        from pixelmill.bench.places import Places
        from pixelmill.bench.session import Session, measure

        if self.docker and any(setting.kind != "fleet" for setting in settings):
            raise InvalidPipeline("expected --target with --docker, got none: containers are of a fleet that runs already")
        session = Session(
            settings=settings,
            workload=workload,
            open_places=partial(Places, workload.pipeline, access.settings(), _plugins(context)),
            relation=relation,
            engine=Engine() if self.docker else None,
        )
        with interruptible(once=True) as check:
            try:
                with closing(progress(check)) as telling:
                    document = measure(session, telling, command=shlex.join(("pixelmill", *context.obj)))
            except KeyboardInterrupt:
                typer.echo("interrupted before anything was measured", err=True)
                raise typer.Exit(INTERRUPTED) from None
            show(document)
        if document.interrupted:
            raise typer.Exit(INTERRUPTED)
        if document.failed or document.problem:
            raise typer.Exit(1)


def check_writable(path: Path | None, name: str) -> None:
    """See that a file can be written before anything is measured for it. Raises `InvalidPipeline`."""
    if path and not (os.access(path if path.exists() else path.parent, os.W_OK)):
        raise InvalidPipeline(expected("a file that can be written", name, str(path)))


def _plugins(context: typer.Context) -> tuple[str, ...]:
    """Return the modules of operations that the command line names."""
    return tuple(context.find_root().params["plugin"] or ())
