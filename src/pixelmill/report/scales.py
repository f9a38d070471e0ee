"""From figures to places on a drawing: scales, and round numbers for their ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Scale:
    """A straight scale, or a logarithmic one, from values to px.

    Attributes:
        low, high: the values at its ends.
        start, end: where these are, px.
        is_log: whether equal ratios are equally far apart.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """Return where a value is, px."""
        low, high, at = (log10(self.low), log10(self.high), log10(value)) if self.is_log else (self.low, self.high, value)
        return self.start + (self.end - self.start) * ((at - low) / (high - low) if high > low else 0.0)


def ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Return round numbers from `low` to `high`, at most so many, each 1, 2 or 5 times a power of ten apart."""
    if high <= low:
        return (low,)
    rough = (high - low) / max(1, most - 1)
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in STEPS if factor * power >= rough * (1 - 1e-9))
    first = ceil(low / step - 1e-9)
    return tuple(float(f"{number * step:.12g}") for number in range(first, floor(high / step + 1e-9) + 1))


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Return numbers of one digit times a power of ten from `low` to `high`: more of them where there are few powers."""
    digits = STEPS[:3] if high > 10 * low else (1, 2, 3, 4, 6, 8)
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    return tuple(found for power in powers for digit in digits if low <= (found := digit * 10.0**power) <= high)


def upper(values: Sequence[float], most: int = 6) -> float:
    """Return the end of an axis from 0 that holds all values and ends at a tick."""
    largest = max(values, default=0.0) or 1.0
    step = ticks(0, largest, most)
    size = step[1] - step[0] if len(step) > 1 else largest
    return ceil(largest / size - 1e-9) * size


def shown(value: float) -> str:
    """Return a tick's number as short as it can be."""
    return f"{value:,.6g}"
