"""`pixelmill up`, `worker` and `orchestrator`: the processes of a fleet."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pixelmill.cli.choices import PlacementChoice, PoolChoice
from pixelmill.cli.commands import add
from pixelmill.cli.interrupts import interruptible
from pixelmill.cli.security import TlsCa, TlsCert, TlsClientCa, TlsKey, TokensFile
from pixelmill.errors import InvalidPipeline

if TYPE_CHECKING:
    from pixelmill.fleet.embedded import EmbeddedFleet

PANEL = "Fleet"
Host = Annotated[
    str | None,
    typer.Option(
        "--host",
        metavar="ADDRESS",
        help="Address to listen on. Variable: PIXELMILL_HOST; all where unset.",
        show_default=False,
    ),
]
Isolate = Annotated[
    bool | None,
    typer.Option(
        "--isolate/--no-isolate",
        help="Work on pictures in processes of their own, so that one that crashes them fails alone. "
        "Variable: PIXELMILL_ISOLATE.",
        show_default=False,
    ),
]
ReadyFd = Annotated[int | None, typer.Option("--ready-fd", hidden=True)]
ParentFd = Annotated[int | None, typer.Option("--parent-fd", hidden=True)]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add(app, up, PANEL, "up", "up --resize 1 --filter 2 --watermark 1 --port 0")
    add(app, worker, PANEL, "worker --pool resize --name resize-1 --port 50052", "worker --pool filter --threads 4")
    add(
        app,
        orchestrator,
        PANEL,
        "orchestrator --resize a:50052,a:50062 --filter b:50053,b:50063",
        "orchestrator --worker workers.internal:50057",
        note="A host name that has several addresses stands for all of them.",
    )


def up(
    context: typer.Context,
    resize: Annotated[int, typer.Option(min=0, help="Workers in the pool resize.")] = 3,
    filter: Annotated[int, typer.Option(min=0, help="Workers in the pool filter.")] = 5,
    watermark: Annotated[int, typer.Option(min=0, help="Workers in the pool watermark.")] = 3,
    format: Annotated[
        int, typer.Option(min=0, help="Workers in the pool format; none: the last step's worker encodes.")
    ] = 0,
    worker: Annotated[int, typer.Option(min=0, help="General workers, which run whole pipelines.")] = 0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The orchestrator's port; 0 is any free one.")] = 50055,
    http_port: Annotated[
        int, typer.Option(min=-1, max=65535, help="Its port for HTTP: the API and the dashboard; 0 is none, -1 any.")
    ] = 8080,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address that the orchestrator listens on.")] = "127.0.0.1",
    placement: Annotated[
        PlacementChoice | None, typer.Option(help="How steps are spread; unset: one call for each.", show_default=False)
    ] = None,
    certs: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="TLS everywhere, with the certificates of `pixelmill certs DIR`; clients show one, too.",
        ),
    ] = None,
    tokens_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Tokens, one a line: clients send one, instead of showing a certificate."),
    ] = None,
    isolate: Isolate = None,
) -> None:
    """Run a whole fleet on this machine, until Ctrl-C.

    Starts workers and an orchestrator as processes of their own.
    Shows where they listen, then the orchestrator's log.
    A process that dies is started again.
    """
    from pixelmill.fleet.embedded import EmbeddedFleet

    if not resize + filter + watermark + format + worker:
        raise InvalidPipeline("expected at least one worker for the fleet, got none")
    fleet = EmbeddedFleet(
        resize,
        filter,
        watermark,
        format=format,
        worker=worker,
        port=port,
        http_port=http_port,
        host=host,
        placement=placement,
        isolate=isolate,
        plugins=context.find_root().params["plugin"] or (),
        certs=certs,
        tokens_file=tokens_file,
    )
    with interruptible():
        try:
            with fleet:
                _show(fleet)
                threading.Event().wait()
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)


def _show(fleet: EmbeddedFleet) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table("pool", "name", "address", "pid", box=box.SIMPLE_HEAD)
    for process in fleet.processes:
        table.add_row(process.pool, process.name, process.address, str(process.pid))
    console = Console(highlight=False)
    console.print(table)
    if fleet.has_http:
        console.print(f"Dashboard and HTTP API: {fleet.http_url}", soft_wrap=True)
    console.print(
        f"Send pictures to {fleet.url}. Watch with: pixelmill fleet --target {fleet.url}. Stop with Ctrl-C.",
        soft_wrap=True,
    )


def worker(
    pool: Annotated[
        PoolChoice | None,
        typer.Option(help="The pool that it belongs to. Variable: PIXELMILL_POOL; worker where unset.", show_default=False),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Its name in logs and traces. Variable: SERVICE_NAME; the pool's where unset.", show_default=False
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port to listen on, 0 is any. Variable: PORT; the pool's where unset.", show_default=False
        ),
    ] = None,
    host: Host = None,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Pictures computed at a time. Variable: PIXELMILL_THREADS; as many as cores, at least 2, where unset.",
            show_default=False,
        ),
    ] = None,
    queue: Annotated[
        int | None,
        typer.Option(min=0, help="Pictures that may wait. Variable: PIXELMILL_QUEUE; 128 where unset.", show_default=False),
    ] = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_client_ca: TlsClientCa = None,
    isolate: Isolate = None,
    ready_fd: ReadyFd = None,
    parent_fd: ParentFd = None,
) -> None:
    """Run one worker, until SIGTERM or Ctrl-C; what is running is finished first.

    Every option has an environment variable, which it overrides.
    """
    from pixelmill.fleet.worker import serve
    from pixelmill.settings import WorkerSettings, load

    serve(
        load(
            WorkerSettings,
            pool=pool,
            service_name=name,
            port=port,
            host=host,
            threads=threads,
            queue=queue,
            tls_cert=tls_cert,
            tls_key=tls_key,
            tls_client_ca=tls_client_ca,
            isolate=isolate,
            ready_fd=ready_fd,
            parent_fd=parent_fd,
        )
    )


def _hosts(pool: str, variable: str, more: str = "") -> object:
    return typer.Option(
        f"--{pool}",
        metavar="HOST:PORT,…",
        help=f"Workers of the pool {pool}{more}. Variable: {variable}.",
        show_default=False,
    )


def orchestrator(
    resize: Annotated[str | None, _hosts("resize", "RESIZE_SERVICE_HOSTS")] = None,
    filter: Annotated[str | None, _hosts("filter", "FILTER_SERVICE_HOSTS")] = None,
    watermark: Annotated[str | None, _hosts("watermark", "WATERMARK_SERVICE_HOSTS")] = None,
    format: Annotated[
        str | None, _hosts("format", "FORMAT_SERVICE_HOSTS", "; where there is none, the last step's worker encodes")
    ] = None,
    worker: Annotated[str | None, _hosts("worker", "PIXELMILL_WORKER_HOSTS", ", which run whole pipelines")] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port to listen on, 0 is any. Variable: PORT; 50055 where unset.", show_default=False
        ),
    ] = None,
    http_port: Annotated[
        int | None,
        typer.Option(
            min=-1,
            max=65535,
            help="Port for HTTP: API and dashboard; 0 is none, -1 any. Variable: PIXELMILL_HTTP_PORT; 8080 where unset.",
            show_default=False,
        ),
    ] = None,
    host: Host = None,
    name: Annotated[
        str | None,
        typer.Option(help="Its name in logs. Variable: SERVICE_NAME; orchestrator where unset.", show_default=False),
    ] = None,
    placement: Annotated[
        PlacementChoice | None,
        typer.Option(
            help="How the steps of a request are spread. Variable: PIXELMILL_PLACEMENT; where unset: spread with the three "
            "pools resize, filter and watermark, else auto.",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[
        bool | None, typer.Option("--quiet", help="Do not log each request. Variable: PIXELMILL_QUIET.", show_default=False)
    ] = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_client_ca: TlsClientCa = None,
    tls_ca: TlsCa = None,
    tokens_file: TokensFile = None,
    isolate: Isolate = None,
    ready_fd: ReadyFd = None,
    parent_fd: ParentFd = None,
) -> None:
    """Run the orchestrator, until SIGTERM or Ctrl-C; what is running is finished first.

    It takes requests from clients and spreads their steps over the workers.
    Workers may come and go while it runs.
    Every option has an environment variable, which it overrides.
    """
    from pixelmill.orchestrator import serve
    from pixelmill.settings import OrchestratorSettings, load

    serve(
        load(
            OrchestratorSettings,
            resize_service_hosts=resize,
            filter_service_hosts=filter,
            watermark_service_hosts=watermark,
            format_service_hosts=format,
            worker_hosts=worker,
            port=port,
            http_port=http_port,
            host=host,
            service_name=name,
            placement=placement,
            quiet=quiet,
            tls_cert=tls_cert,
            tls_key=tls_key,
            tls_client_ca=tls_client_ca,
            tls_ca=tls_ca,
            tokens_file=tokens_file,
            isolate=isolate,
            ready_fd=ready_fd,
            parent_fd=parent_fd,
        )
    )
