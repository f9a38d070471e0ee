"""The part of a picture that is worth keeping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from pixelmill.geometry import Gravity, Size, Smart, place
from pixelmill.pixels import Image, channels, is_opaque, to_rgb, to_vips, unweighted, weighted_by_alpha, without_alpha


def is_smart(gravity: Gravity) -> bool:
    """Tell whether the pixels decide what is kept."""
    return gravity in get_args(Smart)


def corner(frames: Sequence[Image], box: Size, gravity: Gravity) -> tuple[int, int]:
    """Return the top left corner (x, y) of the `box` that is kept of every frame; it lies within them.

    attention looks for edges, saturated colors and skin on a picture of about 32 px and keeps what is around the strongest
    spot; entropy takes slices off the side that says less until the box is left. Several frames are judged by their average,
    so that all of them keep the same part. Transparent pixels' colors do not count.

    Source: libvips, vips_smartcrop.
    """
    height, width = frames[0].shape[:2]
    if not is_smart(gravity):
        return place(gravity, box, (width, height))
    if box == (width, height):
        return 0, 0
    # Judged alike whatever the number of channels: as RGB, or as RGBA where something can be seen through.
    image = to_rgb(_average(frames))
    source = to_vips(without_alpha(image) if channels(image) == 4 and is_opaque(image) else image)
    cropped = source.smartcrop(box.width, box.height, interesting=gravity)
    return -cropped.xoffset, -cropped.yoffset


def _average(frames: Sequence[Image]) -> Image:
    if len(frames) == 1:
        return frames[0]
    total = np.zeros(frames[0].shape, np.float32)
    transparent = channels(frames[0]) == 4
    for frame in frames:
        total += weighted_by_alpha(frame) if transparent else frame
    total /= len(frames)
    return unweighted(total) if transparent else np.rint(total).astype(np.uint8)
