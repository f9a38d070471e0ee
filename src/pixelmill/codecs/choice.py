"""`format=auto`: which of the formats that the caller takes fits a picture best."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pixelmill.codecs.formats import FORMATS
from pixelmill.codecs.output import DEFAULT_ACCEPT, Output
from pixelmill.errors import UnsupportedFormat
from pixelmill.picture import Picture
from pixelmill.pixels import Image, is_opaque

GRAPHIC_SHARE = 0.5
"""A picture is a graphic, and not a photograph, where at least that share of its pixels equals its right neighbour."""
GRADUAL, GRADUAL_SHARE = 8, 0.15
"""... and no more than that share differs from it by so few levels."""
_ANIMATED: tuple[str, ...] = ("webp", "avif", "gif")
_GRAPHIC = ("webp", "png", "avif", "gif", "tiff", "jpeg", "jxl", "heic")
_TRANSPARENT = ("avif", "webp", "png", "tiff", "gif", "jxl", "heic")
_PHOTOGRAPH = ("avif", "webp", "jpeg", "png", "tiff", "gif", "jxl", "heic")


def chosen(picture: Picture, output: Output) -> Output:
    """Return the output with the format that fits the picture best among `output.accept`.

    An animation becomes WebP, AVIF or GIF; a graphic (drawings, screenshots, text) what
    keeps it exactly: lossless WebP, then PNG; a photograph the smallest: AVIF, WebP, JPEG; one with transparent pixels
    what has alpha.

    Raises:
        UnsupportedFormat: the caller takes none that can hold it.
    """
    accepted = output.accept or DEFAULT_ACCEPT
    frame = picture.frames[0]
    graphic = is_graphic(frame)
    if len(picture.frames) > 1:
        kind, ranking = "an animation", _ANIMATED
    elif not is_opaque(frame):
        kind, ranking = "a picture with transparent pixels", _TRANSPARENT
        if graphic:
            ranking = tuple(name for name in _GRAPHIC if name in _TRANSPARENT)
    else:
        kind, ranking = ("a graphic", _GRAPHIC) if graphic else ("a photograph", _PHOTOGRAPH)
    kept = picture.metadata.only(output.keep).names
    able = [name for name in ranking if name in accepted and _holds(name, picture, kept)]
    if not able and "jpeg" in accepted and len(picture.frames) == 1 and _holds("jpeg", picture, kept):
        able = ["jpeg"]
    if not able:
        kind += f" with {' and '.join(kept)}" if kept else ""
        raise UnsupportedFormat(f"expected one of {', '.join(ranking)} to be accepted for {kind}, got {', '.join(accepted)}")
    made = output.as_format(able[0])
    exact = graphic and len(picture.frames) == 1 and able[0] == "webp" and output.quality is None
    return made.model_copy(update={"lossless": True}) if exact else made


def _holds(name: str, picture: Picture, kept: Iterable[str]) -> bool:
    entry = FORMATS[name]
    return max(picture.size) <= entry.max_side and all(kind in entry.keeps for kind in kept)


def is_graphic(image: Image) -> bool:
    """Tell drawings, screenshots and text from photographs: most neighbours are equal, and the others differ by much.

    Photographs that are dark, blurred or part of a screenshot have many equal neighbours, too, but change gradually.
    """
    if image.shape[1] < 2:
        return False
    # Every fourth row says enough.
    rows = image[::4]
    before, after = rows[:, :-1], rows[:, 1:]
    steps = np.where(after > before, after - before, before - after).max(axis=2)
    return bool(np.mean(steps == 0) >= GRAPHIC_SHARE and np.mean((steps > 0) & (steps <= GRADUAL)) <= GRADUAL_SHARE)
