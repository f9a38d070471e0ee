"""Operations that run as one: neighbouring tables are composed, and the picture is looked up once.

A composed table gives the same levels as its parts one after another, byte for byte, as each level is a whole number on the
way too. A table that depends on the picture (contrast, auto-level) begins a new step: it measures what the operations before
it have made. Matrices are not multiplied with each other, nor with tables: colors are rounded and clipped between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from pixelmill.operations.base import Operation
from pixelmill.operations.lookup import Lookup, Table
from pixelmill.pixels import Image


@dataclass(frozen=True)
class Step:
    """Operations that are applied in one go: one of any kind, or several tables."""

    operations: tuple[Operation, ...]

    @property
    def name(self) -> str:
        """The operations' names."""
        return " + ".join(operation.name for operation in self.operations)

    def apply(self, image: Image) -> Image:
        """Return what the operations make of `image`, one after another."""
        return self.apply_frames((image,))[0]

    def apply_frames(self, frames: tuple[Image, ...]) -> tuple[Image, ...]:
        """Return what the operations make of an animation's frames."""
        if len(self.operations) == 1:
            return self.operations[0].apply_frames(frames)
        tables = (operation.table(frames) for operation in self.operations if isinstance(operation, Lookup))
        return tuple(map(reduce(Table.then, tables).apply, frames))


def fused(operations: Iterable[Operation]) -> tuple[Step, ...]:
    """Return the steps that do what `operations` do one after another, to the byte: every operation once, in their order."""
    steps: list[tuple[Operation, ...]] = []
    for operation in operations:
        joins = isinstance(operation, Lookup) and not operation.measures
        if joins and steps and isinstance(steps[-1][-1], Lookup):
            steps[-1] = (*steps[-1], operation)
        else:
            steps.append((operation,))
    return tuple(map(Step, steps))
