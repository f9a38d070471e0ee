"""What happened to a load's requests: an event when one begins and one when it ends, a line of JSON each."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from math import inf
from typing import Self


@dataclass(frozen=True)
class Hop:
    """One hop of a request, as its trace tells it."""

    pool: str
    instance: str
    attempts: int


@dataclass(frozen=True)
class Begun:
    """A request was sent, at a time in seconds of the machine's monotonic clock."""

    id: str
    work: str
    at: float


@dataclass(frozen=True)
class Ended:
    """A request came to an end: OK with a digest and hops, or another gRPC code with the reason of our errors."""

    id: str
    at: float
    code: str
    reason: str = ""
    problem: str = ""
    digest: str = ""
    hops: tuple[Hop, ...] = ()


Event = Begun | Ended


def to_line(event: Event) -> str:
    """Return an event as a line."""
    return json.dumps({"kind": type(event).__name__, **asdict(event)}) + "\n"


def from_line(line: str) -> Event:
    """Read an event back."""
    fields = json.loads(line)
    if fields.pop("kind") == "Begun":
        return Begun(**fields)
    return Ended(**fields | {"hops": tuple(Hop(**hop) for hop in fields["hops"])})


@dataclass
class Call:
    """One request: how it began, and every end that it came to. There should be exactly one."""

    begun: Begun
    ends: list[Ended] = field(default_factory=list)

    @property
    def end(self) -> Ended:
        """Its first end."""
        return self.ends[0]

    @property
    def ok(self) -> bool:
        """Whether it has ended, and well."""
        return bool(self.ends) and self.end.code == "OK"

    @property
    def took_s(self) -> float:
        """How long it took, seconds; forever where it has not ended."""
        return self.end.at - self.begun.at if self.ends else inf

    @property
    def hops(self) -> tuple[Hop, ...]:
        """The hops of its trace, where it ended well."""
        return self.end.hops if self.ends else ()

    def instances(self, pool: str = "") -> list[str]:
        """Return the instances that it went to, of one pool or of all."""
        return [hop.instance for hop in self.hops if pool in ("", hop.pool)]


class History:
    """Calls in the order in which they began; and ends of requests that nobody began."""

    def __init__(self, calls: Iterable[Call] = (), stray: Iterable[Ended] = ()) -> None:
        self.calls = list(calls)
        self.stray = list(stray)
        self._by_id = {call.begun.id: call for call in self.calls}

    def __len__(self) -> int:
        return len(self.calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(self.calls)

    def add(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, Begun):
            call = self._by_id[event.id] = Call(event)
            self.calls.append(call)
        elif event.id in self._by_id:
            self._by_id[event.id].ends.append(event)
        else:
            self.stray.append(event)

    @classmethod
    def of(cls, events: Iterable[Event]) -> Self:
        """Return the history of events."""
        made = cls()
        for event in events:
            made.add(event)
        return made

    def where(self, holds: Callable[[Call], bool]) -> History:
        """Return the part whose calls have a property."""
        return History(filter(holds, self.calls))

    def between(self, start: float, end: float = inf) -> History:
        """Return the part whose calls began in a span of time."""
        return self.where(lambda call: start <= call.begun.at < end)

    def took_s(self, quantile: float) -> float:
        """Return how long calls take, seconds: the least time within which that share of them is done."""
        times = sorted(call.took_s for call in self.calls)
        return times[min(len(times) - 1, int(quantile * len(times)))]

    @property
    def median_s(self) -> float:
        """How long half of the calls take at most, seconds."""
        return statistics.median(call.took_s for call in self.calls)

    def used(self, pool: str = "") -> set[str]:
        """Return the instances that calls went to, of one pool or of all."""
        return {name for call in self.calls for name in call.instances(pool)}
