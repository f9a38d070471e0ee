"""Shows figures on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pixelmill.bench.figures import Comparison, Document, InstanceUse, Load, Machine, Point, PoolUse, Ratio, Run
from pixelmill.bench.looks import ORCHESTRATOR

FULL_WIDTH = 110
MEGA = 1e6
BAR = 16
CALLS = " "
"""The heading of a bar that shows the calls."""


def show(document: Document, console: Console) -> None:
    """Print all of a document."""
    console.print(Text(f"{describe_load(document.load)}\n{describe_machine(document.machine)}", "dim"), soft_wrap=True)
    if document.interrupted:
        console.print(Text("interrupted: what had been measured until then", "yellow"))
    if document.problem:
        console.print(
            Text(f"ended early, and this is what had been measured until then: {document.problem}", "red"), soft_wrap=True
        )
    if document.runs:
        console.print()
        console.print(_summary(document.runs, console.width))
        for line in _failures(document.runs):
            console.print(Text(line, "red"), soft_wrap=True)
    if document.comparison:
        show_comparison(document.comparison, console)
    if document.scaling:
        console.print()
        console.print(_scaling(document.scaling, document.runs, console.width))
        console.print(Text(about_cores(document), "dim"), soft_wrap=True)
    # Of many runs each instance would be too much: the JSON has them.
    for run in document.runs if len(document.runs) <= 2 and not document.scaling else ():
        if run.place != "local":
            console.print()
            console.print(_instances(run, console.width))
            for pool in run.pools:
                console.print(Text(f"{pool.pool}: {evenness(pool)}", "dim"), soft_wrap=True)
            for one in run.instances:
                if one.starts:
                    console.print(Text(f"{one.name} was started again meanwhile, {one.starts}×", "yellow"), soft_wrap=True)


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Print how B did against A."""
    console.print()
    console.print(Text.assemble(f"{comparison.b} against {comparison.a}: ", (verdict(comparison), "bold")), soft_wrap=True)
    console.print(f"  throughput × {describe_ratio(comparison.throughput)}", soft_wrap=True)
    console.print(f"  median latency × {describe_ratio(comparison.p50)}", soft_wrap=True)
    if not comparison.paired:
        console.print(Text("  measured at different times: the machine may have been busy with other things", "dim"))
    for difference in comparison.differences:
        console.print(Text(f"  not the same {difference}", "yellow"), soft_wrap=True)


def verdict(comparison: Comparison) -> str:
    """Say in words which is faster."""
    ratio = comparison.throughput
    if not ratio.median:
        return "nothing to compare"
    if ratio.is_noise:
        return "no difference beyond the noise"
    faster = f"{abs(ratio.median - 1):.0%} {'more' if ratio.median > 1 else 'fewer'} pictures a second"
    return faster if ratio.confidence is not None else f"{faster}, as far as single rounds can tell"


def describe_ratio(ratio: Ratio) -> str:
    """Say a ratio and how sure it is."""
    if not ratio.median:
        return "unknown: nothing came back"
    if ratio.low == ratio.high:
        return f"{ratio.median:.2f} (one round: its spread is not known)"
    span = f"{ratio.low:.2f} to {ratio.high:.2f}"
    if ratio.confidence is None:
        return f"{ratio.median:.2f} ({span} over all pairs of rounds)"
    return f"{ratio.median:.2f} ({span} with {ratio.confidence:.0%} confidence, {len(ratio.pairs)} pairs of rounds)"


def evenness(pool: PoolUse) -> str:
    """Say how evenly a pool's calls were spread."""
    if pool.instances < 2:
        return f"one instance, {pool.calls} calls"
    ratio = f"most/least {pool.ratio:.2f}" if pool.ratio is not None else "one without any call"
    within = (
        "±1 in each round, as round-robin gives"
        if pool.difference <= 1
        else f"most less least of one round: {pool.difference}"
    )
    return f"{pool.least} to {pool.most} calls an instance, {ratio}, coefficient of variation {pool.variation:.1%}; {within}"


def describe_load(load: Load) -> str:
    """Say what was sent."""
    pictures = load.pictures[0].name if len(load.pictures) == 1 else f"{len(load.pictures)} pictures"
    if len(load.pictures) == 1:
        one = load.pictures[0]
        pictures += f" ({one.width}×{one.height} {one.format}, {one.bytes / MEGA:.2f} MB)"
    much = f"{load.requests} requests" if load.requests is not None else f"{load.duration_s:g} s"
    rounds = f"{load.rounds} rounds of {much}" if load.rounds > 1 else much
    how = (
        f"open loop of {load.rate_per_s:g} requests a second, at most {load.concurrency} at a time"
        if load.rate_per_s
        else f"closed loop of {load.concurrency} requests at a time"
    )
    return f"{pictures}: {load.pipeline}\n{rounds}, {how}, after {load.warm_up} to warm up"


