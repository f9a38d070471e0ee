"""The load itself: every request is sent once and counted once, at the concurrency and the rate that were asked for."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

import pixelmill
from pixelmill.bench.drive import TRACES, Drive, Send, Tally
from pixelmill.bench.workload import Workload, read_pictures
from pixelmill.errors import Overloaded, PixelmillError
from pixelmill.limits import Deadline
from pixelmill.pipeline import Pipeline
from pixelmill.result import HopReport, Trace
from tests.bench.conftest import PIPELINE
from tests.fleet.processes import wait_for


def workload(picture: Path, **changes: object) -> Workload:
    values = {"pictures": read_pictures([picture]), "pipeline": Pipeline.parse(PIPELINE), "concurrency": 3, "requests": 20}
    return Workload(**{"duration_s": None, **values, **changes})  # type: ignore[arg-type]


def drive(send: Send, what: Workload) -> Tally:
    tally = Tally()
    Drive(send, what, tally).run(lambda _: None)
    return tally


def engine(data: bytes, deadline: Deadline) -> Trace:
    return pixelmill.run(data, PIPELINE, deadline=deadline).trace


def test_every_request_is_sent_and_counted_once(picture: Path) -> None:
    sent: list[bytes] = []

    def send(data: bytes, deadline: Deadline) -> Trace:
        sent.append(data)
        return engine(data, deadline)

    tally = drive(send, workload(picture))
    assert len(sent) == len(tally.latencies_s) == tally.done == 20
    assert tally.hops == Counter({("worker", "local"): 20})
    assert len(tally.kept) == 20
    assert 0 < min(tally.latencies_s) <= max(tally.latencies_s) <= tally.seconds


def test_so_many_at_a_time_and_no_more(picture: Path) -> None:
    met = threading.Barrier(3)
    running, most = 0, 0
    lock = threading.Lock()

    def send(data: bytes, deadline: Deadline) -> Trace:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        met.wait(60)  # three have to be there at the same time
        with lock:
            running -= 1
        return Trace("id")

    drive(send, workload(picture, requests=9))
    assert most == 3


def test_failures_are_counted_by_reason_and_stop_nothing(picture: Path) -> None:
    turns = iter(range(20))

    def send(data: bytes, deadline: Deadline) -> Trace:
        turn = next(turns)
        if turn % 4 == 0:
            raise Overloaded("full")
        if turn % 4 == 1:
            raise RuntimeError("a bug")
        return Trace("id", (HopReport("filter-1:1", "filter", ("blur",), attempts=2),))

    tally = drive(send, workload(picture, concurrency=1))
    assert tally.errors == {"OVERLOADED": 5, "INTERNAL": 5}
    assert (len(tally.latencies_s), tally.failed, tally.retries) == (10, 10, 10)


def test_pictures_take_turns(picture: Path, tmp_path: Path) -> None:
    other = tmp_path / "a.png"
    other.write_bytes(pixelmill.run(picture.read_bytes(), "sepia | png").data)
    sent: Counter[bytes] = Counter()

    def send(data: bytes, deadline: Deadline) -> Trace:
        sent[data] += 1
        return Trace("id")

    drive(send, workload(picture, pictures=read_pictures([picture, tmp_path]), requests=10))
    assert sent == {picture.read_bytes(): 5, other.read_bytes(): 5}


def test_a_duration_ends_the_round(picture: Path) -> None:
    tally = drive(engine, workload(picture, requests=None, duration_s=0.2))
    assert tally.done
    assert tally.seconds >= 0.2


def test_an_open_loop_counts_from_when_a_request_was_due(picture: Path) -> None:
    """One sender that is held: the requests that were due meanwhile have waited, and their latencies say so."""
    taken = []
    first = threading.Event()

    def send(data: bytes, deadline: Deadline) -> Trace:
        taken.append(1)
        if len(taken) == 1:
            first.wait(0.3)
        return Trace("id")

    tally = drive(send, workload(picture, concurrency=1, requests=10, rate_per_s=100.0))
    # Those due after 10, 20, … 90 ms were all begun after 300 ms: each has waited 10 ms less than the one before.
    waits = tally.latencies_s
    assert waits == sorted(waits, reverse=True)
    assert waits[0] >= 0.3
    assert waits[-1] >= 0.2
    assert tally.late >= 9  # the first one, too, where the machine was busy


def test_an_open_loop_keeps_its_rate(picture: Path) -> None:
    tally = drive(engine, workload(picture, requests=30, rate_per_s=100.0))
    assert tally.seconds >= 29 / 100


def test_no_more_traces_are_kept_than_enough(picture: Path) -> None:
    tally = drive(lambda *_: Trace("id"), workload(picture, requests=TRACES + 100))
    assert len(tally.latencies_s) == TRACES + 100
    assert len(tally.kept) == TRACES


def test_ctrl_c_leaves_what_has_come_back(picture: Path) -> None:
    """Requests that run are given up, and count neither as done nor as failed."""
    held = threading.Event()
    ended: list[str] = []
    turns = iter(range(1000))

    def send(data: bytes, deadline: Deadline) -> Trace:
        if next(turns) < 5:
            return Trace("id")
        held.set()
        try:
            wait_for(deadline.cancelled, "the request to be given up")
            deadline.check("going on")
        except PixelmillError as error:
            ended.append(error.reason)
            raise
        raise AssertionError

    tally = Tally()

    def interrupt(_: Tally) -> None:
        if held.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        Drive(send, workload(picture, requests=1000), tally).run(interrupt)
    assert (len(tally.latencies_s), tally.failed) == (5, 0)
    assert set(ended) == {"CANCELLED"}
    assert tally.seconds > 0


def test_ctrl_c_before_all_have_begun_ends_those_that_have(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submit = ThreadPoolExecutor.submit
    begun: list[Future[None]] = []

    def interrupted(pool: ThreadPoolExecutor, send: Callable[[], None]) -> Future[None]:
        if len(begun) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        begun.append(submit(pool, send))
        return begun[-1]

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Drive(engine, workload(picture, requests=None, duration_s=3600), Tally()).run(lambda _: None)
    wait_for(lambda: all(each.done() for each in begun), "those that have begun to end")
