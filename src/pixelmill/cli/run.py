"""`pixelmill run`: a pipeline over files and folders."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pixelmill.cli.choices import Format, Ops, PipelineText, Quality
from pixelmill.cli.commands import add
from pixelmill.cli.interrupts import INTERRUPTED
from pixelmill.cli.security import Access
from pixelmill.errors import InvalidPipeline, PixelmillError, expected

if TYPE_CHECKING:
    from pixelmill.bulk import Done, Report
    from pixelmill.executors import Executor

TERMINATED = 143


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    add(
        app,
        run,
        "Pictures",
        "run photos/ -o small/ --op resize:1280x720 --op sharpen -f webp",
        "run a.jpg b.png -o out/ --op 'text:\"© me\",position=bottom-left'",
        "run photos/ -o out/ --op logo:@logo.png,scale=0.1",
        "run photos/ -o out/ -p web.yaml --skip-existing",
        "run photos/ -o out/ -p 'resize:800x | sepia | avif'",
        "run photos/ -o out/ --op sepia --executor grpc://localhost:50055",
        note="`pixelmill ops` lists the operations and their values.",
    )


def run(
    inputs: Annotated[
        list[Path],
        # Not checked for being readable: that is a failure of one picture, like any other.
        typer.Argument(
            metavar="INPUT", readable=False, help="Pictures, and folders to search for pictures.", show_default=False
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the results; sub-folders are kept.")
    ],
    op: Ops = None,
    format: Format = None,
    quality: Quality = None,
    pipeline: PipelineText = None,
    executor: Annotated[
        str,
        typer.Option("--executor", metavar="URL", help="Where it runs: local:, grpc://HOST:PORT or, with TLS, grpcs://…."),
    ] = "local:",
    jobs: Annotated[
        int | None,
        typer.Option(
            "-j", "--jobs", min=1, help="Pictures at a time; unset: one for each core, 16 on a fleet.", show_default=False
        ),
    ] = None,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave out pictures whose result is there already.")
    ] = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first picture that fails.")] = False,
    *,
    access: Access,
) -> None:
    """Run operations on pictures and whole folders.

    Results replace those of an earlier run, but never an input.
    A picture that fails does not stop the others: it is listed at the end.
    The exit code is 0 where all went well, 1 where a picture failed, 2 for bad usage.
    """
    from pixelmill.bulk import Report, plan_jobs, process
    from pixelmill.cli.pipelines import compose
    from pixelmill.pipeline import Pipeline

    composed = compose(pipeline, op or [], format, quality)
    if composed == Pipeline() and format is None:
        raise InvalidPipeline("expected something to do, got no --op, --pipeline or --format that says it")
    _check_folder(output)
    planned = plan_jobs(inputs, output, composed)
    report = Report()
    if skip_existing:
        waiting = [job for job in planned if not job.is_done()]
        report.skipped = len(planned) - len(waiting)
        planned = waiting
    started = time.perf_counter()
    ended = ""
    try:
        with (
            _ending_on_sigterm(),
            _traced(executor),
            _open(executor, jobs, access) as opened,
            _progress(len(planned)) as advance,
        ):
            for done in process(planned, composed, opened):
                report.add(done)
                advance()
                if fail_fast and done.error:
                    ended = "stopped at the first failure"
                    break
    except KeyboardInterrupt:
        ended = "interrupted"
    _list_failures(report)
    typer.echo(_summary(report, len(planned), time.perf_counter() - started, ended))
    if ended == "interrupted":
        raise typer.Exit(INTERRUPTED)
    if report.failed:
        raise typer.Exit(1)


def _check_folder(output: Path) -> None:
    from pixelmill.storage import PICTURE_EXTENSIONS

    looks_like_a_file = output.suffix.lower() in PICTURE_EXTENSIONS and not output.is_dir()
    if looks_like_a_file or (output.exists() and not output.is_dir()):
        raise InvalidPipeline(expected("a folder", "--output", str(output)) + "; results keep the names of their sources")


def _open(url: str, jobs: int | None, access: Access) -> Executor:
    from pixelmill.executors import LocalExecutor, open_executor

    if jobs and url == "local:":
        return LocalExecutor(jobs)
    if not url.startswith(("grpc:", "grpcs:")):
        return open_executor(url)
    from pixelmill.fleet.client import IN_FLIGHT, FleetExecutor

    fleet = FleetExecutor.from_url(url, jobs or IN_FLIGHT, access.settings())
    try:
        fleet.describe()  # where nothing answers, one message says so, and not one for each picture
    except PixelmillError:
        fleet.close()
        raise
    return fleet


@contextmanager
def _traced(url: str) -> Iterator[None]:
    """Trace what is sent to a fleet, where OpenTelemetry's variables ask for it; send what is left at the end."""
    if url.startswith("local"):
        yield
        return
    from pixelmill.telemetry import tracing

    tracing.start("pixelmill-run", str(os.getpid()))
    try:
        yield
    finally:
        tracing.stop()


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Show a progress bar on a terminal; yield what is called for each picture that has ended."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TimeRemainingColumn

    columns = (BarColumn(None), TaskProgressColumn(show_speed=True), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """End on SIGTERM as an exception does, so that nothing half written stays."""

    def end(signum: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _list_failures(report: Report) -> None:
    for done in sorted(report.failed, key=lambda done: done.job.source):
        typer.echo(f"pixelmill: {done.job.source}: {_reason(done)}", err=True)


def _reason(done: Done) -> str:
    error = done.error
    if isinstance(error, OSError):
        return f"expected to write {done.file}, got: {(error.strerror or str(error)).lower()}"
    return str(error)


def _summary(report: Report, planned: int, seconds: float, ended: str) -> str:
    parts = [f"{report.done} done", f"{len(report.failed)} failed"]
    if report.skipped:
        parts.append(f"{report.skipped} skipped")
    if ended:
        parts.append(f"{planned - report.done - len(report.failed)} not started or given up ({ended})")
    if report.done:
        parts.append(f"{report.done / seconds:.1f} pictures/s")
        parts.append(f"{_size(report.bytes_in)} → {_size(report.bytes_out)}")
    return ", ".join(parts)


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1_000_000 else f"{count / 1e3:,.0f} kB"
