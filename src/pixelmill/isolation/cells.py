"""Cells kept ready, and one job done in one of them."""

from __future__ import annotations

import logging
import queue
import select
import signal
import struct
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from pixelmill.codecs import Header, Output, Reading
from pixelmill.current import request_id
from pixelmill.engine import HopResult
from pixelmill.errors import (
    Cancelled,
    DeadlineExceeded,
    DecoderCrash,
    Internal,
    OutOfMemory,
    PixelmillError,
    Unavailable,
    expected,
)
from pixelmill.isolation.exchange import HeaderJob, HopJob, Job, job_pieces, result_of
from pixelmill.isolation.nursery import START_S, Cell, Nursery, Upbringing
from pixelmill.limits import DEFAULT_LIMITS, MIB, NO_DEADLINE, Deadline, Limits
from pixelmill.operations import Operation
from pixelmill.picture import Picture
from pixelmill.pipeline import Rendition

POLL_S = 0.02
GRACE_S = 0.04
"""How long a cell may go on that should have stopped: it looks between two operations."""
SPARE = 1
MAX_HOPS = 10_000
MAX_GROWTH = 512 * MIB
"""A cell that has grown by so many bytes since its first hop is replaced."""
FIRST_DELAY_S, LONGEST_DELAY_S = 0.1, 5.0
log = logging.getLogger("pixelmill.isolation")


class Cells:
    """Runs hops as `engine.run_hop` does, each in a process of its own, `count` at a time.

    A cell is kept for the next hop, unless it crashed, was killed, or has grown. One more than needed is kept ready, so
    that a hop need not wait for the replacement.
    """

    def __init__(self, count: int, upbringing: Upbringing) -> None:
        self.count = count
        self._upbringing = upbringing
        self._idle: queue.LifoQueue[_Member] = queue.LifoQueue()
        self._wanted: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._settled = threading.Event()
        self._problem: BaseException | None = None
        self._closed = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="cells", daemon=True)

    def start(self) -> Self:
        """Start the processes, and return when `count` are ready. Raises `Unavailable` where they cannot be started."""
        for _ in range(self.count + SPARE):
            self._wanted.put(True)
        self._keeper.start()
        self._settled.wait()
        if self._problem:
            raise Unavailable(f"expected processes to run hops in, got: {self._problem}") from self._problem
        return self

    def run(
        self,
        source: Picture | bytes,
        operations: Sequence[Operation],
        ends: Sequence[Rendition] | Output | None = None,
        *,
        reading: Reading | None = None,
        limits: Limits = DEFAULT_LIMITS,
        deadline: Deadline = NO_DEADLINE,
    ) -> HopResult:
        """Run one hop, as `engine.run_hop` does.

        Raises:
            PixelmillError: what is wrong with the picture; `DecoderCrash`, where it ended the process; `OutOfMemory`.
        """
        job = HopJob(limits, deadline.at, request_id(), source, operations, ends, reading)
        made = self._do(job, deadline)
        if not isinstance(made, HopResult):
            raise Internal
        return made

    def probe(
        self,
        data: bytes,
        limits: Limits = DEFAULT_LIMITS,
        *,
        first_frame: bool = False,
        deadline: Deadline = NO_DEADLINE,
    ) -> Header:
        """Read a header, as `codecs.probe` does. Raises the same as `run`."""
        made = self._do(HeaderJob(limits, deadline.at, request_id(), data, first_frame), deadline)
        if not isinstance(made, Header):
            raise Internal
        return made

    def close(self) -> None:
        """End all processes."""
        self._closed.set()
        self._wanted.put(False)
        self._keeper.join()
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().cell.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _do(self, job: Job, deadline: Deadline) -> HopResult | Header:
        pieces = job_pieces(job)
        made: HopResult | Header | PixelmillError | None = None
        while made is None:
            member = self._take(deadline)
            try:
                made = member.run(pieces, deadline)
            except _NotBegun:
                self._replace(member)
            except BaseException:
                self._replace(member)
                raise
        if member.worn_out:
            self._replace(member)
        else:
            self._idle.put(member)
        if isinstance(made, PixelmillError):
            raise made
        return made

    def _take(self, deadline: Deadline) -> _Member:
        while True:
            deadline.check("a process was free for it")
            with suppress(queue.Empty):
                member = self._idle.get(timeout=POLL_S)
                if not member.is_gone():
                    return member
                self._replace(member)

    def _replace(self, member: _Member) -> None:
        member.cell.close()
        self._wanted.put(True)

    def _keep(self) -> None:
        """Make the cells that are wanted, until told to stop.

        One thread does so all the time: what it starts would end with it.
        """
        nursery: Nursery | None = None
        delay = 0.0
        ready = 0
        while self._wanted.get() and not self._closed.is_set():
            try:
                nursery = nursery or Nursery(self._upbringing)
                self._idle.put(_Member(_ready(nursery.fork())))
            except (OSError, Unavailable, TimeoutError) as error:
                if nursery:
                    nursery.close()
                nursery = None
                if not self._settled.is_set():
                    self._problem = error
                    self._settled.set()
                    break
                delay = min(max(FIRST_DELAY_S, 2 * delay), LONGEST_DELAY_S)
                log.error("a cell could not be started, it is tried again in %.1f s: %s", delay, error)
                self._closed.wait(delay)
                self._wanted.put(True)
            else:
                delay = 0.0
                ready += 1
                if ready >= self.count:
                    self._settled.set()
        if nursery:
            nursery.close()


