"""Sections about what it took: CPU and memory of machines, instances and containers."""

from __future__ import annotations

from collections.abc import Sequence

from pixelmill.bench.figures import InstanceUse, MachineUse, Run
from pixelmill.report.charts import Bar, Line, bars, legend, lines
from pixelmill.report.markup import Markup, join, tag
from pixelmill.report.results import color
from pixelmill.report.story import Story
from pixelmill.report.tables import figure, table

MEGA = 1e6
SMALL = (330.0, 150.0)
_UNKNOWN = " Of machines that the client does not run on, only the fleet's part is known."


def cores(story: Story) -> Markup:
    """Show how the cores of each machine were used, in each run."""
    runs = (
        [*([story.baseline.run] if story.baseline else []), story.run] if not story.document.scaling else story.document.runs
    )
    rows, cells = [], []
    limit = max(machine.cores for run in runs for machine in run.machines)
    for run in runs:
        for machine in run.machines:
            label = run.label if len(run.machines) == 1 else f"{run.label}, machine {machine.number}"
            fleet, client, others, idle = _parts(machine)
            named = ((fleet, "c-main"), (client, "c-client"), (others, "c-other"), (idle, "c-idle"))
            busy = f"{machine.busy_cores:.2f}" if machine.busy_cores is not None else "not known"
            rows.append(Bar(label, tuple((value or 0.0, name) for value, name in named), f"{busy} busy"))
            cells.append((label, machine.cores, *(f"{value:.2f}" if value is not None else "—" for value, _ in named)))
    described = "; ".join(f"{row.label}: fleet {row.parts[0][0]:.2f}, client {row.parts[1][0]:.2f}" for row in rows)
    chart = bars(rows, "cores", "Where the cores went", described + ".", (float(limit), f"{limit} cores"))
    is_known = all(machine.busy_cores is not None for run in runs for machine in run.machines)
    names = [("c-main", "fleet"), ("c-client", "client"), ("c-other", "other programs"), ("c-idle", "idle")]
    if story.run.place == "local":
        names[0] = ("c-main", "engine and client, one process")
    return join(
        tag("p", f"Means over all rounds.{'' if is_known else _UNKNOWN}"),
        figure(
            join(legend(names), chart),
            "CPU in cores",
            table(("", "cores", "fleet", "client", "others", "idle"), cells),
        ),
    )


def instances(story: Story) -> Markup:
    """Show CPU and memory of each instance over the last round."""
    run = story.run
    rows = [
        (
            *(one.name, one.pool, f"{one.cpu_s:.2f}", f"{one.cpu_cores:.3f}", f"{one.memory_peak_bytes / MEGA:.0f}"),
            *(one.calls, f"{1000 * one.p50_s:.1f}", f"{1000 * one.p99_s:.1f}"),
        )
        for one in run.instances
    ]
    whole = table(
        ("instance", "pool", "CPU, s", "cores", "peak memory, MB", "calls", "p50, ms", "p99, ms"),
        rows,
        words=(1,),
        caption="Over all rounds; p50 and p99 are of the instance's own calls of the last minute, as it tells.",
    )
    drawn = [one for one in run.instances if len(one.series.at_s) > 1]
    if not drawn:
        return join(whole, tag("p", "The round was too short to show CPU and memory over time."))
    most_cpu = max((value or 0.0) for one in drawn for value in one.series.cpu_cores)
    most_memory = max((value or 0) for one in drawn for value in one.series.memory_bytes) / MEGA
    return join(
        whole,
        tag("h3", "Over time, in the last round"),
        tag(
            "p",
            "Sampled about every half second. All charts of CPU have the same scale, and so have those of memory: the "
            f"highest values are {most_cpu:.2f} cores and {most_memory:.0f} MB.",
        ),
        tag("div", *[_multiple(one, most_cpu, most_memory) for one in drawn], class_="multiples"),
        tag("details", tag("summary", "The figures"), _series_table(run)),
    )


def containers(story: Story) -> Markup | None:
    """Show what the Docker engine tells of the containers."""
    found = story.run.containers
    if not found:
        return None
    rows = [
        (
            *(one.name, one.instance, len(one.at_s)),
            *(f"{_mean(one.cpu_cores):.3f}", f"{max(one.cpu_cores, default=0.0):.3f}"),
            *(f"{max(one.memory_bytes, default=0) / MEGA:.0f}", f"{one.memory_limit_bytes / MEGA:.0f}"),
        )
        for one in found
    ]
    pool_of = {one.name: one.pool for one in story.run.instances}
    chart = bars(
        [
            Bar(one.name, ((_mean(one.cpu_cores), color(pool_of.get(one.instance, ""))),), f"{_mean(one.cpu_cores):.2f}")
            for one in found
        ],
        "cores, mean",
        "CPU of each container",
        "; ".join(f"{one.name}: {_mean(one.cpu_cores):.2f} cores" for one in found) + ".",
    )
    return join(
        tag("p", f"{len(found)} containers, as `docker stats` tells of the last round."),
        figure(
            chart,
            "CPU of each container",
            table(
                ("container", "instance", "samples", "cores, mean", "cores, most", "most memory, MB", "limit, MB"),
                rows,
                words=(1,),
            ),
        ),
    )


def _parts(machine: MachineUse) -> tuple[float, float | None, float | None, float | None]:
    """Return cores of the fleet, the client, others and none; None where not known."""
    if machine.busy_cores is None:
        return machine.fleet_cores, machine.client_cores, None, None
    others = max(0.0, machine.busy_cores - machine.fleet_cores - (machine.client_cores or 0.0))
    busy = machine.fleet_cores + (machine.client_cores or 0.0) + others
    return machine.fleet_cores, machine.client_cores, others, max(0.0, machine.cores - busy)


def _multiple(one: InstanceUse, most_cpu: float, most_memory: float) -> Markup:
    series, name = one.series, one.name
    cpu = Line(name, tuple(zip(series.at_s, series.cpu_cores, strict=True)), color(one.pool))
    memory = Line(
        name,
        tuple(
            (at, None if value is None else value / MEGA) for at, value in zip(series.at_s, series.memory_bytes, strict=True)
        ),
        color(one.pool),
    )
    width, height = SMALL
    return tag(
        "div",
        tag("h3", name),
        tag("p", f"{one.cpu_cores:.2f} cores, at most {one.memory_peak_bytes / MEGA:.0f} MB"),
        lines(
            [cpu],
            "seconds",
            "cores",
            f"CPU of {name}",
            f"{one.cpu_cores:.2f} cores on average.",
            most=most_cpu,
            width=width,
            height=height,
        ),
        lines(
            [memory],
            "seconds",
            "MB",
            f"Memory of {name}",
            f"At most {one.memory_peak_bytes / MEGA:.0f} MB.",
            most=most_memory,
            width=width,
            height=height,
        ),
        class_="multiple",
    )


def _series_table(run: Run) -> Markup:
    rows = [
        (one.name, f"{at:.1f}", "—" if cpu is None else f"{cpu:.2f}", "—" if memory is None else f"{memory / MEGA:.0f}")
        for one in run.instances
        for at, cpu, memory in zip(one.series.at_s, one.series.cpu_cores, one.series.memory_bytes, strict=True)
    ]
    return table(("instance", "second", "cores", "memory, MB"), rows)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
