"""Sizes, and the nine places of a box in a picture."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Size(NamedTuple):
    """A picture's size in pixels."""

    width: int
    height: int


Anchor = Literal["top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"]
Smart = Literal["attention", "entropy"]
Gravity = Literal[Anchor, Smart]
"""Which part of a picture is kept: the one at an anchor, or the one that its pixels speak for."""


def place(anchor: Gravity, box: tuple[int, int], size: tuple[int, int], margin: int = 0) -> tuple[int, int]:
    """Return the top left corner (x, y) of a `box` put at `anchor` of a picture of `size`; both are (width, height).

    `margin` is the distance from the sides that the anchor touches, in pixels. A box larger than the picture gets
    a negative corner: the anchored side stays visible, the centre for the axes without one. Before a smart gravity has
    seen the pixels, it counts as the centre.
    """

    def along(low: bool, high: bool, length: int, space: int) -> int:
        if low:
            return margin
        return space - length - margin if high else (space - length) // 2

    x = along("left" in anchor, "right" in anchor, box[0], size[0])
    y = along("top" in anchor, "bottom" in anchor, box[1], size[1])
    return x, y
