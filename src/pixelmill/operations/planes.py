"""Lanczos-3 by planes: the very pixels that libvips' resize makes, sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pixelmill.geometry import Size
from pixelmill.operations.reduction import GAP, gap_for
from pixelmill.operations.resample import Geometry
from pixelmill.pixels import Image, channels, with_alpha, with_axis, without_alpha

if TYPE_CHECKING:
    import pyvips


LARGEST = 16_000_000
"""Of larger pictures, px, the planes would take more memory than the time is worth."""


def fits_planes(image: Image, geometry: Geometry) -> bool:
    """Tell whether `shrunk_by_planes` does what `geometry` says."""
    height, width = image.shape[:2]
    wanted = geometry.scaled
    smaller = all(new <= old < 2 * GAP * new for new, old in zip(wanted, (width, height), strict=True))
    return geometry == geometry.whole and smaller and width * height <= LARGEST


def shrunk_by_planes(image: Image, size: Size) -> Image:
    """Return an opaque picture made smaller by Lanczos-3.

    libvips reduces heights with the processor's vectors, and widths, whose taps lie a pixel apart, at a third of that
    speed or, for one channel, a tenth. Here both are heights to it: a row is a row of single values, and for the width each
    channel is a plane, transposed, the planes side by side. Each value is rounded where libvips does too.
    """
    import cv2

    if channels(image) == 4:
        smaller = shrunk_by_planes(without_alpha(image), size)
        return with_alpha(smaller, np.full(smaller.shape[:2], 255, np.uint8))
    height, width = image.shape[:2]
    count = channels(image)
    image = _reduced(image.reshape(height, width * count), size.height).reshape(size.height, width, count)
    if size.width == width:
        return image
    columns = np.empty((width, count * size.height), np.uint8)
    places = [np.s_[:, start : start + size.height] for start in range(0, columns.shape[1], size.height)]
    for plane, place in zip(cv2.split(image), places, strict=True):
        cv2.transpose(plane, columns[place])
    columns = _reduced(columns, size.width)
    planes = [cv2.transpose(columns[place]) for place in places]
    return with_axis(planes[0] if count == 1 else cv2.merge(planes))


def _reduced(values: Image, height: int) -> Image:
    """Return an array of shape (H, W) with `height` rows."""
    import pyvips

    if values.shape[0] == height:
        return values
    values = np.ascontiguousarray(values)
    rows: pyvips.Image = pyvips.Image.new_from_memory(values, values.shape[1], values.shape[0], 1, "uchar")
    reduced = rows.reducev(values.shape[0] / height, kernel="lanczos3", gap=gap_for(values.shape[0], height))
    return np.frombuffer(reduced.write_to_memory(), np.uint8).reshape(height, values.shape[1])
