"""What the figures show and what they do not: sentences that follow from what was measured, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from pixelmill.bench.figures import MachineUse
from pixelmill.bench.tables import describe_ratio
from pixelmill.report.story import Story, counts, listed, worst_pool

BUSY = 0.9
"""The share of a machine's cores from which on it is called busy."""
OTHERS = 0.1
"""Cores of other programs from which on they are mentioned."""


def shows(story: Story) -> tuple[str, ...]:
    """Say what can be read off the figures."""
    return (*_throughput(story), *_against_baseline(story), *_evenness(story), *_machines(story))


def does_not_show(story: Story) -> tuple[str, ...]:
    """Say what cannot, and what was not measured."""
    return (*_bounds(story), *_missing(story), *_method(story))


def _throughput(story: Story) -> Iterator[str]:
    run, load = story.run, story.document.load
    where = "the bare engine in the client's process" if run.place == "local" else f"a fleet of {counts(run)}"
    yield (
        f"{run.throughput_per_s:.1f} pictures a second on {where}, with {load.concurrency} requests at a time; "
        f"half of the {run.completed} requests took up to {1000 * run.latency.p50_s:.0f} ms, 99 % up to "
        f"{1000 * run.latency.p99_s:.0f} ms."
    )
    if run.failed:
        reasons = listed([f"{count} with {reason}" for reason, count in run.errors.items()])
        yield f"{run.failed} of {run.completed + run.failed} requests failed: {reasons}."
    if run.retries:
        yield f"{run.retries} calls were made again on another instance."
    for one in run.instances:
        if one.starts:
            yield f"{one.name} was started again {one.starts} times meanwhile."


def _against_baseline(story: Story) -> Iterator[str]:
    baseline = story.baseline
    if baseline is None:
        return
    ratio, first = baseline.speed_up, baseline.run
    same = "in the same session, in turn" if baseline.is_same_session else f"at another time ({baseline.source})"
    what = counts(first) if first.place != "local" else "the bare engine"
    yield (
        f"Against the baseline of {what} ({first.throughput_per_s:.1f} pictures a second, measured {same}), throughput is "
        f"× {describe_ratio(ratio)}."
    )
    if ratio.median and ratio.is_noise:
        yield "That ratio's spread includes 1: the two are not told apart."


def _evenness(story: Story) -> Iterator[str]:
    worst = worst_pool(story.run)
    if worst is None:
        return
    pool, difference = worst
    if difference <= 1:
        yield (
            "The load is even: in each pool, all instances answered the same number of calls ±1 in every round, as "
            "round-robin gives."
        )
    else:
        yield f"The load is not even to ±1: in the pool {pool}, one instance answered {difference} calls more than another."
    if sum(one.calls for one in story.run.workers) != sum(one.hops for one in story.run.workers):
        yield (
            "The instances counted other calls than this client's completed requests tell of: others used the fleet, or "
            "requests failed after some of their steps."
        )


def _machines(story: Story) -> Iterator[str]:
    run = story.run
    if run.place != "local":
        machines = f"{len(run.machines)} machine{'s' if len(run.machines) > 1 else ''}"
        yield (
            f"{len(run.workers)} workers and their orchestrator on {machines}, {story.cores} cores altogether, took "
            f"{run.fleet_cores:.2f} cores of CPU."
        )
    for machine in run.machines:
        yield from _busy(machine, story.run.place == "local")


def _busy(machine: MachineUse, is_local: bool) -> Iterator[str]:
    if machine.busy_cores is None:
        return
    share = machine.busy_cores / machine.cores
    client = machine.client_cores or 0.0
    others = machine.busy_cores - machine.fleet_cores - client
    if not is_local:
        yield f"The client ran on machine {machine.number}, too, and took {client:.2f} of its cores."
    if share >= BUSY:
        yield (
            f"The cores of machine {machine.number} were busy to {share:.0%}: they bound the throughput, not the number of "
            "instances."
        )
    else:
        yield (
            f"The cores of machine {machine.number} were busy to {share:.0%}: more requests at a time may give more "
            "throughput."
        )
    if others > OTHERS:
        yield (
            f"Other programs took {others:.2f} of the {machine.cores} cores of machine {machine.number} meanwhile: without "
            "them, the figures would be better."
        )


def _bounds(story: Story) -> Iterator[str]:
    run, baseline = story.run, story.baseline
    if run.place != "local" and len(run.workers) > story.cores:
        yield (
            f"{len(run.workers)} workers on {story.cores} cores cannot be faster than {story.cores} cores are: what more "
            "workers on more machines would give is not seen here."
        )
    if baseline is None or not baseline.run.workers:
        return
    used = baseline.run.fleet_cores + sum(machine.client_cores or 0.0 for machine in baseline.run.machines)
    if len(run.machines) == 1 and story.client_machine is not None and used:
        yield (
            f"The baseline kept {used:.2f} of the {story.cores} cores busy already. At the same CPU time a picture, "
            f"{story.cores / used:.2f} times its throughput is the most that any number of workers could do here."
        )
    for difference in baseline.differences:
        yield f"The baseline differs in more than the number of instances: {difference}."


def _missing(story: Story) -> Iterator[str]:
    run = story.run
    if story.document.interrupted:
        yield "The measurement was interrupted: the figures are of what had come back until then."
    if story.document.problem:
        yield f"The measurement ended early, with the figures of what had come back until then: {story.document.problem}."
    if story.baseline is None:
        yield "A single-instance baseline was not measured, so there is no speed-up on this page."
    if len(story.document.scaling) < 2:
        yield "Other sizes of the fleet were not measured, so there is no scalability curve on this page."
    if not run.containers and run.place != "local":
        yield "Containers were not looked at: CPU and memory are what the instances' processes tell of themselves."
    if any(machine.busy_cores is None for machine in run.machines):
        yield "How busy machines were altogether is known only of the one that the client runs on."
    if run.retries is None:
        yield "Over HTTP, answers do not tell the steps' own times, nor what was tried again: neither is on this page."


def _method(story: Story) -> Iterator[str]:
    load, run = story.document.load, story.run
    if load.rate_per_s is None:
        yield (
            f"It is a closed loop: each of {load.concurrency} senders waits for its answer before it sends again. Latencies "
            "are of that load, and include waiting for a turn; clients that do not wait for answers would see longer ones."
        )
    else:
        yield f"It is an open loop of {load.rate_per_s:g} requests a second: its throughput is at most what was asked for."
        if run.late:
            yield f"{run.late} requests had to wait for a free sender; their latencies include that."
    if len(load.pictures) == 1:
        yield "One picture and one pipeline were sent: others take other times."
    if len(run.rounds) < 2:
        yield "One round was measured: how much rounds differ is not known."
    if run.place != "local":
        yield (
            "Memory is what each process has resident; pages that several share count in each, so the sum is more than what "
            "the machine spends. CPU is known to 10 ms."
        )
