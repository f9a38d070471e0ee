"""What a worker says of its load: read as gRPC reads it."""

from __future__ import annotations

import struct

import pytest

from pixelmill.fleet.meter import MEMORY_S, LoadMeter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def read(report: bytes) -> dict[int, float]:
    """Read a message of doubles by the protobuf encoding: a key, whose low bits say 8 bytes, and the value."""
    fields = {}
    for at in range(0, len(report), 9):
        assert report[at] & 7 == 1
        (fields[report[at] >> 3],) = struct.unpack_from("<d", report, at + 1)
    return fields


@pytest.mark.parametrize("places", [1, 4])
@pytest.mark.parametrize(("rate", "seconds"), [(10, 0.1), (50, 0.01), (3, 0.5)])
def test_a_steady_load_is_told_as_it_is(places: int, rate: int, seconds: float) -> None:
    clock = Clock()
    meter = LoadMeter(places, clock)
    for _ in range(20 * rate):
        clock.now += 1 / rate
        meter.add(seconds)
    told = read(meter.report())
    # The latest call counts whole: half a call's share of the memory too much, at most one.
    assert told[6] == pytest.approx(rate, rel=0.6 / (rate * MEMORY_S))
    assert told[9] == pytest.approx(rate * seconds / places, rel=0.6 / (rate * MEMORY_S))
    assert told[6] / told[9] == pytest.approx(places / seconds)


def test_what_was_is_forgotten() -> None:
    clock = Clock()
    meter = LoadMeter(1, clock)
    for _ in range(100):
        clock.now += 0.1
        meter.add(0.1)
    for _ in range(100):
        clock.now += 0.5
        meter.add(0.5)
    told = read(meter.report())
    assert told[6] / told[9] == pytest.approx(2, rel=1e-3)


def test_before_the_first_call_there_is_a_report() -> None:
    assert read(LoadMeter(2, Clock()).report()) == {6: 0, 9: pytest.approx(0, abs=1e-5)}
