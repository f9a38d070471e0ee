"""Filters of single levels: negative, brightness, contrast, gamma, auto-level, tint, opacity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pixelmill.color import Color, rgb
from pixelmill.operations.base import register
from pixelmill.operations.lookup import LEVELS, Lookup, Table
from pixelmill.pixels import Image, channels, is_opaque, luma


@register
class Negative(Lookup):
    """Invert every color: 255 − v."""

    pool = "filter"
    positional = ("amount",)

    amount: float = Field(1.0, ge=0, le=1, description="share of the result against the original")

    def table(self, frames: Sequence[Image]) -> Table:
        return Table.of((1 - self.amount) * LEVELS + self.amount * (255 - LEVELS))


@register
class Brightness(Lookup):
    """Multiply every color by a factor."""

    pool = "filter"
    positional = ("factor",)

    factor: float = Field(1.2, ge=0, le=10, description="1 leaves the picture as it is, 0 makes it black")

    def table(self, frames: Sequence[Image]) -> Table:
        return Table.of(self.factor * LEVELS)


@register
class Contrast(Lookup):
    """Scale every color's distance from the picture's mean luma; transparent pixels do not count for the mean.

    All frames of an animation share one mean.
    """

    pool = "filter"
    positional = ("factor",)
    measures = True

    factor: float = Field(1.2, ge=0, le=10, description="1 leaves the picture as it is, 0 makes it flat")

    def table(self, frames: Sequence[Image]) -> Table:
        mean = mean_luma(frames)
        return Table.of(mean + self.factor * (LEVELS - mean))


@register
class Gamma(Lookup):
    """Raise every color to a power: 255·(v/255)^(1/gamma), on sRGB values as they are stored.

    Source: the `-gamma` operator, ImageMagick, Command-line Options.
    """

    pool = "filter"
    positional = ("gamma",)

    gamma: float = Field(2.2, ge=0.1, le=10, description="above 1 makes midtones lighter, below 1 darker")

    def table(self, frames: Sequence[Image]) -> Table:
        return Table.of(255 * (LEVELS / 255) ** (1 / self.gamma))


@register
class Tint(Lookup):
    """Move midtones towards a color's hue; black and white stay.

    A channel v becomes v + amount·(c − y)·(1 − 4·(v/255 − ½)²), c being the color's channel and y its ITU-R BT.601 luma.

    Source: the `-tint` operator, ImageMagick, Command-line Options.
    """

    pool = "filter"
    positional = ("color", "amount")

    color: Color = Field(description="#RRGGBB", examples=["#ff8800"])
    amount: float = Field(1.0, ge=0, le=1, description="strength; 0 leaves the picture as it is")

    def table(self, frames: Sequence[Image]) -> Table:
        color = np.array(rgb(self.color), np.float64)
        if self.amount == 0 or (color == color[0]).all():  # so that a gray picture stays one
            return Table.of(LEVELS)
        towards = self.amount * (color - color @ (0.299, 0.587, 0.114))
        return Table.of(LEVELS[:, None] + (1 - 4 * (LEVELS / 255 - 0.5) ** 2)[:, None] * towards)


@register
class AutoLevel(Lookup):
    """Stretch colors to the whole range: the darkest level becomes 0, the lightest 255, all between them in proportion.

    The darkest level is the first with more than the share `clip` of all pixels at or below it, the lightest the last with
    more than that at or above it. Pixels count by their alpha. A picture of one level stays as it is. All frames of an
    animation are stretched alike.
    """

    pool = "filter"
    positional = ("clip",)
    measures = True

    clip: float = Field(
        0.005, ge=0, le=0.49, description="share of the pixels that become black, and share that become white"
    )
    by: Literal["luma", "channel"] = Field(
        "luma", description="luma: one range for all channels, hues stay; channel: each has its own, which removes a cast"
    )

    def table(self, frames: Sequence[Image]) -> Table:
        if self.by == "luma" or channels(frames[0]) == 1:
            return Table.of(self._stretched(luma_weights(frames)))
        weights = np.zeros((3, 256))
        for frame in frames:
            weights += [level_weights(frame, frame, channel) for channel in range(3)]
        return Table.of(np.stack([self._stretched(each) for each in weights], axis=1))

    def _stretched(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each level becomes, where `weights` tells how many pixels have it."""
        cut = self.clip * weights.sum()
        inside = (weights.cumsum() > cut) & (weights[::-1].cumsum()[::-1] > cut)
        low, high = (LEVELS[inside][0], LEVELS[inside][-1]) if inside.any() else (0, 0)
        return LEVELS if low == high else (LEVELS - low) * (255 / (high - low))


@register
class Opacity(Lookup):
    """Multiply alpha by a factor; a picture without alpha gets one.

    Source: opacity(), W3C Filter Effects Module Level 1.
    """

    pool = "filter"
    positional = ("factor",)

    factor: float = Field(0.5, ge=0, le=1, description="1 leaves the picture as it is, 0 makes it invisible")

    def table(self, frames: Sequence[Image]) -> Table:
        return Table.of(LEVELS) if self.factor == 1 else Table.of_alpha(self.factor * LEVELS)


def mean_luma(frames: Sequence[Image]) -> float:
    """Return the mean ITU-R BT.601 luma of all frames, 0 to 255, weighted by alpha."""
    weights = luma_weights(frames)
    total = float(weights.sum())
    return float(weights @ LEVELS) / total if total else 0.0


def luma_weights(frames: Sequence[Image]) -> NDArray[np.float64]:
    """Return how much of all frames has each level of ITU-R BT.601 luma, of shape (256,): pixels, weighted by alpha."""
    weights = np.zeros(256)
    for frame in frames:
        weights += level_weights(luma(frame), frame, 0)
    return weights


def level_weights(levels: Image, image: Image, channel: int) -> NDArray[np.float64]:
    """Return how many pixels have each level in a channel of `levels`, weighted by the alpha of `image`."""
    import cv2

    if is_opaque(image):
        counts: NDArray[np.float64] = cv2.calcHist([levels], [channel], None, [256], [0, 256]).ravel().astype(np.float64)
        return counts
    pairs = cv2.calcHist([levels, image], [channel, channels(levels) + 3], None, [256, 256], [0, 256, 0, 256])
    weights: NDArray[np.float64] = pairs.astype(np.float64) @ LEVELS
    return weights
