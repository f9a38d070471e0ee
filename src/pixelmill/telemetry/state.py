"""How a fleet is at one moment, as metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Protocol

from prometheus_client import Metric as Family
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from pixelmill import __version__
from pixelmill.errors import Draining, Overloaded, Unauthenticated
from pixelmill.telemetry import catalog
from pixelmill.telemetry.catalog import Metric

REJECTIONS = (Overloaded.reason, Draining.reason, Unauthenticated.reason)
"""Reasons for which requests are turned away: shown from the start, as what appears with a 1 is no increase."""
Samples = Iterable[tuple[tuple[str, ...], float]]


class Instance(Protocol):
    """How one instance is."""

    @property
    def pool(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def calls(self) -> int: ...
    @property
    def in_flight(self) -> int: ...
    @property
    def queued(self) -> int: ...
    @property
    def cpu_s(self) -> float: ...
    @property
    def cores(self) -> int: ...
    @property
    def memory_bytes(self) -> int: ...
    @property
    def memory_limit_bytes(self) -> int: ...
    @property
    def uptime_s(self) -> float: ...


@dataclass(frozen=True)
class FleetState:
    """How the orchestrator and its instances are.

    Attributes:
        instances: all that are configured, and the orchestrator itself.
        in_flight, queued: requests that it has, and that wait.
        places: requests that it works on at a time.
        quarantined: pictures that it refuses.
        slots: how many slots in shared memory there are, by what they are: used or free.
        slot_bytes: size of all of them.
        rejected: requests that were turned away, by reason.
    """

    instances: Sequence[Instance]
    in_flight: int
    queued: int
    places: int
    quarantined: int
    slots: Mapping[str, int]
    slot_bytes: int
    rejected: Mapping[str, int] = field(default_factory=dict)

    def collect(self) -> Iterator[Family]:
        """Yield the metrics."""
        yield family(catalog.REJECTED, (((reason,), self.rejected.get(reason, 0)) for reason in REJECTIONS))
        yield family(catalog.IN_FLIGHT, [((), self.in_flight)])
        yield family(catalog.QUEUED, [((), self.queued)])
        yield family(catalog.PLACES, [((), self.places)])
        yield family(catalog.QUARANTINED, [((), self.quarantined)])
        yield family(catalog.SLOTS, (((state,), count) for state, count in self.slots.items()))
        yield family(catalog.SLOT_BYTES, [((), self.slot_bytes)])
        yield family(catalog.BUILD, [((__version__,), 1)])
        yield from self._instances()

    def _instances(self) -> Iterator[Family]:
        every = _by_labels(self.instances)
        # Of those that do not answer, only that is known.
        answering = {who: one for who, one in every.items() if one.state != "down"}
        yield family(catalog.UP, ((who, one.state == "healthy") for who, one in every.items()))
        yield family(catalog.DRAINING, ((who, one.state == "draining") for who, one in every.items()))
        yield family(catalog.CALLS, ((who, one.calls) for who, one in answering.items()))
        yield family(catalog.INSTANCE_IN_FLIGHT, ((who, one.in_flight) for who, one in answering.items()))
        yield family(catalog.INSTANCE_QUEUED, ((who, one.queued) for who, one in answering.items()))
        yield family(catalog.CPU, ((who, one.cpu_s) for who, one in answering.items()))
        yield family(catalog.CORES, ((who, one.cores) for who, one in answering.items()))
        yield family(catalog.MEMORY, ((who, one.memory_bytes) for who, one in answering.items()))
        yield family(catalog.MEMORY_LIMIT, ((who, one.memory_limit_bytes) for who, one in answering.items()))
        yield family(catalog.UPTIME, ((who, one.uptime_s) for who, one in answering.items()))


def _by_labels(instances: Iterable[Instance]) -> dict[tuple[str, ...], Instance]:
    """Return instances by pool, name and address: those behind one DNS name that have no names of their own get numbers."""
    found: dict[tuple[str, ...], Instance] = {}
    for one in instances:
        names = chain((one.name,), (f"{one.name}#{number}" for number in count(2)))
        found[next(who for name in names if (who := (one.pool, name, one.address)) not in found)] = one
    return found


@dataclass(frozen=True)
class Both:
    """What two collectors have, as one."""

    first: Collector
    second: Collector

    def collect(self) -> Iterator[Family]:
        """Yield the metrics."""
        yield from self.first.collect()
        yield from self.second.collect()


def family(metric: Metric, samples: Samples) -> Family:
    """Return a counter or a gauge with its values by labels."""
    made: CounterMetricFamily | GaugeMetricFamily
    if metric.kind == "counter":
        made = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    else:
        made = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in samples:
        made.add_metric(labels, value)
    return made
