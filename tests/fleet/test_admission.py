"""Who is let in, who waits and who is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import Any

import pytest

from pixelmill.errors import DeadlineExceeded, Overloaded
from pixelmill.fleet import pressure
from pixelmill.fleet.admission import LARGE_S, TYPICAL_S, Admission
from pixelmill.fleet.pressure import Pressure
from pixelmill.limits import MIB, NO_DEADLINE, Deadline
from tests.fleet.processes import PATIENCE_S

SMALL, LARGE = 0.01, 2 * LARGE_S


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Make an asynchronous test one that pytest calls."""

    @wraps(test)
    def call() -> None:
        asyncio.run(asyncio.wait_for(test(), PATIENCE_S))

    return call


class Work:
    """A piece of work that holds its place until it is told to end."""

    def __init__(self, admission: Admission, cost_s: float = SMALL, deadline: Deadline = NO_DEADLINE, size: int = 0) -> None:
        self.started = False
        self._over = asyncio.Event()
        self.task = asyncio.create_task(self._run(admission, cost_s, deadline, size))

    async def _run(self, admission: Admission, cost_s: float, deadline: Deadline, size: int) -> None:
        async with admission.place(deadline, cost_s, size):
            self.started = True
            await self._over.wait()

    async def end(self) -> None:
        self._over.set()
        await self.task
        await settle()

    async def cancel(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        await settle()


async def settle() -> None:
    """Let all tasks get as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def several(admission: Admission, *costs: float) -> list[Work]:
    made = [Work(admission, cost) for cost in costs]
    await settle()
    return made


def admission(places: int | Callable[[], int] = 2, **bounds: Any) -> Admission:
    return Admission(places, **{"queue": 100, "queue_s": 1000.0, **bounds})


def started(works: list[Work]) -> list[bool]:
    return [work.started for work in works]


@run
async def test_places_are_given_in_the_order_of_arrival() -> None:
    gate = admission(2)
    works = await several(gate, SMALL, SMALL, SMALL, SMALL)
    assert (started(works), gate.running, gate.waiting) == ([True, True, False, False], 2, 2)
    await works[1].end()
    assert started(works) == [True, True, True, False]
    for work in (works[0], works[2], works[3]):
        await work.end()
    assert (gate.running, gate.waiting) == (0, 0)


@run
async def test_large_work_leaves_half_of_the_places_to_small_work() -> None:
    gate = admission(4)
    works = await several(gate, LARGE, LARGE, LARGE, SMALL, SMALL, SMALL)
    assert started(works) == [True, True, False, True, True, False]
    await works[3].end()
    assert started(works) == [True, True, False, True, True, True]
    await works[0].end()
    assert started(works)[2]
    for work in (works[1], works[2], works[4], works[5]):
        await work.end()
    assert gate.running == 0


@run
async def test_with_one_place_all_take_turns() -> None:
    gate = admission(1)
    works = await several(gate, SMALL, LARGE, SMALL)
    for number, work in enumerate(works):
        assert started(works) == [at <= number for at in range(3)]
        await work.end()


@run
async def test_places_that_are_added_are_used() -> None:
    places = 1
    gate = admission(lambda: places)
    works = await several(gate, SMALL, SMALL, SMALL)
    assert started(works) == [True, False, False]
    places = 3
    await works[0].end()
    assert started(works) == [True, True, True]


@run
async def test_giving_up_leaves_nothing_behind() -> None:
    gate = admission(1)
    works = await several(gate, SMALL, SMALL, LARGE)
    await works[1].cancel()
    await works[2].cancel()
    assert (gate.running, gate.waiting) == (1, 0)
    await works[0].cancel()
    assert (gate.running, gate.waiting) == (0, 0)
    (last,) = await several(gate, SMALL)
    assert last.started


@run
async def test_giving_up_at_the_moment_when_a_place_is_free_passes_it_on() -> None:
    gate = admission(1)
    first, second, third = await several(gate, SMALL, SMALL, SMALL)
    first._over.set()
    while gate.waiting != 1:
        await asyncio.sleep(0)
    await second.cancel()
    assert (third.started, gate.running, gate.waiting) == (True, 1, 0)


@run
async def test_what_is_late_never_starts() -> None:
    gate = admission(1)
    (first,) = await several(gate, SMALL)
    late = Work(gate, SMALL, Deadline.after(0.01))
    with pytest.raises(DeadlineExceeded):
        await late.task
    await first.end()
    assert not late.started
    assert (gate.running, gate.waiting) == (0, 0)


@run
async def test_a_full_queue_refuses_at_once() -> None:
    gate = admission(1, queue=1)
    works = await several(gate, SMALL, SMALL)
    with pytest.raises(Overloaded, match="at most 1 waiting") as refusal:
        await Work(gate).task
    assert refusal.value.retry_after_s > 0
    with pytest.raises(Overloaded):
        gate.check()
    await works[0].end()
    await works[1].end()
    gate.check()


@run
async def test_bytes_that_wait_are_bounded_but_one_may_always_wait() -> None:
    gate = admission(1, queue_bytes=MIB)
    works = await several(gate, SMALL)
    works.append(Work(gate, size=2 * MIB))
    await settle()
    assert gate.waiting == 1
    with pytest.raises(Overloaded, match="bytes"):
        await Work(gate, size=1).task
    await works[0].end()
    await works[1].end()


@run
async def test_time_that_work_has_to_wait_is_bounded_by_what_is_before_it() -> None:
    gate = admission(1, queue_s=2.4 * LARGE)
    works = await several(gate, LARGE, LARGE, LARGE)
    assert gate.waiting == 2
    with pytest.raises(Overloaded, match="of work before"):
        await Work(gate, LARGE).task
    (small,) = await several(gate, SMALL)  # only what is small is before it
    assert gate.waiting == 3
    for work in (works[0], works[1], works[2], small):
        await work.end()


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def counted(arrivals: list[int], ends: list[int]) -> bool:
    """Tell whether these numbers in spans of time are an overload."""
    clock = Clock()
    meter = Pressure(clock)
    for arrived, ended in zip(arrivals, ends, strict=True):
        for _ in range(arrived):
            meter.arrive()
        for _ in range(ended):
            meter.end()
        clock.now += pressure.SPAN_S * 1.01
    return meter.is_overload


@pytest.mark.parametrize(
    ("arrivals", "ends", "expected"),
    [
        ([50] * 8, [5] * 8, True),
        ([5] * 8, [5] * 8, False),
        ([105] + [5] * 8, [5] * 9, False),
        ([6] * 8, [5] * 8, False),
        ([2] * 8, [0] * 8, False),
        ([50, 50, 50, 5], [5] * 4, False),
        ([50] * 3, [5] * 3, False),
        ([50] * 8 + [0], [5] * 9, False),
    ],
    ids=["ten times", "as much", "a burst", "a little more", "slow work", "over", "not yet", "nothing any more"],
)
def test_only_what_arrives_again_and_again_faster_than_it_is_done_is_an_overload(
    arrivals: list[int], ends: list[int], expected: bool
) -> None:
    assert counted(arrivals, ends) is expected


def test_silence_ends_an_overload() -> None:
    clock = Clock()
    meter = Pressure(clock)
    for _ in range(6):
        for _ in range(20):
            meter.arrive()
        clock.now += pressure.SPAN_S * 1.01
    assert meter.is_overload
    clock.now += 2 * pressure.SPAN_S
    assert not meter.is_overload


@run
async def test_in_an_overload_only_enough_waits_to_keep_the_places_busy() -> None:
    gate = admission(4)
    held = await several(gate, *[TYPICAL_S] * 4)
    let_in = 0
    with pytest.MonkeyPatch.context() as patch, suppress(Overloaded):
        patch.setattr(Pressure, "is_overload", True)
        while let_in < 50:
            gate.check()
            held += await several(gate, TYPICAL_S)
            let_in += 1
    assert 0 < let_in <= 4
    for work in held:
        await work.end()
