"""What the monitor makes of what instances say, and how often it asks."""

from __future__ import annotations

import asyncio

import image_processing_pb2 as pb
from pixelmill.fleet.census import Census
from pixelmill.fleet.monitor import EACH_S, PERIOD_S, Monitor


class Asked(Census):
    """Instances that say what they are told to."""

    def __init__(self, *infos: pb.InstanceInfo) -> None:
        self.infos = [*infos]
        self.times = 0
        self.answer = asyncio.Event()
        self.answer.set()

    async def take(self) -> list[pb.InstanceInfo]:
        self.times += 1
        await self.answer.wait()
        return self.infos


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def info(calls: int = 0, cpu_s: float = 0.0, *, id: str = "one", **fields: object) -> pb.InstanceInfo:
    return pb.InstanceInfo(pool="filter", name="filter-1", id=id, healthy=True, calls=calls, cpu_s=cpu_s, **fields)  # type: ignore[arg-type]


def test_rates_are_those_between_two_looks() -> None:
    async def main() -> None:
        clock, census = Clock(), Asked(info(10, 1.0, p50_us=1500, rss_bytes=7))
        monitor = Monitor(census, lambda: info(id="own"), clock)
        (first,) = (await monitor.look()).instances
        assert (first.calls_per_s, first.cpu, first.p50_s, first.memory_bytes) == (0.0, 0.0, 0.0015, 7)
        clock.now += 2
        census.infos = [info(30, 4.0)]
        (second,) = (await monitor.look()).instances
        assert (second.calls_per_s, second.cpu) == (10.0, 1.5)
        # Another process at the same address begins anew.
        clock.now += 2
        census.infos = [info(5, 0.5, id="another")]
        (third,) = (await monitor.look()).instances
        assert (third.calls_per_s, third.cpu, third.calls) == (0.0, 0.0, 5)

    asyncio.run(main())


def test_states() -> None:
    async def main() -> None:
        draining = pb.InstanceInfo(pool="filter", name="b", id="b", problem="shutting down")
        down = pb.InstanceInfo(pool="filter", name="c", problem="UNAVAILABLE: refused")
        snapshot = await Monitor(Asked(info(), draining, down), lambda: info(id="own"), Clock()).look()
        assert [one.state for one in snapshot.instances] == ["healthy", "draining", "down"]
        assert [one.problem for one in snapshot.instances] == ["", "shutting down", "UNAVAILABLE: refused"]

    asyncio.run(main())


def test_who_asks_anew_gets_a_look_that_began_afterwards() -> None:
    async def main() -> None:
        clock, census = Clock(), Asked(info(1))
        monitor = Monitor(census, lambda: info(id="own"), clock)
        census.answer.clear()
        earlier = asyncio.create_task(monitor.look())
        await asyncio.sleep(0)
        anew = [asyncio.create_task(monitor.look(anew=True)) for _ in range(3)]
        await asyncio.sleep(0)
        clock.now += 0.001
        census.answer.set()
        await asyncio.gather(earlier, *anew)
        assert census.times == 2  # all three share one
        clock.now += 0.001
        census.infos = [info(2)]
        assert [one.calls for one in (await monitor.look()).instances] == [1]
        assert [one.calls for one in (await monitor.look(anew=True)).instances] == [2]

    asyncio.run(main())


def test_all_who_ask_at_a_time_share_one_look() -> None:
    async def main() -> None:
        clock, census = Clock(), Asked(info())
        monitor = Monitor(census, lambda: info(id="own"), clock)
        census.answer.clear()
        asking = [asyncio.create_task(monitor.look()) for _ in range(50)]
        await asyncio.sleep(0)
        asking.pop().cancel()  # one who goes does not take the look with it
        census.answer.set()
        snapshots = await asyncio.gather(*asking)
        assert census.times == 1
        assert len({id(snapshot) for snapshot in snapshots}) == 1
        assert await monitor.look() is snapshots[0]  # it is not old yet
        clock.now += monitor.period_s
        assert await monitor.look() is not snapshots[0]
        assert census.times == 2

    asyncio.run(main())


def test_many_instances_are_asked_less_often() -> None:
    async def main() -> None:
        count = 4 * round(PERIOD_S / EACH_S)
        monitor = Monitor(Asked(*(info(id=str(n)) for n in range(count))), lambda: info(id="own"), Clock())
        assert monitor.period_s == PERIOD_S
        await monitor.look()
        assert monitor.period_s == count * EACH_S

    asyncio.run(main())


def test_a_look_that_fails_is_tried_again() -> None:
    class Failing(Asked):
        async def take(self) -> list[pb.InstanceInfo]:
            if not self.times:
                self.times += 1
                raise ValueError("a fault")
            return await super().take()

    async def main() -> None:
        monitor = Monitor(Failing(info()), lambda: info(id="own"), Clock())
        try:
            await monitor.look()
        except ValueError:
            pass
        else:
            raise AssertionError("expected the fault")
        assert len((await monitor.look()).instances) == 1

    asyncio.run(main())
