"""One hop's call to an instance of a pool, and what follows where it is not answered."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.errors import (
    Cancelled,
    DeadlineExceeded,
    DecoderCrash,
    Draining,
    Internal,
    NoHealthyInstance,
    OperationNotInstalled,
    PixelmillError,
)
from pixelmill.fleet.channels import Pool, Pools
from pixelmill.fleet.faults import error_from_call, has_details
from pixelmill.fleet.losses import BEGUN, CallLost, WorkersLost
from pixelmill.fleet.slots import Slots
from pixelmill.limits import Deadline
from pixelmill.telemetry import tracing

Call = grpc.aio.UnaryUnaryCall[pb.StageRequest, pb.StageResponse]
REQUEST_ID = "x-request-id"
TIME_LEFT = "pixelmill-time-left"
"""How long a hop may take, in seconds: metadata of a call to a worker."""
LATE_S = 1.0
"""How much longer than its deadline a call to a worker may take, in seconds."""
OTHERS_S = 0.5
"""How long a call that found no instance waits for the pool to list others, in seconds."""
AT_ONCE_S = 0.05
"""A client that gives up so shortly before the deadline does so because of it."""
MAX_LOST = 2
"""How many instances may be lost to one picture."""
OUTAGE_S = 0.25
"""How long it takes until an outage has come to all that it comes to, in seconds."""
KEPT_LOSSES = 1000


@dataclass(frozen=True)
class Calling:
    """On whose behalf a call is made: a request's id, and its deadline."""

    request: str
    deadline: Deadline


