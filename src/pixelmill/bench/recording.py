"""Makes figures of what the rounds of one setting gave."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, log2

from pixelmill.bench import figures
from pixelmill.bench.containers import Usage as ContainerLooks
from pixelmill.bench.drive import Tally
from pixelmill.bench.looks import ORCHESTRATOR, PERIOD_S, Key, Look, Seen, growth
from pixelmill.bench.places import Place
from pixelmill.cores import machine_id
from pixelmill.fleet.usage import quantile

LEAST_S = PERIOD_S / 2
BINS_A_DOUBLING = 8
"""Bins of latencies grow by the eighth root of two: 9 %."""


@dataclass(frozen=True)
class Taken:
    """One round: what came back, and what was seen meanwhile."""

    tally: Tally
    looks: tuple[Look, ...]
    containers: tuple[ContainerLooks, ...] = ()

    @property
    def seconds(self) -> float:
        """Time between the first look and the last."""
        return self.looks[-1].at - self.looks[0].at if self.looks else 0.0

    @property
    def client_s(self) -> float:
        """CPU time of this process, seconds."""
        return self.looks[-1].client_s - self.looks[0].client_s if self.looks else 0.0

    @property
    def busy_s(self) -> float:
        """CPU time of all of this machine, seconds."""
        return self.looks[-1].busy_s - self.looks[0].busy_s if self.looks else 0.0


@dataclass
class Recording:
    """The rounds of one setting so far."""

    place: Place
    rounds: list[Taken] = field(default_factory=list)

    def run(self) -> figures.Run:
        """Return the figures of all rounds together."""
        tallies = [taken.tally for taken in self.rounds]
        latencies = sorted(latency for tally in tallies for latency in tally.latencies_s)
        seconds = sum(tally.seconds for tally in tallies)
        instances = self._instances()
        return figures.Run(
            label=self.place.setting.label,
            place=self.place.setting.kind,
            target=self.place.url,
            placement=self.place.setting.placement,
            pools=tuple(self._pools()),
            rounds=tuple(map(_round, tallies)),
            seconds=seconds,
            completed=len(latencies),
            failed=sum(tally.failed for tally in tallies),
            throughput_per_s=len(latencies) / seconds if seconds else 0.0,
            latency=_latency(latencies),
            errors=dict(sum((tally.errors for tally in tallies), Counter[str]()).most_common()),
            retries=sum(tally.retries for tally in tallies) if self.place.tells_steps else None,
            late=sum(tally.late for tally in tallies),
            instances=instances,
            machines=tuple(self._machines(instances)),
            client_cpu_s=sum(taken.client_s for taken in self.rounds),
            typical=_typical(tallies, quantile(latencies, 0.5)) if self.place.tells_steps else None,
            containers=tuple(looks.figures() for looks in self.rounds[-1].containers) if self.rounds else (),
        )

    @property
    def _is_local(self) -> bool:
        return self.place.setting.kind == "local"

    def _seen(self) -> dict[Key, Seen]:
        """Return each instance as it was when it was seen last, in the fleet's own order."""
        return {one.key: one for taken in self.rounds for look in taken.looks for one in look.instances}

    def _machine_numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(dict.fromkeys(one.machine for one in self._seen().values()), 1)}

    def _calls(self, taken: Taken, key: Key) -> int:
        # The engine in this process has no count of its own.
        return len(taken.tally.latencies_s) if self._is_local else growth(taken.looks, key).calls

    def _instances(self) -> tuple[figures.InstanceUse, ...]:
        seen, machines = self._seen(), self._machine_numbers()
        seconds = sum(taken.seconds for taken in self.rounds)
        calls = {key: sum(self._calls(taken, key) for taken in self.rounds) for key in seen}
        of_pool: Counter[str] = Counter()
        for key, one in seen.items():
            of_pool[one.pool] += calls[key]
        made = []
        for key, one in seen.items():
            grown = [growth(taken.looks, key) for taken in self.rounds]
            cpu_s = sum(each.cpu_s for each in grown)
            made.append(
                figures.InstanceUse(
                    pool=one.pool,
                    name=one.name,
                    address=one.address,
                    machine=machines[one.machine],
                    cores=one.cores,
                    calls=calls[key],
                    hops=sum(_hops(taken, key) for taken in self.rounds),
                    share=calls[key] / of_pool[one.pool] if of_pool[one.pool] else 0.0,
                    cpu_s=cpu_s,
                    cpu_cores=cpu_s / seconds if seconds else 0.0,
                    memory_peak_bytes=max(each.memory_bytes for each in self._each_look(key)),
                    p50_s=one.p50_s,
                    p99_s=one.p99_s,
                    starts=sum(each.starts for each in grown),
                    series=_series(self.rounds[-1].looks, key),
                )
            )
        return tuple(made)

    def _each_look(self, key: Key) -> Iterator[Seen]:
        return (one for taken in self.rounds for look in taken.looks for one in look.instances if one.key == key)

    def _pools(self) -> Iterator[figures.PoolUse]:
        by_pool: dict[str, list[Key]] = {}
        for key, one in self._seen().items():
            if one.pool != ORCHESTRATOR:
                by_pool.setdefault(one.pool, []).append(key)
        for pool, keys in by_pool.items():
            rounds = [[self._calls(taken, key) for key in keys] for taken in self.rounds]
            totals = [sum(column) for column in zip(*rounds, strict=True)]
            mean = statistics.fmean(totals)
            yield figures.PoolUse(
                pool=pool,
                instances=len(keys),
                calls=sum(totals),
                least=min(totals),
                most=max(totals),
                ratio=max(totals) / min(totals) if min(totals) else None,
                variation=statistics.pstdev(totals) / mean if mean else 0.0,
                difference=max(max(row) - min(row) for row in rounds),
            )

    def _machines(self, instances: Sequence[figures.InstanceUse]) -> Iterator[figures.MachineUse]:
        seconds = sum(taken.seconds for taken in self.rounds)
        cores = {one.machine: one.machine_cores for one in self._seen().values()}
        for name, number in self._machine_numbers().items():
            mine = [one for one in instances if one.machine == number]
            is_clients = name == machine_id()
            client_s, busy_s = sum(taken.client_s for taken in self.rounds), sum(taken.busy_s for taken in self.rounds)
            yield figures.MachineUse(
                number=number,
                cores=cores[name],
                instances=len(mine),
                is_clients=is_clients,
                fleet_cores=sum(one.cpu_cores for one in mine),
                # The engine in this process and the client are one.
                client_cores=client_s / seconds if is_clients and seconds and not self._is_local else None,
                busy_cores=busy_s / seconds if is_clients and seconds else None,
            )


