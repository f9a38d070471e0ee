"""Where a mark goes: at one place, turned, or all over the picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pixelmill.geometry import Anchor, Size, place
from pixelmill.operations.watermark.blending import Blend, paint
from pixelmill.operations.watermark.kept import Box, Kept, Mark
from pixelmill.pixels import Image, channels, to_rgb, unweighted, weighted_by_alpha, with_alpha

Place = Annotated[Anchor, Field(description="where; of repeated ones, where one of them is")]
Opacity = Annotated[float, Field(ge=0, le=1, description="0 is invisible, 1 covers")]
Margin = Annotated[int, Field(ge=0, le=10_000, description="distance from the sides, px")]
Rotation = Annotated[float, Field(ge=-360, le=360, description="degrees, clockwise")]
Tile = Annotated[bool, Field(description="repeat it all over the picture, in rows that are rotated with it")]
Spacing = Annotated[float, Field(ge=0, le=100, description="gap between repeated ones, as a share of their height")]

KEPT_PIXELS = 4_000_000
"""What a repeated or rotated mark looks like is kept for pictures of up to that many pixels."""
WINDOW = 512
"""A picture is drawn over in windows of that many pixels a side, so that what is made on the way stays small."""

_kept = Kept[tuple[tuple[Box, Mark], ...]](32 * 1024 * 1024)


class Layout(NamedTuple):
    """How a mark is placed; the fields are those of the operations."""

    position: Anchor
    margin: int
    rotation: float
    tile: bool
    spacing: float


def draw(image: Image, mark: Mark, layout: Layout, opacity: float, blend: Blend = "normal") -> Image:
    """Return `image` with `mark` drawn over it. What is outside of the mark stays exactly as it is.

    A gray picture becomes sRGB where the mark has a color that shows.
    """
    import cv2

    faded = np.rint(np.arange(256) * opacity).astype(np.uint8)
    if mark.coverage.size == 0 or faded[mark.coverage.max()] == 0:
        return image
    if channels(image) == 1 and _is_gray(mark):
        mark = mark._replace(color=mark.color[..., :1], key=mark.key and (mark.key, "gray"))
    result = to_rgb(image) if channels(image) < mark.color.shape[-1] else image.copy()
    for (left, top, right, bottom), piece in _pieces(mark, layout, Size(image.shape[1], image.shape[0])):
        paint(result[top:bottom, left:right], piece.color, cv2.LUT(piece.coverage, faded), blend)
    return result


def _is_gray(mark: Mark) -> bool:
    gray = (mark.color == mark.color[..., :1]).all(axis=-1)
    return bool((gray | (mark.coverage == 0)).all())


def _pieces(mark: Mark, layout: Layout, size: Size) -> Iterable[tuple[Box, Mark]]:
    """Return the parts of a picture of that size that the mark touches, and what to draw there."""
    if not (layout.tile or layout.rotation) or size.width * size.height > KEPT_PIXELS or mark.key is None:
        return _cut(mark, layout, size)
    return _kept.get((mark.key, layout, size), lambda: tuple(_cut(mark, layout, size)))


def _cut(mark: Mark, layout: Layout, size: Size) -> Iterator[tuple[Box, Mark]]:
    gap = round(layout.spacing * mark.coverage.shape[0])
    turns, angle = divmod(layout.rotation % 360, 90)
    if angle == 0:
        mark = _turned(mark, int(turns))
    height, width = mark.coverage.shape
    plane = Plane(mark, (width + gap, height + gap) if layout.tile else None)
    whole = Box(0, 0, *size)
    if angle:
        view = Rotated(plane, layout, size)
        for window in _windows(whole if layout.tile else _clipped(view.box, size)):
            yield window, view.cut(window)
        return
    x, y = place(layout.position, (width, height), size, layout.margin)
    for window in _windows(whole if layout.tile else _clipped(Box(x, y, x + width, y + height), size)):
        yield window, plane.cut(Box(window.left - x, window.top - y, window.right - x, window.bottom - y))


def _turned(mark: Mark, turns: int) -> Mark:
    """Return `mark` after so many quarter turns clockwise."""
    color = mark.color if mark.color.ndim == 1 else np.ascontiguousarray(np.rot90(mark.color, -turns))
    return mark._replace(color=color, coverage=np.ascontiguousarray(np.rot90(mark.coverage, -turns)))


def _clipped(box: Box, size: Size) -> Box:
    return Box(max(box.left, 0), max(box.top, 0), min(box.right, size.width), min(box.bottom, size.height))


def _windows(box: Box) -> Iterator[Box]:
    """Return `box` in pieces, none where it is empty."""
    for top in range(box.top, box.bottom, WINDOW):
        for left in range(box.left, box.right, WINDOW):
            yield Box(left, top, min(left + WINDOW, box.right), min(top + WINDOW, box.bottom))


class Plane:
    """A mark on an endless transparent plane, its top left corner at the origin: once, or every `period` pixels."""

    def __init__(self, mark: Mark, period: tuple[int, int] | None) -> None:
        self.mark = mark
        self.period = period

    @cached_property
    def _clear(self) -> NDArray[np.uint8]:
        """The coverage with one transparent row and column more, which stand for all around it."""
        return np.pad(self.mark.coverage, ((0, 1), (0, 1)))

    def cut(self, box: Box) -> Mark:
        """Return what is in that part of the plane."""
        height, width = self.mark.coverage.shape
        if not self.period and min(box.left, box.top) >= 0 and box.right <= width and box.bottom <= height:
            inside = np.s_[box.top : box.bottom, box.left : box.right]
            color = self.mark.color
            return Mark(color if color.ndim == 1 else color[inside], self.mark.coverage[inside])
        across, down = self.period or (None, None)
        columns, rows = _indices(box.left, box.right, width, across), _indices(box.top, box.bottom, height, down)

        def taken(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
            if len(rows) < height:
                return pixels.take(rows, axis=0, mode="clip").take(columns, axis=1, mode="clip")
            return pixels.take(columns, axis=1, mode="clip").take(rows, axis=0, mode="clip")

        coverage = taken(self._clear)
        return Mark(self.mark.color if self.mark.color.ndim == 1 else taken(self.mark.color), coverage)


def _indices(first: int, end: int, length: int, period: int | None) -> NDArray[np.intp]:
    """Return the mark's pixel for each of the plane's, along one axis; `length` where there is none."""
    places = np.arange(first, end)
    if period:
        places %= period
    return np.where((places >= 0) & (places < length), places, length)


class Rotated:
    """A plane seen by the picture's pixels, rotated and put so that the mark's box is where the layout says.

    Attributes:
        box: the pixels of the picture that the mark at the origin touches, also those outside of the picture.
    """

    def __init__(self, plane: Plane, layout: Layout, size: Size) -> None:
        self.plane = plane
        angle = math.radians(layout.rotation % 360)
        cos, sin = math.cos(angle), math.sin(angle)
        self.back = np.array([[cos, sin], [-sin, cos]])
        self.centre = np.array(plane.mark.coverage.shape[::-1]) / 2
        corners = (_extent(plane.mark) - self.centre) @ self.back
        low, high = corners.min(axis=0), corners.max(axis=0)
        width, height = (max(1, math.ceil(float(side) - 1e-6)) for side in high - low)
        x, y = place(layout.position, (width, height), size, layout.margin)
        self.at = np.array([x, y]) - low + (np.array([width, height]) - (high - low)) / 2
        # Interpolation reaches a little beyond the edge.
        self.box = Box(x - 1, y - 1, x + width + 1, y + height + 1)

    def cut(self, window: Box) -> Mark:
        """Return what is in that part of the picture."""
        import cv2

        corners = np.array([(x, y) for x in (window.left, window.right) for y in (window.top, window.bottom)])
        seen = (corners - self.at) @ self.back.T + self.centre
        left, top = (int(value) for value in np.floor(seen.min(axis=0)) - 2)
        right, bottom = (int(value) for value in np.ceil(seen.max(axis=0)) + 2)
        part = self.plane.cut(Box(left, top, right, bottom))
        # Pixels are read at their centres.
        start = self.back @ (np.array([window.left, window.top]) + 0.5 - self.at) + self.centre - 0.5 - (left, top)
        matrix = np.column_stack([self.back, start])
        size = (window.right - window.left, window.bottom - window.top)

        def turned(pixels: NDArray[Any]) -> NDArray[Any]:
            return np.asarray(cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP))

        if part.color.ndim == 1:
            return Mark(part.color, turned(part.coverage))
        rgba = unweighted(turned(weighted_by_alpha(with_alpha(part.color, part.coverage))))
        return Mark(np.ascontiguousarray(rgba[:, :, : part.color.shape[2]]), np.ascontiguousarray(rgba[:, :, 3]))


def _extent(mark: Mark) -> NDArray[np.float64]:
    """Return points (x, y), of shape (n, 2), that have the mark's ink, or its frame, between them."""
    height, width = mark.coverage.shape
    if mark.framed:
        return np.array([(x, y) for x in (0.0, width) for y in (0.0, height)])
    inked = mark.coverage > 0
    rows = np.flatnonzero(inked.any(axis=1))
    left, right = inked.argmax(axis=1)[rows], width - inked[:, ::-1].argmax(axis=1)[rows]
    return np.concatenate([np.column_stack([side, rows + lower]) for side in (left, right) for lower in (0.0, 1.0)])
