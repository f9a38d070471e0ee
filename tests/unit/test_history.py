"""What is remembered of requests, second by second and one by one."""

from __future__ import annotations

import mmap

import pytest

from pixelmill.errors import Cancelled, CorruptImage, Overloaded
from pixelmill.fleet.history import History, Record
from pixelmill.fleet.timeline import MOST, Timeline
from pixelmill.fleet.usage import MINUTE_S, Durations, quantile, usage
from pixelmill.result import ImageInfo, Rendered, Result, Trace


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def record(id: str = "a", size: int = 10) -> Record:
    return Record(id, size, "auto", "http")


def completed(id: str = "a", total_s: float = 0.5, size: int = 10) -> Record:
    made = record(id, size)
    outputs = tuple(Rendered(name, b"x", ImageInfo("png", 2, 3, 4)) for name in ("small", "large"))
    made.complete(Result(outputs, Trace(id, total_s=total_s)))
    return made


def test_a_record_from_beginning_to_end() -> None:
    one = record()
    assert (one.status, one.is_done, one.progress_percent, one.stage) == ("queued", False, 0, "")
    one = completed()
    assert (one.status, one.is_done, one.progress_percent, one.problem) == ("completed", True, 100, "")
    assert (one.processed_bytes, [name for name, _ in one.outputs]) == (8, ["small", "large"])
    failed = record()
    failed.fail(CorruptImage("expected a whole picture, got half of it"), 0.2)
    assert (failed.status, failed.is_done, failed.total_s) == ("failed", True, 0.2)
    assert failed.problem == "CORRUPT_IMAGE: expected a whole picture, got half of it"


def test_the_oldest_that_are_done_are_forgotten() -> None:
    history = History(kept=3)
    running = record("running")
    history.add(running)
    for name in "bcd":
        history.add(completed(name))
    # Whoever asks for one that runs is to get it, however long it takes.
    assert history.get("running") is running
    assert [one.id for one in history.recent(2)] == ["d", "c"]
    running.fail(Cancelled(""), 1.0)
    history.add(completed("e"))
    assert [one.id for one in history.recent(10)] == ["e", "d", "c"]
    assert history.get("running") is None


def test_an_id_that_comes_again_is_the_later_one() -> None:
    history = History()
    history.add(completed("a"))
    history.add(completed("b"))
    later = record("a")
    history.add(later)
    assert [one.id for one in history.recent(10)] == ["a", "b"]
    assert history.get("a") is later


def test_the_timeline_counts_by_the_end() -> None:
    clock = Clock(1000.5)
    timeline = Timeline(clock=clock)
    timeline.add(record())  # it runs
    timeline.add(completed(total_s=0.1))
    timeline.add(completed(total_s=0.3))
    for error in (Overloaded("full"), Cancelled("gone"), CorruptImage("bad")):
        failed = record()
        failed.fail(error, 0.0)
        timeline.add(failed)
    assert timeline.seconds() == ()  # the second is not over
    clock.now = 1003.2
    first, second, third = timeline.seconds()
    assert (first.at, first.completed, first.rejected, first.cancelled, first.failed) == (1000, 2, 1, 1, 1)
    assert (first.bytes_in, first.bytes_out) == (20, 16)
    assert first.quantiles(0.5, 0.99) == (0.1, 0.3)
    assert (second.at, second.completed, third.at, *third.quantiles(0.5)) == (1001, 0, 1002, 0.0)


def test_the_timeline_is_bounded() -> None:
    clock = Clock(0.0)
    timeline = Timeline(kept_s=5, clock=clock)
    for clock.now in range(20):
        timeline.add(completed())
    assert [second.at for second in timeline.seconds()] == [15, 16, 17, 18]
    clock.now = 1_000_000  # a machine that has slept
    assert [second.at for second in timeline.seconds()] == [999_996, 999_997, 999_998, 999_999]
    clock.now = 999_999  # a clock that was set back: nothing is lost, and time does not go back
    timeline.add(completed())
    clock.now = 1_000_001
    assert [second.completed for second in timeline.seconds()] == [0, 0, 0, 1]


def test_many_durations_of_one_second() -> None:
    clock = Clock(0.0)
    timeline = Timeline(clock=clock)
    for _ in range(MOST + 100):
        timeline.add(completed())
    clock.now = 1.0
    (second,) = timeline.seconds()
    assert (second.completed, len(second.took_s)) == (MOST + 100, MOST)


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [
        ([], 0.5, 0.0),
        ([3.0], 0.5, 3.0),
        ([1.0, 2.0], 0.5, 1.0),
        ([1.0, 2.0, 3.0], 0.5, 2.0),
        ([*map(float, range(100))], 0.99, 98.0),
    ],
)
def test_a_quantile_is_one_of_the_values(values: list[float], share: float, wanted: float) -> None:
    assert quantile(values, share) == wanted


def test_durations_of_the_last_minute() -> None:
    clock = Clock(0.0)
    durations = Durations(clock)
    assert durations.quantiles(0.5, 0.99) == (0.0, 0.0)
    durations.add(9.0)
    clock.now = MINUTE_S - 1
    durations.add(1.0)
    assert durations.quantiles(0.5, 1.0) == (1.0, 9.0)
    clock.now = MINUTE_S + 1
    assert durations.quantiles(0.5, 1.0) == (1.0, 1.0)


def test_own_usage_grows_with_work() -> None:
    before = usage(with_children=False)
    # Memory of its own: what this process had, and uses again, is no more than before.
    with mmap.mmap(-1, 40_000_000) as held:
        held.write(bytes(len(held)))
        while usage(with_children=False).cpu_s < before.cpu_s + 0.05:
            sum(held[:1000])
        assert usage(with_children=False).rss_bytes > before.rss_bytes + 30_000_000
