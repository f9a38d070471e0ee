"""Per-channel operations: each is a table of 256 levels, so that neighbours compose into one table, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pixelmill.operations.base import Operation
from pixelmill.pixels import Image, channels, replace_alpha, with_alpha, with_axis

LEVELS = np.arange(256, dtype=np.float64)
SAME = np.arange(256, dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class Table:
    """What becomes of each level.

    Attributes:
        color: of shape (256, 1), for all color channels, or (256, 3), for red, green and blue; a gray picture gets
            colors by the latter.
        alpha: of shape (256,); a picture without alpha gets one. None leaves alpha as it is.
    """

    color: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """Return the table of colors that maps to `values`, of shape (256,) or (256, 3), rounded to nearest and clipped."""
        return cls(_levels(values).reshape(256, -1))

    @classmethod
    def of_alpha(cls, values: NDArray[np.float64]) -> Self:
        """Return the table that maps alpha to `values`, of shape (256,), rounded and clipped, and leaves colors."""
        return cls(SAME[:, None], _levels(values))

    def then(self, other: Table) -> Table:
        """Return the one table that does what this and then `other` do. Nothing is rounded: a level is a whole number."""
        wide = (256, max(self.color.shape[1], other.color.shape[1]))
        first, second = np.broadcast_to(self.color, wide), np.broadcast_to(other.color, wide)
        color = np.take_along_axis(second, first.astype(np.intp), axis=0)
        if self.alpha is None or other.alpha is None:
            return Table(color, other.alpha if self.alpha is None else self.alpha)
        return Table(color, other.alpha[self.alpha])

    def apply(self, image: Image) -> Image:
        """Return `image` with every level looked up."""
        import cv2

        if self.color.shape[1] == 3:
            return self._by_plane(image)
        colored = image if self._keeps_colors else with_axis(cv2.LUT(image, self.color))
        if channels(image) < 4:
            return (
                colored if self.alpha is None else with_alpha(colored, np.full(image.shape[:2], self.alpha[255], np.uint8))
            )
        if self.alpha is not None:
            colored = image.copy() if colored is image else colored
            cv2.insertChannel(cv2.LUT(cv2.extractChannel(image, 3), self.alpha), colored, 3)
            return colored
        # Quicker than to spare alpha: one table for all channels, and alpha put back.
        return colored if colored is image else replace_alpha(colored, image)

    def _by_plane(self, image: Image) -> Image:
        """Look up each channel in a table of its own, which is quicker on planes."""
        import cv2

        planes = list(cv2.split(image)) if channels(image) > 1 else [image] * 3
        if self.alpha is not None and len(planes) == 3:
            planes.append(np.full(image.shape[:2], 255, np.uint8))
        tables = [*np.ascontiguousarray(self.color.T), self.alpha][: len(planes)]
        looked_up = [plane if table is None else cv2.LUT(plane, table) for plane, table in zip(planes, tables, strict=True)]
        return with_axis(cv2.merge(looked_up))

    @property
    def _keeps_colors(self) -> bool:
        return bool((self.color == SAME[:, None]).all())


def _levels(values: NDArray[Any]) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return levels


class Lookup(Operation):
    """The base of operations that map each level of a channel to another, wherever it is."""

    measures: ClassVar[bool] = False
    """Whether the table depends on the picture."""

    def table(self, frames: Sequence[Image]) -> Table:
        """Return the table for a picture, the same for every one unless it `measures`.

        All frames of an animation are measured together: each with a table of its own, it would flicker.
        """
        raise NotImplementedError

    def apply(self, image: Image) -> Image:
        return self.table((image,)).apply(image)

    def apply_frames(self, frames: tuple[Image, ...]) -> tuple[Image, ...]:
        return tuple(map(self.table(frames).apply, frames))