class Calls:
    """Makes calls to workers. Nothing that it holds grows with the number of calls."""

    def __init__(self, pools: Pools, slots: Slots) -> None:
        self.pools = pools
        self.slots = slots
        self._left: set[Call] = set()
        self._lost: deque[str] = deque(maxlen=KEPT_LOSSES)
        """The ids of the latest instances that calls were lost with."""
        self._alone = asyncio.Lock()

    async def send(
        self, pool: Pool, rare: frozenset[str], message: pb.StageRequest, calling: Calling
    ) -> tuple[pb.StageResponse, int]:
        """Send a hop to those of a pool that have its rare operations.

        Returns the answer, and how often gRPC's own retries were not enough. They stay on the channel of the call, which
        lists the instances of the moment when it was made, and end where an instance has begun.

        Raises:
            PixelmillError: nobody answers, or `WorkersLost`.
        """
        lost: list[CallLost] = []
        crashed = False
        for again in count():
            if again:
                # Whoever was asked before may still be at work.
                message.answer_in = ""
                tracing.event("retry", {"pixelmill.attempt": again + 1})
            async with self._in_turn(lost, calling.deadline):
                stub = await pool.stub(rare)
                calling.deadline.check(f"the hop to the {pool.name} pool")
                answer = await self._answer(pool, stub, rare, message, calling)
            if isinstance(answer, CallLost):
                lost.append(answer)
                self._lost.append(answer.instance)
                if len(lost) == MAX_LOST:
                    raise await self._verdict(pool, lost)
            elif answer is None:
                continue
            elif answer.not_shared:
                # Another program has taken the place of the one that told what it sees.
                self._unshare(message)
            elif answer.error.reason == OperationNotInstalled.reason:
                # It had the operation when it was last asked: another program has taken its place.
                await self.pools.ask_again()
                if await pool.stub(rare) is stub:
                    return answer, again
            elif answer.error.reason == DecoderCrash.reason and not crashed:
                crashed = True  # it may be that one instance
            else:
                return answer, again
        raise Internal

    def _unshare(self, message: pb.StageRequest) -> None:
        """Write into a message what it names in shared memory."""
        if message.WhichOneof("input") == "shared":
            message.encoded = self.slots.read(message.shared.name, message.shared.bytes)
        elif message.frame.shared.name:
            message.frame.pixels = self.slots.read(message.frame.shared.name, message.frame.shared.bytes)
            message.frame.ClearField("shared")
        else:
            raise Internal

    async def _answer(
        self,
        pool: Pool,
        stub: rpc.StageServiceAsyncStub,
        rare: frozenset[str],
        message: pb.StageRequest,
        calling: Calling,
    ) -> pb.StageResponse | CallLost | None:
        """Return the answer to a call, or how it was lost; None where there are other instances now to be tried."""
        try:
            return await self._try(pool.name, stub, message, calling)
        except CallLost as loss:
            return loss
        except (NoHealthyInstance, Draining):
            if not await pool.replaced(stub, rare, OTHERS_S):
                raise
            return None

    @asynccontextmanager
    async def _in_turn(self, lost: Sequence[CallLost], deadline: Deadline) -> AsyncIterator[None]:
        """Have those that lost an instance try again one after another.

        Whatever ran on that instance was lost with it. If they met again on the next one, it could not be told any more
        which of them is to blame.
        """
        if not lost:
            yield
            return
        try:
            async with asyncio.timeout(deadline.remaining_s):
                await self._alone.acquire()
        except TimeoutError:
            raise DeadlineExceeded("the deadline passed before it could be tried again") from None
        try:
            yield
        finally:
            self._alone.release()

    async def _verdict(self, pool: Pool, lost: Sequence[CallLost]) -> PixelmillError:
        """Return what to tell of a picture whose calls were lost.

        It is to blame where the instances have died, and nobody else has who was not at work: that would be an outage.
        """
        if not all(await asyncio.gather(*(self.pools.has_died(pool, loss.instance) for loss in lost))):
            return lost[-1]
        await asyncio.sleep(OUTAGE_S)
        if await self.pools.have_others_died(self._lost):
            return lost[-1]
        return WorkersLost(f"expected instances of the {pool.name} pool to live, got the end of {len(lost)}")

    async def _try(
        self, pool: str, stub: rpc.StageServiceAsyncStub, message: pb.StageRequest, calling: Calling
    ) -> pb.StageResponse:
        """Send a hop to an instance of a channel, and wait for the answer until the deadline.

        The call itself has a little longer: an instance that has run out of time says so, which is no failure. If the call
        were given up at the same moment, gRPC would count it as one, and impatient clients make good instances look bad.
        """
        deadline = calling.deadline
        remaining = deadline.remaining_s
        metadata = ((REQUEST_ID, calling.request), (TIME_LEFT, f"{max(remaining, 0):.3f}"), *tracing.headers())
        call: Call = stub.RunStage(message, timeout=remaining + LATE_S, metadata=metadata)
        try:
            in_time = await _is_done(call, remaining)
        except asyncio.CancelledError:
            if deadline.remaining_s > AT_ONCE_S:
                call.cancel()
            else:
                self._leave(call)
            raise
        if not in_time:
            self._leave(call)
            raise DeadlineExceeded(f"the deadline passed before the {pool} pool answered")
        try:
            return await call
        except asyncio.CancelledError:
            # Nobody gave up: the call outlived the list of instances that it was made on.
            raise NoHealthyInstance(f"the connection to the {pool} pool was closed") from None
        except grpc.RpcError as error:
            raise await _fault(pool, call, error) from None

    def _leave(self, call: Call) -> None:
        """Let a call that nobody waits for any more come to its end, which is soon."""
        self._left.add(call)
        call.add_done_callback(self._left.discard)


async def _is_done(call: Call, within_s: float) -> bool:
    """Wait for a call's end, and tell whether it came in time; the call goes on where it did not."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def wake(_: object = None) -> None:
        if not over.done():
            over.set_result(None)

    call.add_done_callback(wake)
    timer = loop.call_later(within_s, wake)
    try:
        await over
    finally:
        timer.cancel()
    return call.done()


async def _fault(pool: str, call: Call, error: grpc.RpcError) -> PixelmillError:
    """Return our error for a call that failed."""
    fault = error_from_call(error)
    if isinstance(fault, Cancelled):
        # Nobody here gave up: that is how the last calls of an instance end that stops.
        return NoHealthyInstance(f"an instance of the {pool} pool stopped")
    if not isinstance(fault, NoHealthyInstance):
        return fault
    if not has_details(error):
        begun = next((str(value) for key, value in await call.initial_metadata() if key == BEGUN), "")
        if begun:
            return CallLost(f"the connection to an instance of the {pool} pool was lost", begun)
    return NoHealthyInstance(f"no instance of the {pool} pool answers: {fault}")
