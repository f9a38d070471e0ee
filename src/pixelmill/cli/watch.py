"""`pixelmill fleet` and `health`: how a running fleet is."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixelmill.cli.commands import add
from pixelmill.cli.security import Access, Tls, url_of
from pixelmill.errors import PixelmillError

if TYPE_CHECKING:
    from rich.table import Table

    from pixelmill.fleet.client import FleetExecutor

PANEL = "Fleet"
EVERY_S = 1.0
FULL_WIDTH = 100
NUMBERS = ("pid", "calls", "per s", "running")
INSTANCE_FIELDS = ("pool", "name", "address", "pid", "healthy", "calls", "in_flight")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add(app, fleet, PANEL, "fleet", "fleet --target 192.168.1.104:50055 --json")
    add(app, health, PANEL, "health localhost:50055 && echo it works")


def fleet(
    target: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="The orchestrator; grpcs://HOST:PORT with TLS.")
    ] = "localhost:50055",
    as_json: Annotated[bool, typer.Option("--json", help="Print the instances as JSON, once.")] = False,
    watch: Annotated[
        bool | None,
        typer.Option("--watch/--once", help="Until Ctrl-C, or once; unset: until Ctrl-C on a terminal.", show_default=False),
    ] = None,
    *,
    access: Access,
) -> None:
    """Show the instances of a fleet: where they are, how they are, and how much they have done."""
    from pixelmill.fleet.addresses import parse_host
    from pixelmill.fleet.client import FleetExecutor

    parse_host(target.partition("://")[2] or target, "--target")
    settings = access.settings()
    with FleetExecutor.from_url(url_of(target, settings), settings=settings) as client:
        described = client.describe()
        if as_json:
            instances = [{name: getattr(one, name) for name in INSTANCE_FIELDS} for one in described.instances]
            typer.echo(json.dumps({"instances": instances}, indent=2))
        elif sys.stdout.isatty() if watch is None else watch:
            _watch(client, described)
        else:
            from rich.console import Console

            console = Console()
            if not console.is_terminal:
                console.width = max(console.width, FULL_WIDTH)
            console.print(_table(described, {}, target, console.width))


def health(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="A worker or an orchestrator.", show_default=False)],
    timeout: Annotated[float, typer.Option(min=0.01, help="How long to wait for the answer, seconds.")] = 3.0,
    *,
    tls: Tls,
) -> None:
    """Ask one server whether it is serving, by the gRPC health protocol. The exit code is 0 where it is, else 1."""
    from pixelmill.fleet.addresses import parse_host
    from pixelmill.fleet.credentials import client_tls
    from pixelmill.fleet.diagnosis import diagnose
    from pixelmill.fleet.health import is_serving

    settings = tls.settings()
    client = client_tls(settings) if settings.tls_ca else None
    host = parse_host(address, "the server")
    if not is_serving(address, timeout, client):
        raise typer.Exit(_not_serving(address, diagnose(host, client, timeout)))
    typer.echo("serving")


def _not_serving(address: str, why: str) -> int:
    typer.echo(f"pixelmill: expected a serving instance at {address}, got {f'none: {why}' if why else 'none'}", err=True)
    return 1


def _watch(client: FleetExecutor, described: Any) -> None:
    """Show a live table until Ctrl-C, also while nothing answers."""
    from rich.live import Live
    from rich.text import Text

    before: dict[str, int] = {}
    with suppress(KeyboardInterrupt), Live(auto_refresh=False) as live:
        while True:
            live.update(_table(described, before, client.target, live.console.width), refresh=True)
            before = {one.address: one.calls for one in described.instances}
            time.sleep(EVERY_S)
            described = None
            while described is None:
                try:
                    described = client.describe()
                except PixelmillError as error:
                    live.update(Text(str(error), style="red"), refresh=True)
                    time.sleep(EVERY_S)


def _table(described: Any, before: dict[str, int], target: str, width: int) -> Table:
    """Return the table for a terminal of `width` columns; `before` has each address's calls one period ago."""
    from rich.table import Table
    from rich.text import Text

    head = described.orchestrator
    table = Table(
        box=None,
        padding=(0, 2, 0, 0),
        title=f"{target}: {head.calls} requests, {head.in_flight} in flight, {described.queued} waiting",
        title_justify="left",
    )
    names = ["pool", "name", "address", "pid", "calls", "per s", "running", "state"]
    left_out = {*(() if before else ("per s",)), *(("pool", "pid") if width < FULL_WIDTH - 10 else ())}
    for name in names:
        if name not in left_out:
            table.add_column(name, justify="right" if name in NUMBERS else "left", no_wrap=name != "state")
    for one in described.instances:
        state = Text("healthy", "green") if one.healthy else Text(_in_short(one.problem) or "not healthy", "red")
        rate = f"{(one.calls - before.get(one.address, one.calls)) / EVERY_S:.0f}"
        cells = (one.pool, one.name, one.address, str(one.pid or ""), str(one.calls), rate, str(one.in_flight))
        row = dict(zip(names, (*map(Text, cells), state), strict=True))
        table.add_row(*(cell for name, cell in row.items() if name not in left_out))
    return table


def _in_short(problem: str) -> str:
    """Return the end of what gRPC says, which names the cause: "UNAVAILABLE: …: Connection refused"."""
    return problem.rpartition(": ")[2]
