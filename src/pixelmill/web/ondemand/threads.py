"""Threads for calls that wait and cannot be stopped: some are given up without the others having to wait for them."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from pixelmill.errors import Overloaded

Made = TypeVar("Made")
RETRY_S = 5.0
log = logging.getLogger("pixelmill.web")


class _Job(Generic[Made]):
    def __init__(self, do: Callable[[], Made]) -> None:
        self.do = do
        self.future: Future[Made] = Future()

    def run(self, done: Callable[[], None]) -> None:
        """Make the call. `done` is called when it has ended and nobody knows of that yet."""
        if not self.future.set_running_or_notify_cancel():
            done()
            return
        try:
            made = self.do()
        except BaseException as error:
            done()
            self.future.set_exception(error)
        else:
            done()
            self.future.set_result(made)


class Threads:
    """Runs calls in threads, which are kept and do not keep the process from ending, whatever they wait for.

    Args:
        name: of what they do, in logs.
        at_once: calls that are waited for at a time; others wait for their turn.
        given_up: calls that nobody waits for any more and that have not ended. They take no one's turn; where there are so
            many, no other call is begun before one of them has ended.
    """

    def __init__(self, name: str, at_once: int, given_up: int) -> None:
        self._name = name
        self._at_once = asyncio.Semaphore(at_once)
        self._most_given_up = given_up
        self._given_up: set[Future[Any]] = set()
        self._jobs: SimpleQueue[_Job[Any]] = SimpleQueue()
        self._free = 0
        self._lock = threading.Lock()

    @property
    def stuck(self) -> int:
        """How many calls were given up and have not ended."""
        self._given_up = {future for future in self._given_up if not future.done()}
        return len(self._given_up)

    async def run(self, do: Callable[[], Made], timeout_s: float) -> Made:
        """Return what a call returns.

        Raises:
            TimeoutError: it took more than `timeout_s` seconds, the wait for its turn included.
            Overloaded: too many calls were given up that have not ended.
            Exception: what it raises.
        """
        async with asyncio.timeout(timeout_s), self._at_once:
            self._check()
            job = _Job(do)
            self._start(job)
            try:
                return await asyncio.wrap_future(job.future)
            finally:
                if job.future.running():
                    self._given_up.add(job.future)

    def _check(self) -> None:
        if self.stuck >= self._most_given_up:
            text = f"expected {self._name} to answer, got {self.stuck} calls that have not ended since they were given up"
            log.warning(text)
            raise Overloaded(text, RETRY_S)

    def _start(self, job: _Job[Any]) -> None:
        with self._lock:
            is_new = not self._free
            self._free -= not is_new
        self._jobs.put(job)
        if is_new:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while True:
            self._jobs.get().run(self._count_free)

    def _count_free(self) -> None:
        """Before the outcome is known: who waited for it may begin the next call at once, and finds this thread."""
        with self._lock:
            self._free += 1