def _hops(taken: Taken, key: Key) -> int:
    """Return how many of the client's hops were an instance's. Traces call it by its name and the port that it listens on.

    A published port is another one than the instance's own, so a name that only one instance has is enough. Over HTTP, the
    pool is not told.
    """
    one = next((each for look in reversed(taken.looks) for each in look.instances if each.key == key), None)
    if one is None:
        return 0
    of_pool = {instance: count for (pool, instance), count in taken.tally.hops.items() if pool in (one.pool, "")}
    exact = f"{one.name}:{one.address.rpartition(':')[2]}"
    if exact in of_pool:
        return of_pool[exact]
    same_name = [count for instance, count in of_pool.items() if one.name in (instance, instance.rpartition(":")[0])]
    return same_name[0] if len(same_name) == 1 else 0


def _round(tally: Tally) -> figures.Round:
    ordered = sorted(tally.latencies_s)
    return figures.Round(
        seconds=tally.seconds,
        completed=len(ordered),
        failed=tally.failed,
        throughput_per_s=len(ordered) / tally.seconds if tally.seconds else 0.0,
        p50_s=quantile(ordered, 0.5),
        p90_s=quantile(ordered, 0.9),
        p99_s=quantile(ordered, 0.99),
    )


def _latency(ordered: Sequence[float]) -> figures.Latency:
    counts = Counter(ceil(BINS_A_DOUBLING * log2(max(latency, 1e-6))) for latency in ordered)
    steps = range(min(counts), max(counts) + 1) if counts else range(0)
    return figures.Latency(
        mean_s=statistics.fmean(ordered) if ordered else 0.0,
        p50_s=quantile(ordered, 0.5),
        p90_s=quantile(ordered, 0.9),
        p99_s=quantile(ordered, 0.99),
        max_s=ordered[-1] if ordered else 0.0,
        bins=tuple(figures.Bin(up_to_s=2.0 ** (step / BINS_A_DOUBLING), count=counts[step]) for step in steps),
    )


def _series(looks: Sequence[Look], key: Key) -> figures.InstanceSeries:
    """Return CPU and memory at each look but the first; CPU is of the time since the look before."""
    at, cpu, memory = [], [], []
    for before, after in pairwise(apart(looks)):
        then = next((one for one in before.instances if one.key == key), None)
        now = next((one for one in after.instances if one.key == key), None)
        known = then and now and then.id == now.id
        at.append(after.at - looks[0].at)
        cpu.append(max(0.0, now.cpu_s - then.cpu_s) / (after.at - before.at) if then and now and known else None)
        memory.append(now.memory_bytes if now else None)
    return figures.InstanceSeries(at_s=tuple(at), cpu_cores=tuple(cpu), memory_bytes=tuple(memory))


def apart(looks: Sequence[Look]) -> list[Look]:
    """Return the first look, the last, and those between, but none so close to these that CPU, known to 10 ms, is noise."""
    kept = list(looks[:1])
    kept += [look for look in looks[1:-1] if min(look.at - looks[0].at, looks[-1].at - look.at) >= LEAST_S]
    return kept + list(looks[1:][-1:])


def _typical(tallies: Sequence[Tally], median_s: float) -> figures.Typical | None:
    kept = [each for tally in tallies for each in tally.kept]
    if not kept:
        return None
    latency_s, trace = min(kept, key=lambda each: abs(each[0] - median_s))
    return figures.Typical(
        latency_s=latency_s,
        queue_s=trace.queue_s,
        total_s=trace.total_s,
        hops=tuple(
            figures.HopTimes(
                instance=hop.instance,
                pool=hop.pool,
                operations=hop.operations,
                started_s=hop.started_s,
                queue_s=hop.queue_s,
                compute_s=hop.compute_s,
                transfer_s=hop.transfer_s,
                attempts=hop.attempts,
            )
            for hop in trace.hops
        ),
    )
