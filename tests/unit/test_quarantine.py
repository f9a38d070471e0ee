"""Which pictures are refused after a crash, and for how long."""

from __future__ import annotations

import pytest

from pixelmill import DecoderCrash, Pipeline
from pixelmill.fleet import quarantine
from pixelmill.fleet.quarantine import Quarantine

BLUR, SEPIA = Pipeline.parse("blur:2"), Pipeline.parse("sepia")


class Clock:
    """Time that passes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def is_refused(here: Quarantine, source: bytes, pipeline: Pipeline = BLUR) -> bool:
    try:
        here.check(source, pipeline)
    except DecoderCrash:
        return True
    return False


def test_a_picture_is_refused_with_the_pipeline_that_it_crashed_in() -> None:
    here = Quarantine(600)
    here.add(b"poison", BLUR)
    assert is_refused(here, b"poison")
    assert is_refused(here, b"poison", Pipeline.parse("blur:2"))
    assert not is_refused(here, b"poison", SEPIA)
    assert not is_refused(here, b"Poison")
    assert not is_refused(here, b"something of another length")


def test_one_that_has_ended_workers_is_refused_with_any() -> None:
    here = Quarantine(600)
    here.add(b"poison", None)
    assert is_refused(here, b"poison", BLUR)
    assert is_refused(here, b"poison", SEPIA)


def test_it_ends() -> None:
    clock = Clock()
    here = Quarantine(600, clock)
    here.add(b"poison", None)
    clock.now += 300
    with pytest.raises(DecoderCrash, match="refused for another 300 s"):
        here.check(b"poison", BLUR)
    clock.now += 301
    assert not is_refused(here, b"poison")
    assert len(here) == 0


def test_it_begins_anew_with_another_crash() -> None:
    clock = Clock()
    here = Quarantine(600, clock)
    here.add(b"poison", None)
    clock.now += 599
    here.add(b"poison", None)
    clock.now += 599
    assert is_refused(here, b"poison")
    assert len(here) == 1


def test_the_oldest_of_too_many_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "KEPT", 3)
    here = Quarantine(600)
    for number in range(5):
        here.add(b"%d" % number, None)
    assert [is_refused(here, b"%d" % number) for number in range(5)] == [False, False, True, True, True]


def test_none_is_kept_where_it_takes_no_time() -> None:
    here = Quarantine(0)
    here.add(b"poison", None)
    assert not is_refused(here, b"poison")
    assert len(here) == 0