def describe_machine(machine: Machine) -> str:
    """Say on which machine the client ran."""
    return (
        f"{machine.model}, {machine.cores} of {machine.machine_cores} cores, {machine.memory_bytes / 2**30:.1f} GiB, "
        f"{machine.os}, {machine.kernel}, Python {machine.python}"
    )


def about_cores(document: Document) -> str:
    """Say what bounds the speed-up."""
    first = document.runs[0]
    clients = sum(machine.client_cores or 0.0 for machine in first.machines)
    used = first.fleet_cores + clients
    more = f"{first.cores / used:.2f}" if used else "unknown"
    return (
        f"The machine has {first.cores} cores, for workers, orchestrator and client: beyond them nothing can be gained. "
        f"{first.label} kept {used:.2f} of them busy already: {more} times its speed is the most, at its CPU time a picture."
    )


def _summary(runs: tuple[Run, ...], width: int) -> Table:
    table = _Columns(width, narrow_without=("max ms", "retries", "fleet cores", "client"))
    for run in runs:
        latency = run.latency
        table.add(
            {
                "": Text(run.label, "bold"),
                "pictures/s": f"{run.throughput_per_s:.2f}",
                "p50 ms": _ms(latency.p50_s),
                "p90 ms": _ms(latency.p90_s),
                "p99 ms": _ms(latency.p99_s),
                "max ms": _ms(latency.max_s),
                "done": str(run.completed),
                "failed": Text(str(run.failed), "red" if run.failed else ""),
                "retries": "—" if run.retries is None else str(run.retries),
                "fleet cores": f"{run.fleet_cores:.2f}",
                "client": _client(run),
            }
        )
    return table.made


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f}"


def _client(run: Run) -> str:
    """Return the client's CPU in cores; the bare engine and the client are one process."""
    return f"{run.client_cpu_s / run.seconds:.2f}" if run.seconds and run.place != "local" else "—"


def _failures(runs: tuple[Run, ...]) -> Iterator[str]:
    for run in runs:
        for reason, count in run.errors.items():
            yield f"{run.label}: {count} failed with {reason}"
        if run.late:
            yield f"{run.label}: {run.late} requests waited for a free sender: more than --concurrency were to run at a time"


def _instances(run: Run, width: int) -> Table:
    table = _Columns(width, narrow_without=("pool", CALLS), title=run.label, left=("pool", "instance", CALLS))
    last = ""
    most = max((one.calls for one in run.workers), default=0) or 1
    for one in run.instances:
        table.add(
            {
                "pool": Text(one.pool if one.pool != last else "", "bold"),
                "instance": Text(one.name),
                "calls": str(one.calls),
                "share": f"{one.share:.1%}" if one.pool != ORCHESTRATOR else "",
                "CPU s": f"{one.cpu_s:.2f}",
                "cores": f"{one.cpu_cores:.2f}",
                "memory MB": f"{one.memory_peak_bytes / MEGA:.0f}",
                "p50 ms": _ms(one.p50_s),
                "p99 ms": _ms(one.p99_s),
                CALLS: _bar(one, most),
            }
        )
        last = one.pool
    return table.made


def _bar(one: InstanceUse, most: int) -> Text:
    if one.pool == ORCHESTRATOR:
        return Text("")
    return Text("█" * round(BAR * one.calls / most), "cyan")


def _scaling(points: tuple[Point, ...], runs: tuple[Run, ...], width: int) -> Table:
    table = _Columns(width, narrow_without=("cores used",), left=("fleet",))
    for point, run in zip(points, runs, strict=True):
        ratio = point.speed_up
        table.add(
            {
                "fleet": Text(point.label, "bold"),
                "workers": str(point.workers),
                "pictures/s": f"{run.throughput_per_s:.2f}",
                "speed-up": f"{ratio.median:.2f}",
                "its spread": f"{ratio.low:.2f} to {ratio.high:.2f}",
                "efficiency": f"{point.efficiency:.0%}",
                "cores used": f"{point.fleet_cores:.2f}",
            }
        )
    return table.made


class _Columns:
    """A table whose columns are those of its first row.

    Args:
        width: columns of the terminal.
        narrow_without: headings of what is left out where it is narrow: the JSON has all.
        title: what stands above it.
        left: headings of texts; figures are aligned to the right.
    """

    def __init__(self, width: int, *, narrow_without: Sequence[str], title: str = "", left: Sequence[str] = ("",)) -> None:
        self.made = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, title_justify="left")
        self.made.title = Text(title) if title else None
        self._left_out = narrow_without if width < FULL_WIDTH - 10 else ()
        self._left = left

    def add(self, cells: Mapping[str, str | Text]) -> None:
        """Add a row: what stands under each heading."""
        shown = {heading: cell for heading, cell in cells.items() if heading not in self._left_out}
        if not self.made.columns:
            for heading in shown:
                self.made.add_column(
                    heading.strip(), justify="left" if heading in self._left else "right", no_wrap=heading in self._left
                )
        self.made.add_row(*shown.values())
