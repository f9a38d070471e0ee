"""A bounded queue before a bounded number of places: what does not fit is refused at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pixelmill.errors import DeadlineExceeded, Overloaded
from pixelmill.limits import Deadline


class Admission:
    """Lets `places` pieces of work run and `queue` more wait, first come, first served."""

    def __init__(self, places: int, queue: int) -> None:
        self.places = places
        self.queue = queue
        self.waiting = 0
        self.running = 0
        self._free = asyncio.Semaphore(places)

    @asynccontextmanager
    async def place(self, deadline: Deadline) -> AsyncIterator[float]:
        """Hold a place; gives the seconds that it took to get one.

        Raises:
            Overloaded: the queue is full.
            DeadlineExceeded: the deadline passed while waiting.
        """
        if self._free.locked() and self.waiting >= self.queue:
            raise Overloaded(f"expected at most {self.queue} waiting requests, got one more; try again later")
        started = time.perf_counter()
        await self._wait(deadline)
        self.running += 1
        try:
            yield time.perf_counter() - started
        finally:
            self.running -= 1
            self._free.release()

    async def _wait(self, deadline: Deadline) -> None:
        remaining = deadline.remaining_s
        self.waiting += 1
        try:
            async with asyncio.timeout(None if remaining == float("inf") else remaining):
                await self._free.acquire()
        except TimeoutError:
            raise DeadlineExceeded("the deadline passed while waiting for a free place") from None
        finally:
            self.waiting -= 1
