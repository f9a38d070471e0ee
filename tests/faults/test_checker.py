"""The checker itself: it must see what goes wrong."""

from __future__ import annotations

import mmap
import os
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.checker import check_attempts, check_bytes, check_leaks, check_outcomes, check_recovery
from tests.faults.mix import MIX, expected
from tests.faults.record import Begun, Ended, Event, History, Hop, from_line, to_line
from tests.faults.resources import Usage, usage

WORKS = {"one": "digest of one", "two": "digest of two"}
MIB = 1024 * 1024


def events(count: int = 100, took_s: float = 0.1, attempts: Iterable[int] = (1, 1)) -> list[Event]:
    """Return a history in which all is well: a request a second, by turns of each kind."""
    made: list[Event] = []
    for number in range(count):
        work = list(WORKS)[number % 2]
        hops = tuple(Hop("filter", f"filter-{index}", each) for index, each in enumerate(attempts))
        made.append(Begun(str(number), work, float(number)))
        made.append(Ended(str(number), number + took_s, "OK", digest=WORKS[work], hops=hops))
    return made


def check(history: History) -> None:
    check_outcomes(history)
    check_bytes(history, WORKS)
    check_attempts(history, 1.1, 2)


def end(made: list[Event], index: int = 21) -> Ended:
    found = made[index]
    assert isinstance(found, Ended)
    return found


def lost(made: list[Event]) -> None:
    del made[21]


def doubled(made: list[Event]) -> None:
    made.append(made[21])


def failed(made: list[Event]) -> None:
    made[21] = replace(end(made), code="UNAVAILABLE", digest="", hops=())


def failed_at_last(made: list[Event]) -> None:
    made.append(replace(end(made), code="UNAVAILABLE", digest="", hops=()))


def swapped(made: list[Event]) -> None:
    made[21] = replace(end(made), digest=WORKS["two"])


def tried_often(made: list[Event]) -> None:
    made[21] = replace(end(made), hops=(Hop("filter", "filter-1", 3),))


def all_tried_twice(made: list[Event]) -> None:
    made[:] = events(attempts=(1, 2))


def begun_by_nobody(made: list[Event]) -> None:
    made.append(replace(end(made), id="another"))


def begun_again(made: list[Event]) -> None:
    made += [replace(made[20], at=500.0), replace(end(made), at=501.0)]


FAULTS: dict[Callable[[list[Event]], None], str] = {
    lost: "1 requests have no outcome",
    doubled: "1 requests have several outcomes",
    failed: "1 requests failed",
    failed_at_last: "1 requests have several outcomes",
    swapped: "1 requests have other bytes",
    tried_often: "1 requests took more than 2 attempts",
    all_tried_twice: "at most 1.1 attempts a hop, got 300 for 200 hops",
    begun_by_nobody: "1 outcomes belong to no request",
    begun_again: "1 ids were used again",
}


def test_a_history_in_which_all_is_well_is_accepted() -> None:
    check(History.of(events()))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("seed", range(3))
def test_a_fault_is_found(fault: Callable[[list[Event]], None], seed: int) -> None:
    made = events()
    fault(made)
    # Requests overlap, so their events may come in any order in which no end is before its beginning.
    random.Random(seed).shuffle(made)
    made.sort(key=lambda event: isinstance(event, Ended))
    with pytest.raises(AssertionError, match=FAULTS[fault]):
        check(History.of(made))


def test_allowed_failures_are_accepted() -> None:
    made = events()
    failed(made)
    check_outcomes(History.of(made), allowed={"UNAVAILABLE"})
    with pytest.raises(AssertionError, match="failed"):
        check_outcomes(History.of(made), allowed={"RESOURCE_EXHAUSTED"})


def test_latency_that_does_not_recover_is_found() -> None:
    healthy, slow = History.of(events(took_s=0.1)), History.of(events(took_s=0.35))
    check_recovery(healthy, slow, 4)
    with pytest.raises(AssertionError, match=r"within 3 × 0.1000 s, got 0.3500 s"):
        check_recovery(healthy, slow, 3)
    unended = events(count=20)
    del unended[1::4]
    with pytest.raises(AssertionError, match="got inf s"):
        check_recovery(healthy, History.of(unended), 3)


def test_leaks_are_found() -> None:
    before = {"filter-1": Usage(10, 100 * MIB, 20)}
    check_leaks(before, {"filter-1": Usage(10, 120 * MIB, 20)})
    with pytest.raises(AssertionError, match="at most 20 open files, got 21"):
        check_leaks(before, {"filter-1": Usage(10, 100 * MIB, 21)})
    with pytest.raises(AssertionError, match="stay at 100 MiB of memory, got 200 MiB"):
        check_leaks(before, {"filter-1": Usage(10, 200 * MIB, 20)})
    check_leaks(before, {"filter-1": Usage(11, 900 * MIB, 90)})


def test_usage_is_what_the_process_has(tmp_path: Path) -> None:
    before = usage(os.getpid())
    # New pages, and not some that the process has already.
    with mmap.mmap(-1, 64 * MIB) as kept, (tmp_path / "file").open("w"):
        kept.write(bytes([1]) * len(kept))
        during = usage(os.getpid())
        assert during.memory - before.memory > len(kept) // 2
    assert during.files == before.files + 1


def test_events_survive_a_file() -> None:
    made = [*events(), Ended("x", 1.5, "UNAVAILABLE", "NO_HEALTHY_INSTANCE", "größer\nals das")]
    assert [from_line(to_line(event)) for event in made] == made
    assert all(to_line(event).count("\n") == 1 for event in made)


def test_times_and_instances_are_told() -> None:
    history = History.of(events())
    assert history.median_s == pytest.approx(0.1)
    assert history.took_s(0.99) == pytest.approx(0.1)
    assert len(history.between(10, 20)) == 10
    assert history.used() == history.used("filter") == {"filter-0", "filter-1"}
    assert history.used("resize") == set()


def test_every_kind_of_request_has_a_known_result() -> None:
    assert {work.name for work in MIX} == expected().keys()
    assert len(MIX) == len(expected())
    # Where something runs makes no difference; what is asked for does.
    assert len(set(expected().values())) == len({work.pipeline for work in MIX})
