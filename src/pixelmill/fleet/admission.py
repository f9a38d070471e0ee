"""A bounded queue before a bounded number of places, by what the work costs: what does not fit is refused at once.

Work that costs much may take half of the places: a picture of 100 megapixels does not stop thumbnails. How long work may
have to wait is bounded, too, and where more arrives than is done, no more waits than keeps all places busy.

Source: for the two bounds on waiting, Maurer, Fail at Scale, ACM Queue 13(8), 2015.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pixelmill.errors import DeadlineExceeded, Overloaded
from pixelmill.fleet.pressure import Pressure
from pixelmill.limits import MIB, Deadline

LARGE_S = 0.25
"""Work that takes one core longer than that is large, seconds."""
OVERLOAD_SHARE = 0.6
"""How long work may have to wait in an overload, as a share of the time that a place is held."""
LEARNING = 0.1
"""The weight of the latest piece of work in averages."""
TYPICAL_S = 0.05
"""What work is taken to cost, and to hold a place, before there was any, seconds."""
SLOWEST = 5.0
"""The most that what costs a second is taken to hold a place, seconds: small work takes its time on the way."""
SOONEST_S = 0.1
"""Nobody is told to come again sooner than that, seconds."""


@dataclass(eq=False)
class _Lane:
    """Work of one kind: what runs of it, and what waits."""

    running: int = 0
    running_cost_s: float = 0.0
    waiting_cost_s: float = 0.0
    held_s: float = TYPICAL_S
    """How long a place is held, on average."""
    queue: deque[_Work] = field(default_factory=deque)


@dataclass(eq=False)
class _Work:
    cost_s: float
    size: int
    lane: _Lane
    arrived: float = field(default_factory=time.monotonic)
    granted: asyncio.Event = field(default_factory=asyncio.Event)


class Admission:
    """Lets `places` pieces of work run and others wait, first come, first served among the small and among the large.

    Args:
        places: how many may run; where that changes, a function.
        queue: how many may wait.
        queue_s: how long work may have to wait, as far as that can be told, seconds.
        queue_bytes: how many bytes may wait.
    """

    def __init__(self, places: int | Callable[[], int], *, queue: int, queue_s: float, queue_bytes: int = 512 * MIB) -> None:
        self._places = places
        self.queue = queue
        self.queue_s = queue_s
        self.queue_bytes = queue_bytes
        self._small, self._large = _Lane(), _Lane()
        self._waiting_bytes = 0
        self._held_s = self._cost_s = TYPICAL_S
        """How long a place is held, and what the work costs that holds it, on average."""
        self._pressure = Pressure()

    @property
    def places(self) -> int:
        """How many pieces of work may run."""
        return self._places if isinstance(self._places, int) else self._places()

    @property
    def running(self) -> int:
        """How many pieces of work run."""
        return self._small.running + self._large.running

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._small.queue) + len(self._large.queue)

    @property
    def _pace(self) -> float:
        """How many seconds a place is held for each second of cost."""
        return min(SLOWEST, self._held_s / self._cost_s)

    @asynccontextmanager
    async def place(self, deadline: Deadline, cost_s: float = 0.0, size: int = 0) -> AsyncIterator[float]:
        """Hold a place for work that costs one core so many seconds and has an input of `size` bytes.

        Gives the seconds that it took to get it.

        Raises:
            Overloaded: the queue is full.
            DeadlineExceeded: the deadline passed while waiting.
        """
        work = _Work(cost_s, size, self._large if cost_s > LARGE_S else self._small)
        self._check_room(work.lane, cost_s, size)
        if not work.lane.queue and self._has_place(work.lane):
            self._start(work)
        else:
            await self._wait(work, deadline)
        started = time.monotonic()
        try:
            yield started - work.arrived
        finally:
            self._learn(work, time.monotonic() - started)
            self._end(work)

    def check(self, size: int = 0) -> None:
        """Take note of a request; raise `Overloaded` where not even work that costs nothing would be let in.

        It is a cheap look before any other, for every request that `place` will be called for, and only these.
        """
        self._pressure.arrive()
        self._check_room(self._small, 0.0, size)

    def look(self, size: int = 0) -> None:
        """Raise `Overloaded` where `check` would, before a request's input is read. It notes only what it refuses."""
        try:
            self._check_room(self._small, 0.0, size)
        except Overloaded:
            self._pressure.arrive()
            raise

    def _has_place(self, lane: _Lane) -> bool:
        return self.running < self.places and lane.running < self._share(lane)

    def _share(self, lane: _Lane) -> int:
        """How many places work of a lane may take, at least one."""
        places = self.places
        return max(1, places // 2 if lane is self._large else places)

    def _check_room(self, lane: _Lane, cost_s: float, size: int) -> None:
        if not lane.queue and self._has_place(lane):
            return
        wait_s = (lane.waiting_cost_s + lane.running_cost_s / 2) * self._pace / self._free_for(lane)
        bound = self.queue_s
        if self._pressure.is_overload:
            bound = min(bound, OVERLOAD_SHARE * max(lane.held_s, cost_s * self._pace))
        if self.waiting >= self.queue:
            problem = f"expected at most {self.queue} waiting requests, got one more"
        elif self._waiting_bytes + size > self.queue_bytes and self.waiting:
            problem = f"expected at most {self.queue_bytes} bytes of waiting requests, got more"
        elif wait_s > bound:
            problem = f"expected at most {bound:.2f} s of work before a request, got {wait_s:.2f} s"
        else:
            return
        raise Overloaded(f"{problem}; try again later", max(SOONEST_S, wait_s))

    def _free_for(self, lane: _Lane) -> int:
        """How many places a lane has beside what the other one takes."""
        other = self._small if lane is self._large else self._large
        return max(1, min(self._share(lane), self.places - other.running))

    async def _wait(self, work: _Work, deadline: Deadline) -> None:
        work.lane.queue.append(work)
        work.lane.waiting_cost_s += work.cost_s
        self._waiting_bytes += work.size
        remaining = deadline.remaining_s
        try:
            async with asyncio.timeout(None if remaining == float("inf") else remaining):
                await work.granted.wait()
        except BaseException as error:
            if work.granted.is_set():
                self._end(work)  # it got its place at the moment when it gave up
            else:
                work.lane.queue.remove(work)
                self._left(work)
                self._wake()
            if isinstance(error, TimeoutError):
                raise DeadlineExceeded("the deadline passed while waiting for a free place") from None
            raise

    def _left(self, work: _Work) -> None:
        """Take note that work no longer waits."""
        work.lane.waiting_cost_s = max(0.0, work.lane.waiting_cost_s - work.cost_s) if work.lane.queue else 0.0
        self._waiting_bytes -= work.size

    def _start(self, work: _Work) -> None:
        work.lane.running += 1
        work.lane.running_cost_s += work.cost_s

    def _end(self, work: _Work) -> None:
        work.lane.running -= 1
        work.lane.running_cost_s = work.lane.running_cost_s - work.cost_s if work.lane.running else 0.0
        self._wake()

    def _wake(self) -> None:
        """Give free places to those who have waited longest."""
        while able := [lane for lane in (self._small, self._large) if lane.queue and self._has_place(lane)]:
            work = min(able, key=lambda lane: lane.queue[0].arrived).queue.popleft()
            self._left(work)
            self._start(work)
            work.granted.set()

    def _learn(self, work: _Work, held_s: float) -> None:
        self._pressure.end()
        lane = work.lane
        lane.held_s += LEARNING * (held_s - lane.held_s)
        if work.cost_s:
            self._held_s += LEARNING * (held_s - self._held_s)
            self._cost_s += LEARNING * (work.cost_s - self._cost_s)
