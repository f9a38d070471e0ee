"""How the instances of a fleet are, looked at again and again while something runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise

import psutil

from pixelmill.bench.machine import busy_s
from pixelmill.cores import available_cores, machine_id
from pixelmill.errors import PixelmillError
from pixelmill.fleet.client import FleetExecutor

PERIOD_S = 0.5
MICRO = 1_000_000
ORCHESTRATOR = "orchestrator"
LOCAL = "local"
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Seen:
    """One instance at one moment. `id` is another one after each start.

    Attributes:
        key: the same at each look, also after a restart.
        pool, name, address: who it is, and where.
        machine, machine_cores: tells machines from each other, and how many cores it has.
        cores: of those, how many it may use.
        calls: answered since its start.
        cpu_s: CPU time since its start, seconds.
        memory_bytes: resident.
        p50_s, p99_s: what calls of the last minute took, seconds.
    """

    key: Key
    pool: str
    name: str
    address: str
    id: str
    machine: str
    machine_cores: int
    cores: int
    calls: int
    cpu_s: float
    memory_bytes: int
    p50_s: float = 0.0
    p99_s: float = 0.0


@dataclass(frozen=True)
class Look:
    """The instances that answered at a moment of the performance counter, in seconds.

    `client_s` and `busy_s` are the CPU time that this process and its whole machine have taken until then, in seconds.
    """

    at: float
    instances: tuple[Seen, ...]
    client_s: float
    busy_s: float


Looking = Callable[[], tuple[Seen, ...]]


def of_fleet(fleet: FleetExecutor, *, by_name: bool = False) -> tuple[Seen, ...]:
    """Ask a fleet for all its instances, the orchestrator last.

    Args:
        fleet: the client.
        by_name: whether names tell instances from each other, as of fleets that are started anew at other ports.

    Raises:
        PixelmillError: it does not answer.
    """
    described = fleet.describe()
    # Several orchestrators behind one client may have the same name and address, and answer by turns.
    return tuple(
        Seen(
            key=(one.pool, one.name, "" if by_name else one.id if one.pool == ORCHESTRATOR else one.address),
            pool=one.pool,
            name=one.name,
            address=one.address,
            id=one.id,
            machine=one.machine,
            machine_cores=one.machine_cores,
            cores=one.cores,
            calls=one.calls,
            cpu_s=one.cpu_s,
            memory_bytes=one.rss_bytes,
            p50_s=one.p50_us / MICRO,
            p99_s=one.p99_us / MICRO,
        )
        for one in (*described.instances, described.orchestrator)
        if one.id  # those that do not answer have none
    )


def of_this_process() -> tuple[Seen, ...]:
    """Return this process as an instance: it runs the pipelines itself."""
    process = psutil.Process()
    times = process.cpu_times()
    return (
        Seen(
            key=("worker", LOCAL, ""),
            pool="worker",
            name=LOCAL,
            address="",
            id=str(process.pid),
            machine=machine_id(),
            machine_cores=psutil.cpu_count() or 1,
            cores=available_cores(),
            calls=0,
            cpu_s=times.user + times.system,
            memory_bytes=process.memory_info().rss,
        ),
    )


class Watch:
    """Looks at once when it is begun and when it is ended, and every half second in between.

    Args:
        looking: returns the instances that answer.

    Attributes:
        looks: what was seen.
    """

    def __init__(self, looking: Looking) -> None:
        self._looking = looking
        self._over = threading.Event()
        self.looks: list[Look] = []

    def look(self) -> None:
        """Look now. Where nobody answers there is nothing to see."""
        begin = time.perf_counter()
        with suppress(PixelmillError):
            instances = self._looking()
            at = (begin + time.perf_counter()) / 2
            self.looks.append(Look(at, instances, time.process_time(), busy_s()))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look until the end of the context."""
        self.look()
        thread = threading.Thread(target=self._keep_looking, name="pixelmill-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()
            self.look()

    def _keep_looking(self) -> None:
        while not self._over.wait(PERIOD_S):
            self.look()


@dataclass(frozen=True)
class Growth:
    """What an instance did between the first look and the last: calls, CPU time, starts seen."""

    calls: int
    cpu_s: float
    starts: int


def growth(looks: Sequence[Look], key: Key) -> Growth:
    """Return what an instance did. One that was started anew begins from nothing; what it did unseen is lost."""
    calls, cpu_s, starts = 0, 0.0, 0
    seen = [one for look in looks for one in look.instances if one.key == key]
    for before, after in pairwise(seen):
        again = before.id != after.id
        calls += after.calls - (0 if again else before.calls)
        cpu_s += after.cpu_s - (0.0 if again else before.cpu_s)
        starts += again
    return Growth(calls, max(0.0, cpu_s), starts)