class _NotBegun(Exception):
    """A cell ended before it began to work on its job, which is not to blame."""


class _Member:
    """A cell, and what it has been through."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.hops = 0
        self.first = 0
        self.resident = 0
        self._poll = select.poll()
        self._poll.register(cell.channel, select.POLLIN)

    @property
    def worn_out(self) -> bool:
        """Whether another one had better take its place."""
        return self.hops >= MAX_HOPS or self.resident > self.first + MAX_GROWTH

    def is_gone(self) -> bool:
        """Whether it ended while it had nothing to do."""
        return bool(self._poll.poll(0))

    def run(self, job: Sequence[bytes | bytearray | memoryview], deadline: Deadline) -> HopResult | Header | PixelmillError:
        """Run a job, and return its result or error; what is raised here means that the cell is of no use any more."""
        self.cell.jobs.put(job)
        with suppress(BrokenPipeError, ConnectionResetError):
            self.cell.channel.send(b"J")
        self._wait(deadline)
        try:
            if not self.cell.channel.recv(1):
                raise self._ended()
            made, self.resident = result_of(self.cell.results.pieces())
        except ConnectionResetError:
            raise self._ended() from None
        except (ValueError, TypeError, LookupError, struct.error) as error:
            raise DecoderCrash(
                expected("a result", "the process that worked on the picture", type(error).__name__)
            ) from error
        self.cell.jobs.trim()
        self.cell.results.trim()
        self.first = self.first or self.resident
        self.hops += 1
        return made

    def _wait(self, deadline: Deadline) -> None:
        """Wait for the result. Where nobody waits for it any more, have the cell stop; kill it if it does not."""
        stop_at: float | None = None
        while not self._poll.poll(1000 * min(POLL_S, max(deadline.remaining_s, 0.001))):
            if stop_at is None:
                if deadline.cancelled() or deadline.remaining_s <= 0:
                    self.cell.jobs.worthless = deadline.cancelled()
                    stop_at = time.monotonic() + GRACE_S
            elif time.monotonic() >= stop_at:
                self.cell.kill()
                if deadline.cancelled():
                    raise Cancelled("the caller gave up while the picture was worked on")
                raise DeadlineExceeded("the deadline passed while the picture was worked on")

    def _ended(self) -> PixelmillError:
        """Return the error that an end tells which nobody here has brought about. Raises `_NotBegun`."""
        if not self.cell.jobs.begun:
            raise _NotBegun
        code = self.cell.exit_code()
        if code == -signal.SIGKILL:
            return OutOfMemory(
                "expected a picture and operations that fit into memory, got more: the system ended the process"
            )
        if code == -signal.SIGXCPU:
            return DeadlineExceeded("the processor time that the deadline allows was used up")
        name = "an unknown end" if code is None else f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        return DecoderCrash(f"expected the process that works on the picture to live, got its end with {name}")


def _ready(cell: Cell) -> Cell:
    """Wait until a cell is ready. Raises `Unavailable`, with the cell closed, where it never is."""
    cell.channel.settimeout(START_S)
    try:
        if cell.channel.recv(1):
            cell.channel.settimeout(None)
            return cell
        raise Unavailable(f"expected a cell to start, got its end with exit code {cell.exit_code()}")
    except BaseException:
        cell.close()
        raise
