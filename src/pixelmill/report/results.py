"""Sections about what came back: instances, load, throughput, scalability, latency and one request."""

from __future__ import annotations

from collections.abc import Sequence

from pixelmill.bench.figures import HopTimes, Run
from pixelmill.bench.looks import ORCHESTRATOR
from pixelmill.bench.tables import describe_ratio, evenness
from pixelmill.report.charts import Bar, Line, Span, bars, histogram, legend, lines, waterfall
from pixelmill.report.markup import Markup, join, tag
from pixelmill.report.story import Story
from pixelmill.report.tables import figure, table

MS = 1000


def color(pool: str) -> str:
    """Return the class of a pool's color."""
    known = ("resize", "filter", "watermark", "format", "worker", ORCHESTRATOR)
    return f"c-{pool if pool in known else 'other'}"


def instances(story: Story) -> Markup | None:
    """Say how many instances there are, and on how many cores."""
    run = story.run
    if run.place == "local":
        return None
    rows = [(pool.pool, pool.instances, _names(run, pool.pool)) for pool in run.pools]
    orchestrators = [one for one in run.instances if one.pool == ORCHESTRATOR]
    rows.append((ORCHESTRATOR, len(orchestrators), _names(run, ORCHESTRATOR)))
    total = f"{len(run.workers)} workers and {len(orchestrators)} orchestrator{'s' if len(orchestrators) != 1 else ''}"
    machines = [
        (f"machine {machine.number}", machine.instances, machine.cores, "yes" if machine.is_clients else "no")
        for machine in run.machines
    ]
    described = "; ".join(f"{pool}: {number}" for pool, number, _ in rows)
    chart = bars(
        [Bar(pool, ((float(number), color(pool)),), str(number)) for pool, number, _ in rows],
        "instances",
        "Instances by pool",
        f"{total}. {described}.",
    )
    return join(
        tag("p", f"{total}, each a {'container' if run.containers else 'process'} of its own."),
        figure(chart, "Instances by pool", table(("pool", "instances", "names"), rows, words=(2,))),
        table(("", "instances", "cores", "the client's, too"), machines, caption="The machines that they run on"),
    )


def load(story: Story) -> Markup | None:
    """Show how many calls each instance answered, and how even that is."""
    run = story.run
    if run.place == "local":
        return None
    workers = run.workers
    rows = [Bar(one.name, ((float(one.calls), color(one.pool)),), f"{one.calls} ({one.share:.1%})") for one in workers]
    described = ". ".join(f"{pool.pool}: {evenness(pool)}" for pool in run.pools)
    chart = bars(rows, "calls answered", "Calls of each worker", described + ".")
    cells = [(one.pool, one.name, one.calls, f"{one.share:.1%}", one.hops) for one in workers]
    even = [
        (
            *(pool.pool, pool.instances, pool.calls, pool.least, pool.most),
            f"{pool.ratio:.3f}" if pool.ratio is not None else "—",
            f"{pool.variation:.2%}",
            pool.difference,
        )
        for pool in run.pools
    ]
    return join(
        tag("p", "Calls of all rounds together, as the instances count them. Shares are of the instance's pool."),
        figure(
            join(legend([(color(pool.pool), pool.pool) for pool in run.pools]), chart),
            "Calls of each worker",
            table(("pool", "instance", "calls", "share", "told by this client's requests"), cells, words=(1,)),
        ),
        tag("h3", "Evenness"),
        table(
            ("pool", "instances", "calls", "least", "most", "most/least", "coefficient of variation", "difference"),
            even,
            caption="Most and least calls of one instance. Difference: most less least of one round, the worst; round-robin "
            "gives 1 at most.",
        ),
    )


