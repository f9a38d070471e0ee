"""One request on its way from hop to hop, and the slots in shared memory that its pixels lie in between them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import image_processing_pb2 as pb
from pixelmill.errors import Internal, in_rendition
from pixelmill.fleet import wire
from pixelmill.fleet.slots import Lease
from pixelmill.limits import Deadline
from pixelmill.pipeline import Pipeline, Rendition
from pixelmill.plan import Branch, Hop, Placement, Plan
from pixelmill.result import HopReport, Rendered

if TYPE_CHECKING:
    from pixelmill.fleet.dispatch import Dispatcher

MAX_CHANNELS = 4
"""Of frames: not every operation tells beforehand that it adds transparency."""


@dataclass(frozen=True)
class Request:
    """One picture to be processed."""

    id: str
    source: bytes
    pipeline: Pipeline
    placement: Placement
    deadline: Deadline
    spelling: str | bytes = ""
    """What tells its pipeline from others; empty where that is not worth while."""


@dataclass(frozen=True)
class Progress:
    """How far a request is: its plan, the hops that are done, and how long it waited for its turn, in seconds."""

    plan: Plan
    done: tuple[HopReport, ...]
    queue_s: float


class Journey:
    """One request on its way: through the hops that all its pictures need, then each rendition through its own.

    Args:
        came: when the request came, in seconds of `time.perf_counter`.
        queue_s: how long it waited for its turn, in seconds.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        request: Request,
        plan: Plan,
        report: Callable[[Progress], None],
        lease: Lease,
        came: float,
        queue_s: float,
    ) -> None:
        self.dispatcher = dispatcher
        self.lease = lease
        self.came = came
        self.queue_s = queue_s
        self.request = request
        self.plan = plan
        self.report = report
        self.done: tuple[HopReport, ...] = ()

    async def outputs(self) -> tuple[Rendered, ...]:
        """Go the whole way; branches at the same time."""
        self.report(Progress(self.plan, self.done, self.queue_s))
        onward = [branch.hops[0] for branch in self.plan.branches]
        source = await self._source()
        slot = source.shared.name
        answer = await self._follow(self.plan.hops, source, onward)
        self.lease.give_back(slot)
        if not self.plan.branches:
            return self._made(answer, self.plan.ends)
        tasks = [asyncio.ensure_future(self._branch(branch, end, answer)) for branch, end in self._branches()]
        try:
            made = tuple(await asyncio.gather(*tasks))
        finally:
            # Where one fails, nobody wants the others: they are over before the request's place is free for another.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.lease.give_back(answer.frame.shared.name)
        return made

    async def _source(self) -> pb.StageRequest:
        """Return a message with the picture; a large one goes to a slot."""
        source = self.request.source
        if len(source) >= wire.SHARED_FROM and self.dispatcher.can_share(self.plan.hops[:1]):
            slot = await self.lease.take(len(source))
            if slot and self.dispatcher.slots.write(slot, source):
                return pb.StageRequest(shared=pb.Shared(name=slot, bytes=len(source)))
        return pb.StageRequest(encoded=source)

    def in_order(self) -> tuple[HopReport, ...]:
        """Return what was done in the order of the plan: branches end in any order."""
        order = {branch.name: number for number, branch in enumerate(self.plan.branches)}
        return tuple(sorted(self.done, key=lambda report: order.get(report.rendition, -1)))

    def _branches(self) -> Iterable[tuple[Branch, Rendition]]:
        return zip(self.plan.branches, self.plan.ends, strict=True)

    async def _branch(self, branch: Branch, end: Rendition, trunk: pb.StageResponse) -> Rendered:
        with in_rendition(branch.name):
            answer = await self._follow(branch.hops, pb.StageRequest(frame=trunk.frame), rendition=branch.name)
        (made,) = self._made(answer, [end])
        return made

    def _made(self, answer: pb.StageResponse, ends: Sequence[Rendition]) -> tuple[Rendered, ...]:
        slot = answer.shared.name
        if not slot:
            return wire.stage_outputs(answer, ends)
        data = self.dispatcher.slots.read(slot, answer.shared.bytes)
        self.lease.give_back(slot)
        return (wire.rendered_as(ends[0].name, data, answer),)

    async def _follow(
        self, hops: Sequence[Hop], message: pb.StageRequest, onward: Sequence[Hop] = (), rendition: str = ""
    ) -> pb.StageResponse:
        answer = pb.StageResponse()
        for number, hop in enumerate(hops):
            if number:
                message = pb.StageRequest(frame=answer.frame)
            read = answer.frame.shared.name
            answer = await self._step(hop, message, hops[number + 1 : number + 2] or onward, rendition)
            self.lease.give_back(read)
        return answer

    async def _step(self, hop: Hop, message: pb.StageRequest, onward: Sequence[Hop], rendition: str) -> pb.StageResponse:
        """Run one hop; what it makes goes to a slot where all who may run the ones that follow can open it."""
        slot = ""
        room = _room(hop)
        if room and self.dispatcher.can_share((hop, *onward)):
            slot = await self.lease.take(room)
        message.request_id, message.answer_in = self.request.id, slot
        started_s = time.perf_counter() - self.came
        answer, report = await self.dispatcher.hop(hop, message, self.request, rendition, started_s)
        used = answer.frame.shared.name or answer.shared.name
        if used not in ("", slot):
            raise Internal
        if slot and not used:
            # Whoever was asked first, and did not answer, may still write there.
            (self.lease.give_back if report.attempts == 1 else self.lease.give_up)(slot)
        self.done += (report,)
        self.report(Progress(self.plan, self.done, self.queue_s))
        return answer


def _room(hop: Hop) -> int:
    """Return how many bytes of shared memory a hop's answer may need; 0 where it had better come as a message."""
    kind = wire.answer_kind(hop)
    if kind == "frame":
        return hop.pixels * MAX_CHANNELS
    # Most files have less than a byte for each pixel; for those that have more, a message will do.
    return hop.pixels if kind == "encoded" and hop.pixels >= wire.SHARED_FROM else 0
