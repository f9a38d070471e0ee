"""How the instances are, again and again while somebody watches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import image_processing_pb2 as pb
from pixelmill.fleet.census import Census

PERIOD_S = 0.5
EACH_S = 0.01
"""Added to the period for each instance: watching many of them is not to become the orchestrator's main work."""
State = Literal["healthy", "draining", "down"]
MICRO = 1_000_000


@dataclass(frozen=True)
class Instance:
    """How one instance is.

    Attributes:
        pool, name, address, pid, id, version, machine: who it is, and where.
        state: healthy, draining (finishes what it has, and takes nothing new) or down.
        problem: why it is not healthy.
        calls: answered since it started.
        calls_per_s: between the last two looks.
        in_flight, queued: calls that it has, and how many of them wait for their turn.
        cpu: cores' worth of CPU time between the last two looks: 1.0 is one core all the time.
        cpu_s: CPU time since it started, seconds.
        memory_bytes: resident.
        memory_limit_bytes: what its container, or else its machine, has.
        p50_s, p99_s: what calls of the last minute took, seconds.
        uptime_s: since it started, seconds.
        cores: how many it may use.
        machine_cores: how many its machine has.
    """

    pool: str
    name: str
    address: str
    state: State
    problem: str = ""
    pid: int = 0
    id: str = ""
    version: str = ""
    machine: str = ""
    calls: int = 0
    calls_per_s: float = 0.0
    in_flight: int = 0
    queued: int = 0
    cpu: float = 0.0
    cpu_s: float = 0.0
    memory_bytes: int = 0
    p50_s: float = 0.0
    p99_s: float = 0.0
    uptime_s: int = 0
    cores: int = 0
    machine_cores: int = 0
    memory_limit_bytes: int = 0


@dataclass(frozen=True)
class Snapshot:
    """How all instances and the orchestrator were at a moment of the monotonic clock, in seconds."""

    at: float
    instances: tuple[Instance, ...]
    orchestrator: Instance


class Monitor:
    """Looks at all instances while somebody follows.

    Args:
        census: asks the instances.
        own: tells how the orchestrator is.
        clock: gives the time in seconds.
    """

    def __init__(
        self, census: Census, own: Callable[[], pb.InstanceInfo], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._census = census
        self._own = own
        self._clock = clock
        self._last: Snapshot | None = None
        self._looking: asyncio.Task[Snapshot] | None = None

    @property
    def period_s(self) -> float:
        """Time between two looks, seconds."""
        return max(PERIOD_S, EACH_S * len(self._last.instances)) if self._last else PERIOD_S

    async def look(self, *, anew: bool = False) -> Snapshot:
        """Return how the instances are: no longer ago than a period, or now. All who ask at the same time share one look."""
        if anew and self._looking:
            await asyncio.shield(self._looking)  # it began before
        if self._looking is None:
            if not anew and self._last and self._clock() < self._last.at + self.period_s:
                return self._last
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def follow(self) -> AsyncIterator[Snapshot]:
        """Yield how the instances are, again and again."""
        while True:
            snapshot = await self.look()
            yield snapshot
            await asyncio.sleep(max(0.0, snapshot.at + self.period_s - self._clock()))

    async def close(self) -> None:
        """Stop looking."""
        if self._looking:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    async def _look(self) -> Snapshot:
        try:
            infos = await self._census.take()
            now, last = self._clock(), self._last
            before = {(one.pool, one.id): one for one in (*last.instances, last.orchestrator)} if last else {}
            since_s = now - last.at if last else 0.0

            def seen(info: pb.InstanceInfo) -> Instance:
                return _instance(info, before.get((info.pool, info.id)) if info.id and since_s else None, since_s)

            self._last = Snapshot(now, tuple(map(seen, infos)), seen(self._own()))
            return self._last
        finally:
            self._looking = None


def _instance(info: pb.InstanceInfo, before: Instance | None, since_s: float) -> Instance:
    state: State = "healthy" if info.healthy else "draining" if info.id else "down"
    return Instance(
        pool=info.pool,
        name=info.name,
        address=info.address,
        state=state,
        problem=info.problem,
        pid=info.pid,
        id=info.id,
        version=info.version,
        machine=info.machine,
        calls=info.calls,
        calls_per_s=max(0.0, info.calls - before.calls) / since_s if before else 0.0,
        in_flight=info.in_flight,
        queued=info.queued,
        cpu=max(0.0, info.cpu_s - before.cpu_s) / since_s if before else 0.0,
        cpu_s=info.cpu_s,
        memory_bytes=info.rss_bytes,
        p50_s=info.p50_us / MICRO,
        p99_s=info.p99_us / MICRO,
        uptime_s=info.uptime_s,
        cores=info.cores,
        machine_cores=info.machine_cores,
        memory_limit_bytes=info.memory_limit_bytes,
    )
