"""Work that several want is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pixelmill.web.ondemand.flights import Flights


class Work:
    """Work that waits until it may end; counts how often it began and was cancelled."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.end = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        try:
            await self.end.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error:
            raise self.error
        return number


def run(test: Callable[[Flights[int], Work], Coroutine[Any, Any, None]]) -> None:
    async def with_them() -> None:
        flights: Flights[int] = Flights()
        await test(flights, Work())
        assert len(flights) == 0

    asyncio.run(with_them())


async def join(flights: Flights[int], work: Work, count: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(flights.join("a", work)) for _ in range(count)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


def test_all_get_the_same_result() -> None:
    async def test(flights: Flights[int], work: Work) -> None:
        tasks = await join(flights, work, 5)
        work.end.set()
        assert await asyncio.gather(*tasks) == [1] * 5
        assert await flights.join("a", work) == 2  # nothing is kept

    run(test)


def test_other_names_are_other_work() -> None:
    async def test(flights: Flights[int], work: Work) -> None:
        work.end.set()
        assert set(await asyncio.gather(flights.join("a", work), flights.join("b", work))) == {1, 2}

    run(test)


def test_an_error_is_everyone_s_who_waits() -> None:
    async def test(flights: Flights[int], work: Work) -> None:
        tasks = await join(flights, work, 3)
        work.error = ValueError("broken")
        work.end.set()
        assert [str(error) for error in await asyncio.gather(*tasks, return_exceptions=True)] == ["broken"] * 3
        work.error = None
        assert await flights.join("a", work) == 2

    run(test)


def test_one_who_leaves_stops_nothing() -> None:
    async def test(flights: Flights[int], work: Work) -> None:
        first, second, third = await join(flights, work, 3)
        first.cancel()
        third.cancel()
        await asyncio.gather(first, third, return_exceptions=True)
        work.end.set()
        assert await second == 1
        assert work.cancelled == 0

    run(test)


def test_the_last_one_who_leaves_stops_it() -> None:
    async def test(flights: Flights[int], work: Work) -> None:
        tasks = await join(flights, work, 3)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert len(flights) == 0
        # Who comes now does not get what is being cancelled.
        (later,) = await join(flights, work, 1)
        work.end.set()
        assert await later == 2
        assert work.cancelled == 1

    run(test)


def test_an_error_after_everyone_has_left_is_nobody_s() -> None:
    """The loop does not complain of it, which would fail this test."""

    async def test(flights: Flights[int], work: Work) -> None:
        async def stubborn() -> int:
            try:
                return await work()
            except asyncio.CancelledError:
                raise ValueError("while being cancelled") from None

        task = asyncio.create_task(flights.join("a", stubborn))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)

    run(test)
