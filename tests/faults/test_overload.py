"""Far more requests than the fleet can do: what is too much is refused at once, and nobody else notices much."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass

import grpc
import pytest

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.fleet.health import is_serving
from pixelmill.limits import MIB
from tests.faults.resources import usage
from tests.fleet.failures import Failure
from tests.fleet.pictures import jpeg, scene
from tests.fleet.processes import PATIENCE_S, Fleet, fleet
from tests.fleet.requests import large

PIPELINE = "median:20 | median:20 | jpeg"
"""Much work for few bytes: the load has to take little of the cores that it shares with the fleet."""
TIMES = 10
"""How many times as much is asked for as can be done."""
QUEUE_S = 0.5
UNTIL_STEADY_S = 2.5
"""An overload is told from a burst after a second; then those who were let in before have to be worked off."""
STEADY_S = 5.0


@dataclass(frozen=True)
class Call:
    """One call: when it began, how long it took and how much of that was in the queue, seconds; what its status said."""

    began: float
    took_s: float
    queue_s: float
    failure: Failure | None


@pytest.fixture(scope="module")
def busy() -> Iterator[Fleet]:
    with fleet({"worker": 2}, PIXELMILL_QUIET="true", PIXELMILL_QUEUE_S=str(QUEUE_S)) as made:
        yield made


@pytest.fixture(scope="module")
def patient() -> Iterator[Fleet]:
    queue_s = str(PATIENCE_S)
    environment = {"PIXELMILL_QUEUE_S": queue_s, "PIXELMILL_THREADS": "2"}
    with fleet({"worker": 2}, worker_environment=environment, PIXELMILL_QUEUE_S=queue_s) as made:
        yield made


@pytest.fixture(scope="module")
def picture() -> bytes:
    """A file of few bytes, so that sending it costs next to nothing."""
    return jpeg(scene(1200, 900))


class Client:
    """Sends the same request again and again."""

    def __init__(self, target: str, picture: bytes) -> None:
        self._channel = grpc.aio.insecure_channel(target)
        self._stub: rpc.OrchestratorServiceAsyncStub = rpc.OrchestratorServiceStub(self._channel)
        self._request = pb.RunPipelineRequest(image_data=picture, pipeline_text=PIPELINE, placement="fused")

    async def once(self) -> Call:
        began = time.monotonic()
        failure, queue_us = None, 0
        try:
            answer = await self._stub.RunPipeline(self._request, timeout=PATIENCE_S)
            queue_us = answer.trace.queue_us
        except grpc.RpcError as error:
            failure = Failure()
            failure.read(error)
        return Call(began, time.monotonic() - began, queue_us / 1e6, failure)

    async def peak_per_s(self) -> float:
        """Return how many a second come back to four clients who wait for their answers."""
        began = time.monotonic()
        full = await asyncio.gather(*(self.one_after_another(8) for _ in range(4)))
        return sum(map(len, full)) / (time.monotonic() - began)

    async def one_after_another(self, count: int) -> list[Call]:
        return [await self.once() for _ in range(count)]

    async def at_a_rate(self, rate: float, seconds: float) -> list[Call]:
        """Send so many a second, whether or not they are answered."""
        tasks: list[Awaitable[Call]] = []
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            while len(tasks) < rate * passed:
                tasks.append(asyncio.ensure_future(self.once()))
            await asyncio.sleep(0.005)
        return list(await asyncio.gather(*tasks))

    async def close(self) -> None:
        await self._channel.close()


@dataclass(frozen=True)
class Measured:
    """What happened before, in and after an overload; `steady` are the calls that began once it had lasted for a while."""

    peak_per_s: float
    steady: Sequence[Call]
    steady_s: float
    served: bool
    memory_before: int
    memory_after: int


async def measure(fleet: Fleet, picture: bytes) -> Measured:
    client = Client(fleet.orchestrator.address, picture)
    pid = fleet.orchestrator.process.pid
    await client.one_after_another(4)
    peak = await client.peak_per_s()
    before = usage(pid).memory
    overload = asyncio.ensure_future(client.at_a_rate(TIMES * peak, UNTIL_STEADY_S + STEADY_S))
    began = time.monotonic()
    await asyncio.sleep(UNTIL_STEADY_S)
    served = await asyncio.to_thread(is_serving, fleet.orchestrator.address)
    calls = await overload
    last = max(call.began + call.took_s for call in calls if not call.failure)
    after = usage(pid).memory
    steady = [call for call in calls if call.began > began + UNTIL_STEADY_S]
    # Others use this machine, too: the worse of what it could do before and can do now.
    peak = min(peak, await client.peak_per_s())
    await client.close()
    return Measured(peak, steady, last - began - UNTIL_STEADY_S, served, before, after)


@pytest.fixture(scope="module")
def measured(busy: Fleet, picture: bytes) -> Measured:
    return asyncio.run(measure(busy, picture))


def test_what_is_too_much_is_refused_and_told_when_to_come_again(measured: Measured) -> None:
    refused = [call.failure for call in measured.steady if call.failure]
    assert len(refused) > len(measured.steady) / 2
    for failure in refused:
        assert (failure.code, failure.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED"), failure
        assert failure.retry is not None
        assert failure.retry.retry_delay.ToTimedelta().total_seconds() > 0


def test_it_is_refused_at_once(measured: Measured) -> None:
    refused = statistics.median(call.took_s for call in measured.steady if call.failure)
    assert refused < statistics.median(call.took_s for call in measured.steady if not call.failure) / 2


def test_those_who_are_let_in_hardly_wait(measured: Measured) -> None:
    """Less than they are worked on, whatever a machine with other things to do makes of that."""
    let_in = [call for call in measured.steady if not call.failure]
    assert statistics.median(call.queue_s / call.took_s for call in let_in) < 0.5


def test_as_much_is_done_as_before(measured: Measured) -> None:
    """Nine tenths are meant, but for what the load and others take of the same cores."""
    done = sum(not call.failure for call in measured.steady)
    assert done / measured.steady_s > 0.4 * measured.peak_per_s


def test_the_orchestrator_still_says_that_it_serves(measured: Measured) -> None:
    assert measured.served


def test_memory_stays_flat(measured: Measured) -> None:
    assert measured.memory_after - measured.memory_before < 64 * MIB


def test_nobody_is_refused_any_more_afterwards(busy: Fleet, picture: bytes, measured: Measured) -> None:
    async def again() -> list[Call]:
        client = Client(busy.orchestrator.address, picture)
        calls = await client.one_after_another(10)
        await client.close()
        return calls

    assert not [call for call in asyncio.run(again()) if call.failure]


def test_large_pictures_leave_room_for_small_ones(patient: Fleet, picture: bytes) -> None:
    """Without it, each small one would wait until one of the large ones, which are many, is done."""
    heavy = pb.RunPipelineRequest(image_data=large(), pipeline_text="median:20 | webp", placement="fused")
    small = pb.RunPipelineRequest(image_data=picture, pipeline_text="resize:64x64 | jpeg", placement="fused")

    async def mixed() -> tuple[float, list[float], list[float]]:
        """Return what a large one takes alone, and what small ones take alone and among large ones."""
        async with grpc.aio.insecure_channel(patient.orchestrator.address) as channel:
            stub: rpc.OrchestratorServiceAsyncStub = rpc.OrchestratorServiceStub(channel)

            async def send(request: pb.RunPipelineRequest) -> float:
                began = time.monotonic()
                await stub.RunPipeline(request, timeout=PATIENCE_S)
                return time.monotonic() - began

            took_large = await send(heavy)
            alone = [await send(small) for _ in range(20)]
            several = [asyncio.ensure_future(send(heavy)) for _ in range(4)]
            await asyncio.sleep(took_large / 10)
            among = [await send(small) for _ in range(10)]
            assert not several[-1].done()
            for call in several:
                call.cancel()
            await asyncio.gather(*several, return_exceptions=True)
            return took_large, alone, among

    took_large, alone, among = asyncio.run(mixed())
    assert statistics.median(among) < max(took_large / 4, 10 * statistics.median(alone))
