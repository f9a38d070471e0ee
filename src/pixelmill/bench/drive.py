"""Sends requests and takes the time of each.

A closed loop: each of so many senders begins its next request when the one before has been answered. Where the fleet slows
down, less is sent: the latencies are of that load, and say nothing of a load that does not wait. An open loop, with a rate,
begins each request at a time that is set beforehand, and counts its latency from there, also where it had to wait for a
free sender.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from pixelmill.bench.workload import Workload
from pixelmill.errors import Cancelled, Internal, PixelmillError
from pixelmill.limits import Deadline
from pixelmill.result import Trace

TRACES = 500
"""Traces that are kept, a fair choice of all."""
LOOK_S = 0.1
GRACE_S = 3.0
"""What running requests get to end after Ctrl-C, seconds."""
LATE_S = 0.001
Send = Callable[[bytes, Deadline], Trace]
"""Sends one picture, and returns how it went once its result is here. Raises a `PixelmillError`."""


@dataclass
class Tally:
    """What came back in one round.

    Attributes:
        seconds: from the first request's start to the last one's end.
        latencies_s: of completed requests, in the order of their ends.
        errors: failed requests by reason.
        hops: calls that completed requests tell of, by pool and instance.
        retries: calls that were made again elsewhere.
        late: requests of an open loop that waited for a free sender.
        kept: latencies and traces of some of the completed requests.
    """

    seconds: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    hops: Counter[tuple[str, str]] = field(default_factory=Counter)
    retries: int = 0
    late: int = 0
    kept: list[tuple[float, Trace]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return sum(self.errors.values())

    @property
    def done(self) -> int:
        """How many requests came to an end."""
        return len(self.latencies_s) + self.failed

    def complete(self, latency_s: float, trace: Trace) -> None:
        """Take note of a request that was answered."""
        self.latencies_s.append(latency_s)
        for hop in trace.hops:
            self.hops[hop.pool, hop.instance] += 1
            self.retries += hop.attempts - 1
        if len(self.kept) < TRACES:
            self.kept.append((latency_s, trace))
        elif (place := random.randrange(len(self.latencies_s))) < TRACES:
            self.kept[place] = latency_s, trace


class Drive:
    """One round of a workload.

    Args:
        send: sends one picture.
        workload: what to send.
        tally: takes note of what comes back.
    """

    def __init__(self, send: Send, workload: Workload, tally: Tally) -> None:
        self.tally = tally
        self._send = send
        self._workload = workload
        self._lock = threading.Lock()
        self._begun = 0
        self._stop = threading.Event()
        self._abandoned = False
        self._start = 0.0

    def run(self, tell: Callable[[Tally], None]) -> None:
        """Send all of it; `tell` is called again and again meanwhile.

        Raises:
            KeyboardInterrupt: Ctrl-C; what had come back until then is in the tally.
        """
        self._start = time.perf_counter()
        with _threads(self._workload.concurrency) as threads:
            senders: list[Future[None]] = []
            try:
                # Where the machine is busy it takes a while until all have begun, and Ctrl-C may come meanwhile.
                senders.extend(threads.submit(self._keep_sending) for _ in range(self._workload.concurrency))
                self._wait(senders, tell)
            except BaseException:
                self._stop.set()
                wait(senders, GRACE_S)
                raise
            finally:
                with self._lock:
                    self._abandoned = True
                    self.tally.seconds = self.tally.seconds or time.perf_counter() - self._start
        for sender in senders:
            sender.result()

    def _wait(self, senders: list[Future[None]], tell: Callable[[Tally], None]) -> None:
        running = set(senders)
        while running:
            _, running = wait(running, LOOK_S)
            with self._lock:
                tell(self.tally)
        self.tally.seconds = time.perf_counter() - self._start

    def _keep_sending(self) -> None:
        pictures = self._workload.pictures
        while (turn := self._next()) is not None:
            number, begin = turn
            deadline = Deadline.after(self._workload.timeout_s, self._stop.is_set)
            trace, reason = self._once(pictures[number % len(pictures)].data, deadline)
            took_s = time.perf_counter() - begin
            with self._lock:
                if self._abandoned or (self._stop.is_set() and reason == Cancelled.reason):
                    return
                if trace is None:
                    self.tally.errors[reason] += 1
                else:
                    self.tally.complete(took_s, trace)

    def _once(self, data: bytes, deadline: Deadline) -> tuple[Trace | None, str]:
        try:
            return self._send(data, deadline), ""
        except PixelmillError as error:
            return None, error.reason
        except Exception:  # whatever a request ends in, the others go on
            return None, Internal.reason

    def _next(self) -> tuple[int, float] | None:
        """Return the next request's number, and when it begins or was to begin; None where there are no more."""
        workload = self._workload
        with self._lock:
            now = time.perf_counter()
            meant = self._start + self._begun / workload.rate_per_s if workload.rate_per_s else now
            over = workload.duration_s is not None and meant - self._start >= workload.duration_s
            if self._stop.is_set() or over or (workload.requests is not None and self._begun >= workload.requests):
                return None
            number = self._begun
            self._begun += 1
            if workload.rate_per_s and now > meant + LATE_S:
                self.tally.late += 1
        if self._stop.wait(max(0.0, meant - now)):
            return None
        return number, meant


@contextmanager
def _threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Open a pool; leaving it does not wait for a sender that is stuck: closing the connection ends it."""
    pool = ThreadPoolExecutor(count, thread_name_prefix="pixelmill-bench")
    try:
        yield pool
    finally:
        pool.shutdown(wait=False)