def throughput(story: Story) -> Markup:
    """Show pictures a second of the baseline and of the subject, round by round."""
    baseline = story.baseline
    runs = [*([baseline.run] if baseline else []), story.run]
    names = [*([f"baseline {baseline.run.label}"] if baseline else []), story.run.label]
    rows = [
        Bar(
            name,
            ((run.throughput_per_s, "c-main"),),
            f"{run.throughput_per_s:.2f}/s",
            tuple(one.throughput_per_s for one in run.rounds) if len(run.rounds) > 1 else (),
        )
        for name, run in zip(names, runs, strict=True)
    ]
    described = "; ".join(f"{row.label}: {row.note}" for row in rows)
    chart = bars(rows, "pictures a second", "Throughput", described + ".")
    if baseline is None:
        said = "A single-instance baseline was not measured."
    else:
        together = (
            "Their rounds took turns in one session."
            if baseline.is_same_session
            else f"The baseline is from {baseline.source}."
        )
        said = f"The same load on both. {together} Ratio: {describe_ratio(baseline.speed_up)}."
    cells = [
        (
            name,
            number,
            one.completed,
            one.failed,
            f"{one.seconds:.2f}",
            f"{one.throughput_per_s:.2f}",
            f"{MS * one.p50_s:.1f}",
        )
        for name, run in zip(names, runs, strict=True)
        for number, one in enumerate(run.rounds, 1)
    ]
    return join(
        tag("p", said),
        figure(
            chart,
            "Pictures a second of all rounds together" + ("; rings: each round" if any(row.dots for row in rows) else ""),
            table(("", "round", "completed", "failed", "seconds", "pictures/s", "p50, ms"), cells),
        ),
    )


def scalability(story: Story) -> Markup:
    """Show the speed-up of growing fleets."""
    points = story.document.scaling
    if len(points) < 2:
        return tag("p", "Other sizes of the fleet were not measured.")
    first = points[0].workers
    by_size = sorted(points, key=lambda point: point.workers)
    measured = Line(
        "measured",
        tuple((float(point.workers), point.speed_up.median) for point in by_size),
        "c-main",
        tuple((point.speed_up.low, point.speed_up.high) for point in by_size),
    )
    most = max(*(point.speed_up.high for point in points), 1.0)
    # The ideal line leaves the drawing where it is beyond everything that was measured.
    end = min(by_size[-1].workers / first, 1.25 * most)
    ideal = Line("in proportion to the workers", ((float(first), 1.0), (first * end, end)), "c-other", is_dashed=True)
    chart = lines(
        [ideal, measured],
        "workers",
        "speed-up",
        "Scalability",
        "; ".join(f"{point.label}: {point.speed_up.median:.2f}" for point in points) + f". {story.cores} cores altogether.",
        x_ticks=[(float(point.workers), f"{point.workers} ({point.label.rpartition('@')[2]})") for point in by_size],
    )
    rows = [
        (
            *(point.label, point.workers, f"{run.throughput_per_s:.2f}", f"{point.speed_up.median:.2f}"),
            f"{point.speed_up.low:.2f}–{point.speed_up.high:.2f}",
            f"{point.efficiency:.0%}",
            f"{point.fleet_cores:.2f}",
        )
        for point, run in zip(points, story.document.runs, strict=True)
    ]
    confidence = points[-1].speed_up.confidence
    sure = f"with {confidence:.0%} confidence" if confidence is not None else "of one round: its spread is not known"
    return join(
        tag(
            "p",
            f"Throughput against {points[0].label}; all fleets shared {story.cores} cores with the client, and beyond these "
            "nothing can be gained. Each fleet was started anew for each round, and their rounds took turns.",
        ),
        figure(
            join(
                legend([("c-main", f"measured, and its interval {sure}"), ("c-other", "in proportion to the workers")]),
                chart,
            ),
            "Speed-up by number of workers (resize/filter/watermark)",
            table(("fleet", "workers", "pictures/s", "speed-up", "interval", "efficiency", "cores used"), rows),
        ),
    )


