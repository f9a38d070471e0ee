"""What the orchestrator alone costs: workers that do nothing, few and many, few requests in flight and many.

    python -m benchmarks.routing [--seconds 4] [--json]

It runs on the same cores as the clients and the workers; what is compared is its own processor time.
"""

from __future__ import annotations

import json

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.options import parser
from benchmarks.routing.measure import Routed, Routing

LOADS = ((4, 0.0, 32), (4, 0.05, 64), (50, 0.05, 64), (200, 0.05, 64), (200, 0.5, 1000))
"""Instances, the time that each takes for a call in seconds, and requests in flight."""


def main() -> None:
    """Run the benchmark and print its table."""
    options = parser(__doc__, seconds=4.0).parse_args()
    console = Console(stderr=True)
    done: list[Routed] = []
    for instances, delay_s, clients in LOADS:
        with console.status(f"{instances} instances, {clients} in flight"), Routing(instances, delay_s) as routing:
            done.append(routing.measure(clients, options.seconds))
    if options.json:
        print(json.dumps([each.to_json() for each in done], indent=2))
    else:
        Console().print(_table(done))


def _table(done: list[Routed]) -> Table:
    table = Table(
        "instances", "in flight", "requests/s", "failed", "per core-s", "CPU µs", "memory MB", "share", box=box.SIMPLE_HEAD
    )
    for each in done:
        shares = each.shares.values()
        table.add_row(
            str(each.instances),
            str(each.clients),
            f"{each.requests / each.seconds:.0f}",
            str(each.failures),
            f"{each.per_core_s:.0f}",
            f"{1e6 / each.per_core_s:.0f}",
            f"{each.memory / 1e6:.0f}",
            f"{min(shares)}–{max(shares)}",
        )
    return table


if __name__ == "__main__":
    main()
