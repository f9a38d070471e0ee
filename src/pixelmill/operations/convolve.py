"""Convolution with a kernel that the user gives."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Annotated, Self, TypeAlias

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pixelmill.errors import expected
from pixelmill.operations.base import Operation, register
from pixelmill.operations.kernels import convolved
from pixelmill.pixels import Image

MAX_SIDE = 15
SIZES = {side * side for side in range(1, MAX_SIDE + 1, 2)}
MAX_TEXT = 32 * MAX_SIDE**2
KernelRows: TypeAlias = Sequence[float | Sequence[float]] | str
"""How a kernel may be given: row by row in one list, as a list of rows, or as text, `0 -1 0, -1 5 -1, 0 -1 0`."""
_BETWEEN_ROWS = re.compile(r"[,;\n]")


def _row_by_row(value: object) -> object:
    """Return a kernel's numbers in one list; what is neither text nor rows is left to pydantic."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise ValueError(expected(f"at most {MAX_TEXT} characters", "a kernel", value))
        rows = [row.split() for row in _BETWEEN_ROWS.split(value)]
        return _joined(rows) if any(len(row) != 1 for row in rows) and len(rows) > 1 else [n for row in rows for n in row]
    if (
        isinstance(value, (list, tuple))
        and 0 < len(value) <= MAX_SIDE
        and all(isinstance(row, (list, tuple)) for row in value)
    ):
        return _joined(value)
    return value


def _joined(rows: Sequence[Sequence[object]]) -> list[object]:
    lengths = [len(row) for row in rows]
    if any(length != len(rows) for length in lengths):
        raise ValueError(f"expected as many rows as numbers in each for a kernel, got rows of {lengths}")
    return [number for row in rows for number in row]


def _square(numbers: tuple[float, ...]) -> tuple[float, ...]:
    if len(numbers) not in SIZES:
        raise ValueError(f"expected 3×3, 5×5 or another odd square up to 15×15 for a kernel, got {len(numbers)} number(s)")
    return numbers


Weight = Annotated[float, Field(ge=-10_000, le=10_000)]
Row = Annotated[list[Weight], Field(min_length=1, max_length=MAX_SIDE)]
Rows = Annotated[list[Row], Field(min_length=1, max_length=MAX_SIDE)]
Flat = Annotated[list[Weight], Field(min_length=1, max_length=MAX_SIDE**2)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Kernel = Annotated[
    tuple[Weight, ...],
    Field(min_length=1, max_length=MAX_SIDE**2),
    BeforeValidator(_row_by_row, json_schema_input_type=Flat | Rows | Text),
    AfterValidator(_square),
]
"""A square of numbers, row by row."""


@register
class Convolve(Operation):
    """Replace each pixel by its neighbours' sum, each times a number of the kernel, over the divisor, plus the offset.

    The kernel lies over the picture as it is written (it is not turned by 180°, as it is in mathematics), its middle over
    the pixel. Edges are continued by reflection; a transparent neighbour counts as the pixel itself; alpha stays.

    Source: feConvolveMatrix, W3C Filter Effects Module Level 1, but for the kernel's direction, which is libvips'.
    """

    pool = "filter"
    positional = ("kernel",)

    kernel: Kernel = Field(
        description="3×3, 5×5 or another odd square up to 15×15, row by row", examples=["0 -1 0 -1 5 -1 0 -1 0"]
    )
    divisor: float | None = Field(
        None, ge=-1e6, le=1e6, description="what the sum is divided by; unset: the kernel's sum, or 1 where that is 0"
    )
    offset: float = Field(0, ge=-255, le=255, description="what is added then, levels")

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.divisor is not None and abs(self.divisor) < 1e-6:
            raise ValueError(expected("a number other than 0", "convolve.divisor", self.divisor))
        return self

    @property
    def effort_ns(self) -> float:
        return 0.3 * len(self.kernel)

    def apply(self, image: Image) -> Image:
        total = math.fsum(self.kernel)
        divisor = self.divisor or (total if abs(total) > 1e-9 else 1)
        side = math.isqrt(len(self.kernel))
        return convolved(image, np.reshape(self.kernel, (side, side)) / divisor, self.offset)