def latency(story: Story) -> Markup | None:
    """Show how long requests took."""
    found = story.run.latency
    if not found.bins:
        return tag("p", "No request was completed.")
    lows = (
        [found.bins[0].up_to_s * found.bins[0].up_to_s / found.bins[1].up_to_s]
        if len(found.bins) > 1
        else [found.bins[0].up_to_s / 1.09]
    )
    lows += [one.up_to_s for one in found.bins[:-1]]
    bins = [(MS * low, MS * one.up_to_s, one.count) for low, one in zip(lows, found.bins, strict=True)]
    shares = (("p50", found.p50_s), ("p90", found.p90_s), ("p99", found.p99_s))
    marks = [(MS * value, f"{name} {MS * value:.0f} ms") for name, value in shares]
    chart = histogram(
        bins,
        marks,
        "ms, logarithmic",
        "Latency",
        f"{story.run.completed} requests, " + ", ".join(text for _, text in marks) + f", longest {MS * found.max_s:.0f} ms.",
    )
    named = (*shares, ("longest", found.max_s), ("mean", found.mean_s))
    row = (story.run.completed, *(f"{MS * value:.1f}" for _, value in named))
    return join(
        tag("p", "From sending a request to its answer, as the client sees it: with all waiting for a turn."),
        table(("requests", *(f"{name}, ms" for name, _ in named)), [row]),
        figure(
            chart,
            "Requests by how long they took",
            table(("above, ms", "up to, ms", "requests"), [(f"{low:.1f}", f"{high:.1f}", how) for low, high, how in bins]),
            is_open=False,
        ),
    )


def request(story: Story) -> Markup | None:
    """Show one request's way through the fleet."""
    typical = story.run.typical
    if typical is None or not typical.hops:
        return None
    rest_s, working_s = typical.latency_s - typical.total_s, typical.total_s - typical.queue_s
    spans = [_span(hop, typical.queue_s) for hop in typical.hops]
    chart = waterfall(
        spans,
        "ms after its turn had come",
        "A typical request, step by step",
        "; ".join(f"{span.label}: {span.note}" for span in spans) + ".",
    )
    rows = [
        (
            *(", ".join(hop.operations) or "encode", hop.instance, f"{MS * max(0.0, hop.started_s - typical.queue_s):.1f}"),
            *(f"{MS * value:.2f}" for value in (hop.queue_s, hop.compute_s, hop.transfer_s)),
            hop.attempts,
        )
        for hop in typical.hops
    ]
    return join(
        tag(
            "p",
            f"The request whose latency is nearest to the median: {MS * typical.latency_s:.1f} ms. Of these it waited "
            f"{MS * typical.queue_s:.1f} ms in the orchestrator for its turn, then took {MS * working_s:.1f} ms; "
            f"{MS * rest_s:.1f} ms went by on the way between client and orchestrator. Within a step, transfer is what is "
            "left of the call besides waiting and computing: partly before, partly after.",
        ),
        figure(
            join(legend([("c-queue", "waiting for a core"), ("c-compute", "computing"), ("c-transfer", "transfer")]), chart),
            "Its steps",
            table(
                ("step", "instance", "began, ms", "waiting, ms", "computing, ms", "transfer, ms", "attempts"),
                rows,
                words=(1,),
            ),
        ),
    )


def _span(hop: HopTimes, queue_s: float) -> Span:
    pieces = ((MS * hop.queue_s, "c-queue"), (MS * hop.compute_s, "c-compute"), (MS * hop.transfer_s, "c-transfer"))
    total = sum(length for length, _ in pieces)
    name = hop.instance.rpartition(":")[0] or hop.instance
    operations = ", ".join(hop.operations) or "encode"
    label = f"{operations if len(operations) <= 24 else operations[:23] + '…'} · {name}"
    return Span(label, max(0.0, MS * (hop.started_s - queue_s)), pieces, f"{total:.1f} ms")


def _names(run: Run, pool: str) -> str:
    names: Sequence[str] = [one.name for one in run.instances if one.pool == pool]
    return ", ".join(names)
