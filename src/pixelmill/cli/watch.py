"""`pixelmill fleet` and `health`: how a running fleet is."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixelmill.cli.choices import examples
from pixelmill.errors import InvalidPipeline, PixelmillError, expected

if TYPE_CHECKING:
    from rich.table import Table

    from pixelmill.fleet.client import FleetExecutor

PANEL = "Fleet"
EVERY_S = 1.0
INSTANCE_FIELDS = ("pool", "name", "address", "pid", "healthy", "calls", "in_flight")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=examples("fleet", "fleet --target 192.168.1.104:50055 --json"), rich_help_panel=PANEL)(fleet)
    app.command(epilog=examples("health localhost:50055 && echo it works"), rich_help_panel=PANEL)(health)


def fleet(
    target: Annotated[str, typer.Option(metavar="HOST:PORT", help="The orchestrator.")] = "localhost:50055",
    as_json: Annotated[bool, typer.Option("--json", help="Print the instances as JSON, once.")] = False,
    watch: Annotated[
        bool | None,
        typer.Option("--watch/--once", help="Until Ctrl-C, or once; unset: until Ctrl-C on a terminal.", show_default=False),
    ] = None,
) -> None:
    """Show the instances of a fleet: where they are, how they are, and how much they have done."""
    from pixelmill.fleet.client import FleetExecutor

    _check_address(target, "--target")
    with FleetExecutor(target) as client:
        try:
            described = client.describe()
        except PixelmillError as error:
            raise type(error)(
                f"expected an orchestrator at {target}, got: {error}; `pixelmill up` starts a fleet on this machine"
            ) from None
        if as_json:
            instances = [{name: getattr(one, name) for name in INSTANCE_FIELDS} for one in described.instances]
            typer.echo(json.dumps({"instances": instances}, indent=2))
        elif sys.stdout.isatty() if watch is None else watch:
            _watch(client, described)
        else:
            from rich.console import Console

            Console().print(_table(described, {}, target))


def health(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="A worker or an orchestrator.", show_default=False)],
    timeout: Annotated[float, typer.Option(min=0.01, help="How long to wait for the answer, seconds.")] = 3.0,
) -> None:
    """Ask one server whether it is serving, by the gRPC health protocol. The exit code is 0 where it is, else 1."""
    from pixelmill.fleet.health import is_serving

    _check_address(address, "HOST:PORT")
    if not is_serving(address, timeout):
        raise typer.Exit(_not_serving(address))
    typer.echo("serving")


def _not_serving(address: str) -> int:
    typer.echo(f"pixelmill: expected a serving instance at {address}, got none", err=True)
    return 1


def _check_address(address: str, name: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InvalidPipeline(expected("HOST:PORT", name, address))


def _watch(client: FleetExecutor, described: Any) -> None:
    """Show a live table until Ctrl-C, also while nothing answers."""
    from rich.live import Live
    from rich.text import Text

    before: dict[str, int] = {}
    with suppress(KeyboardInterrupt), Live(auto_refresh=False) as live:
        while True:
            live.update(_table(described, before, client.target), refresh=True)
            before = {one.address: one.calls for one in described.instances}
            time.sleep(EVERY_S)
            described = None
            while described is None:
                try:
                    described = client.describe()
                except PixelmillError as error:
                    live.update(Text(f"no answer from {client.target}: {error}", style="red"), refresh=True)
                    time.sleep(EVERY_S)


def _table(described: Any, before: dict[str, int], target: str) -> Table:
    """Return the table; `before` has each address's calls one period ago."""
    from rich.table import Table
    from rich.text import Text

    head = described.orchestrator
    table = Table(
        box=None,
        padding=(0, 2, 0, 0),
        title=f"{target}: {head.calls} requests, {head.in_flight} in flight, {described.queued} waiting",
        title_justify="left",
    )
    rates = ("per s",) if before else ()
    for name in ("pool", "name", "address"):
        table.add_column(name, no_wrap=True)
    for name in ("pid", "calls", *rates, "running"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("state")
    for one in described.instances:
        state = Text("healthy", "green") if one.healthy else Text(one.problem or "not healthy", "red")
        rate = (f"{(one.calls - before.get(one.address, one.calls)) / EVERY_S:.0f}",) if before else ()
        cells = (one.pool, one.name, one.address, str(one.pid or ""), str(one.calls), *rate, str(one.in_flight))
        table.add_row(*(Text(cell) for cell in cells), state)
    return table
