"""How sure a comparison is: intervals of medians against the table of the binomial distribution, and what is noise."""

from __future__ import annotations

import random
import statistics

import pytest

from pixelmill.bench.figures import Comparison, Ratio
from pixelmill.bench.ratios import median_interval, paired, unpaired
from pixelmill.bench.tables import describe_ratio, verdict

TABLE = {
    2: (1, 0.5),
    5: (1, 0.9375),
    6: (1, 0.96875),
    8: (1, 0.9921875),
    9: (2, 0.9609375),
    12: (3, 0.961425),
    20: (6, 0.958611),
}
"""For each number of values, which of them from either end bounds the interval, and its confidence: Conover, table A3."""


@pytest.mark.parametrize("count", TABLE)
def test_the_interval_is_that_of_the_table(count: int) -> None:
    place, confidence = TABLE[count]
    values = [float(value) for value in range(1, count + 1)]
    random.Random(count).shuffle(values)
    low, high, sure = median_interval(values)
    assert (low, high) == (place, count + 1 - place)
    assert sure == pytest.approx(confidence, abs=1e-6)


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    chance = random.Random(1)
    tries = 4000
    held = 0
    for _ in range(tries):
        low, high, sure = median_interval([chance.lognormvariate(0, 0.5) for _ in range(9)])
        held += low <= 1 <= high
    assert sure
    assert held / tries == pytest.approx(sure, abs=0.01)


def test_drift_of_the_machine_does_not_touch_paired_ratios() -> None:
    slowing = [100.0, 80.0, 50.0, 40.0, 20.0, 10.0]
    ratio = paired(slowing, [1.5 * value for value in slowing])
    assert (ratio.median, ratio.low, ratio.high) == (1.5, 1.5, 1.5)
    assert not ratio.is_noise
    assert len(ratio.pairs) == len(slowing)


def test_what_may_as_well_be_nothing_is_called_noise() -> None:
    ratio = paired([10.0] * 6, [11.0, 9.0, 10.5, 9.5, 12.0, 10.0])
    assert ratio.is_noise
    assert verdict(_comparison(ratio)) == "no difference beyond the noise"
    faster = paired([10.0] * 6, [12.0, 13.0, 12.5, 12.2, 12.1, 12.4])
    assert not faster.is_noise
    assert verdict(_comparison(faster)) == f"{statistics.median(faster.pairs) - 1:.0%} more pictures a second"
    assert "6 pairs" in describe_ratio(faster)


def test_one_round_has_no_spread() -> None:
    ratio = paired([10.0], [20.0])
    assert ratio.confidence is None
    assert verdict(_comparison(ratio)) == "100% more pictures a second, as far as single rounds can tell"
    assert "not known" in describe_ratio(ratio)


def test_at_different_times_every_round_is_set_against_every_other() -> None:
    ratio = unpaired([10.0, 20.0], [20.0, 40.0])
    assert (ratio.low, ratio.high, ratio.median, ratio.confidence) == (1.0, 4.0, 2.0, None)


def test_rounds_in_which_nothing_came_back_have_no_ratio() -> None:
    assert paired([0.0, 10.0], [10.0, 20.0]).pairs == (2.0,)
    nothing = paired([0.0], [0.0])
    assert verdict(_comparison(nothing)) == "nothing to compare"


def _comparison(ratio: Ratio) -> Comparison:
    return Comparison(a="a", b="b", throughput=ratio, p50=ratio, paired=True)
