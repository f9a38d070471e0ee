"""The load: a process of its own that sends mixed requests from several clients until it is told to stop.

It is the project's own client that sends them, so what that does to find an orchestrator is put to the test as well.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self, TextIO

from pixelmill import Deadline, PixelmillError
from pixelmill.errors import handling
from pixelmill.fleet.client import FleetExecutor
from tests.faults.mix import MIX, Work, digest
from tests.faults.record import Begun, Ended, Event, History, Hop, from_line, to_line
from tests.fleet.processes import PATIENCE_S, wait_for

CLIENTS = 4
TIMEOUT_S = 30.0
CODE = "from tests.faults.load import main; main()"


class Load:
    """The running load, and its history so far. Leaving the context stops it, once its last requests have their outcomes.

    Args:
        target: the orchestrators' `host:port`, or several separated by commas.
        folder: where the history is written.
        inside: what to put before the command, so that it runs inside a network namespace, say.
    """

    def __init__(self, target: str, folder: Path, *, clients: int = CLIENTS, inside: Sequence[str] = ()) -> None:
        self.history = History()
        self._path = folder / f"history-{time.monotonic_ns()}"
        self._path.touch()
        self._command = [*inside, sys.executable, "-c", CODE, target, str(clients), str(self._path)]
        self._rest = ""

    def __enter__(self) -> Self:
        self._file = self._path.open(encoding="utf-8")
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, env=os.environ | {"GRPC_VERBOSITY": "ERROR"})
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        try:
            self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._process.wait()
            self.read()
            self._file.close()

    def read(self) -> History:
        """Take note of what has happened since, and return the history."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for line in lines:
            self.history.add(from_line(line))
        return self.history

    def since(self, start: float) -> History:
        """Return the calls that began since a moment, as far as they have ended."""
        self.read()
        return self.history.between(start).where(lambda call: bool(call.ends))

    def more(self, count: int = 80) -> History:
        """Wait until so many requests that begin from now on have ended, and return them."""
        assert self._process.poll() is None, "the load has ended"
        start = time.monotonic()
        wait_for(lambda: len(self.since(start)) >= count, f"{count} requests")
        return self.since(start)

    def until(self, holds: Callable[[History], bool], what: str, count: int = 40) -> History:
        """Wait until something holds of the `count` requests that came last, and return all since it was called."""
        start = time.monotonic()
        while not holds(latest := self.more(count)):
            if time.monotonic() > start + PATIENCE_S:
                raise AssertionError(f"waited {PATIENCE_S:.0f} s in vain for {what}, the last was {latest.calls[-1]}")
        return self.since(start)


class _Recorder:
    """Writes events as they happen; several threads share it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._file.write(to_line(event))
            self._file.flush()


def _client(
    executors: dict[str, FleetExecutor], number: int, record: Callable[[Event], None], stopped: threading.Event
) -> None:
    turn = itertools.cycle(MIX[number % len(MIX) :] + MIX[: number % len(MIX)])
    for count, work in enumerate(turn):
        if stopped.is_set():
            return
        id = f"{number}-{count}"
        record(Begun(id, work.name, time.monotonic()))
        record(_outcome(id, executors[work.placement], work))


def _outcome(id: str, executor: FleetExecutor, work: Work) -> Ended:
    try:
        result = executor.run(work.picture, work.pipeline, deadline=Deadline.after(TIMEOUT_S))
    except PixelmillError as error:
        return Ended(id, time.monotonic(), handling(error).grpc, error.reason, str(error))
    hops = tuple(Hop(hop.pool, hop.instance, hop.attempts) for hop in result.trace.hops)
    return Ended(id, time.monotonic(), "OK", digest=digest(result.outputs), hops=hops)


def main() -> None:
    """Run the load of the command line, TARGET CLIENTS FILE, until standard input ends."""
    target, clients, path = sys.argv[1:]
    executors = {work.placement: FleetExecutor(target, placement=work.placement) for work in MIX}
    stopped = threading.Event()
    with Path(path).open("a", encoding="utf-8") as file:
        record = _Recorder(file)
        threads = [threading.Thread(target=_client, args=(executors, n, record, stopped)) for n in range(int(clients))]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        stopped.set()
        for thread in threads:
            thread.join()
    for executor in executors.values():
        executor.close()
