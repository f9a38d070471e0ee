"""Work that several want at the same time is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


@dataclass
class _Flight(Generic[Made]):
    task: asyncio.Task[Made]
    passengers: int = 0


class Flights(Generic[Made]):
    """Runs work under a name; who asks for a name that is being worked on waits for the same result.

    An error is everyone's who waits, and nobody's who asks afterwards: then the work begins anew. One who leaves does not
    stop it, the last one does.
    """

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[Made]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, name: str) -> bool:
        return name in self._flights

    async def join(self, name: str, work: Callable[[], Coroutine[Any, Any, Made]]) -> Made:
        """Return what `work` makes; it is started where nobody has under that name.

        Raises:
            Exception: what the work raises.
        """
        flight = self._flights.get(name)
        if flight is None:
            flight = self._flights[name] = _Flight(asyncio.ensure_future(work()))
            flight.task.add_done_callback(lambda task: self._land(name, task))
        flight.passengers += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.passengers -= 1
            if not flight.passengers and not flight.task.done():
                # Nobody may come aboard any more.
                self._forget(name, flight.task)
                flight.task.cancel()

    def _land(self, name: str, task: asyncio.Task[Made]) -> None:
        self._forget(name, task)
        if not task.cancelled():
            task.exception()  # looked at, or the loop would complain where the last one left at that moment

    def _forget(self, name: str, task: asyncio.Task[Made]) -> None:
        flight = self._flights.get(name)
        if flight and flight.task is task:
            del self._flights[name]
