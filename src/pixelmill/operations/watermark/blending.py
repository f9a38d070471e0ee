"""How a mark's color mixes with what is below it.

Source: W3C, Compositing and Blending Level 1, 2015 and later drafts; the names are its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pixelmill.pixels import Image, channels, with_axis

Blend = Literal[
    "normal", "multiply", "screen", "overlay", "darken", "lighten", "color-dodge", "color-burn", "hard-light",
    "soft-light", "difference", "exclusion", "hue", "saturation", "color", "luminosity",
]  # fmt: skip
Levels: TypeAlias = NDArray[np.float32]
"""Colors from 0 to 1, of shape (1, n) or (3, n)."""
AT_ONCE = 32_768
"""Pixels that are mixed at once, so that what is made on the way stays in the processor's cache."""


def paint(box: Image, color: NDArray[np.uint8], coverage: NDArray[np.uint8], blend: Blend = "normal") -> None:
    """Draw over `box`, in place. Pixels that are not covered stay exactly as they are.

    Args:
        color: of shape (h, w, c), or (c,) for one color; c is the box's own number of color channels.
        coverage: its opacity, of shape (h, w), 0 to 255.
        blend: what the color is mixed to where there is something below it.

    Source: the "over" operator, Porter and Duff, Compositing Digital Images, SIGGRAPH 1984.
    """
    rows = max(1, AT_ONCE // box.shape[1])
    for top in range(0, box.shape[0], rows):
        part = np.s_[top : top + rows]
        ink = color if color.ndim == 1 else color[part]
        if blend == "normal" and channels(box) < 4:
            _paint_opaque(box[part], ink, coverage[part])
        else:
            _paint_any(box[part], ink, coverage[part], blend)


def _paint_opaque(box: Image, color: NDArray[np.uint8], coverage: NDArray[np.uint8]) -> None:
    """Draw over pixels without alpha: (below·(255 − over) + color·over) / 255, rounded to nearest, never a tie."""
    import cv2

    if color.ndim == 1:
        ink = np.empty_like(box)
        ink[0] = color
        ink[1:] = ink[0]
    else:
        ink = np.ascontiguousarray(color)
    over = coverage.astype(np.float32)
    box[:] = with_axis(cv2.blendLinear(box, ink, 255 - over, over))


def _paint_any(box: Image, color: NDArray[np.uint8], coverage: NDArray[np.uint8], blend: Blend) -> None:
    """Draw over pixels by planes, of shape (C, n), one for each channel: so NumPy is five times as quick."""
    over = coverage.ravel()
    inked = np.flatnonzero(over)
    if inked.size == 0:
        return
    planes, ink = _planes(box), color[:, None] if color.ndim == 1 else _planes(color)
    below = planes
    if inked.size < over.size:
        below, over = planes.take(inked, axis=1), over[inked]
        ink = ink if color.ndim == 1 else ink.take(inked, axis=1)
    result = _over(below, ink, over) if blend == "normal" else _blended(below, ink, over, blend)
    if below is planes:
        planes = result
    else:
        planes[:, inked] = result
    box[:] = planes.T.reshape(box.shape)


def _planes(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(pixels.reshape(-1, pixels.shape[2]).T)


def _over(below: NDArray[np.uint8], color: NDArray[np.uint8], over: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return RGBA pixels (4, n) under a color (3, n) or (3, 1) of that opacity (n,), rounded to nearest, ties up."""
    opacity, pixels = over.astype(np.float64), below.astype(np.float64)
    weight = pixels[3] * (255 - opacity)
    total = 255 * opacity + weight
    pixels[:3] = (pixels[:3] * weight + color * (255 * opacity)) / total
    pixels[3] = total / 255
    return np.floor(pixels + 0.5).astype(np.uint8)


def _blended(below: NDArray[np.uint8], color: NDArray[np.uint8], over: NDArray[np.uint8], blend: Blend) -> NDArray[np.uint8]:
    """Return pixels (C, n) under a color that is blended with them first, where there is something to blend with."""
    planes, opacity = _levels(below), _levels(over)
    alpha = planes[3] if len(planes) == 4 else np.ones_like(opacity)
    backdrop = planes[:3]
    source = np.broadcast_to(_levels(color), backdrop.shape)
    # The source where nothing is below it, mixed where there is, and what it leaves of the backdrop.
    total = opacity + alpha * (1 - opacity)
    result = opacity * ((1 - alpha) * source + alpha * mixed(blend, backdrop, source)) + (1 - opacity) * alpha * backdrop
    planes[:3] = result / total
    planes[3:] = total
    rounded: NDArray[np.uint8] = np.rint(np.clip(planes, 0, 1) * 255).astype(np.uint8)
    return rounded


def _levels(values: NDArray[np.uint8]) -> Levels:
    levels: Levels = np.divide(values, 255, dtype=np.float32)
    return levels


def mixed(blend: Blend, backdrop: Levels, source: Levels) -> Levels:
    """Return the function B(backdrop, source) of a blend mode, from 0 to 1."""
    if blend in _SEPARABLE:
        return _SEPARABLE[blend](backdrop, source)
    if len(backdrop) == 1:
        return _whole(blend, np.repeat(backdrop, 3, axis=0), np.repeat(source, 3, axis=0))[:1]
    return _whole(blend, backdrop, source)


def _hard_light(backdrop: Levels, source: Levels) -> Levels:
    return np.where(source <= 0.5, backdrop * (2 * source), _screen(backdrop, 2 * source - 1))


def _screen(backdrop: Levels, source: Levels) -> Levels:
    return backdrop + source - backdrop * source


def _color_dodge(backdrop: Levels, source: Levels) -> Levels:
    lit = np.minimum(1, backdrop / np.where(source < 1, 1 - source, 1))
    return np.where(backdrop == 0, 0, np.where(source < 1, lit, 1))


def _color_burn(backdrop: Levels, source: Levels) -> Levels:
    burnt = 1 - np.minimum(1, (1 - backdrop) / np.where(source > 0, source, 1))
    return np.where(backdrop == 1, 1, np.where(source > 0, burnt, 0))


def _soft_light(backdrop: Levels, source: Levels) -> Levels:
    curve = np.where(backdrop <= 0.25, ((16 * backdrop - 12) * backdrop + 4) * backdrop, np.sqrt(backdrop))
    dark = backdrop - (1 - 2 * source) * backdrop * (1 - backdrop)
    return np.where(source <= 0.5, dark, backdrop + (2 * source - 1) * (curve - backdrop))


_SEPARABLE: dict[str, Callable[[Levels, Levels], Levels]] = {
    "normal": lambda backdrop, source: source,
    "multiply": lambda backdrop, source: backdrop * source,
    "screen": _screen,
    "overlay": lambda backdrop, source: _hard_light(source, backdrop),
    "darken": np.minimum,
    "lighten": np.maximum,
    "color-dodge": _color_dodge,
    "color-burn": _color_burn,
    "hard-light": _hard_light,
    "soft-light": _soft_light,
    "difference": lambda backdrop, source: np.abs(backdrop - source),
    "exclusion": lambda backdrop, source: backdrop + source - 2 * backdrop * source,
}
"""Modes that look at each channel alone."""


def _whole(blend: Blend, backdrop: Levels, source: Levels) -> Levels:
    """Mix by a mode that looks at all three channels together."""
    if blend == "hue":
        return _with_luminosity(_with_saturation(source, _saturation(backdrop)), _luminosity(backdrop))
    if blend == "saturation":
        return _with_luminosity(_with_saturation(backdrop, _saturation(source)), _luminosity(backdrop))
    if blend == "color":
        return _with_luminosity(source, _luminosity(backdrop))
    return _with_luminosity(backdrop, _luminosity(source))


def _luminosity(color: Levels) -> Levels:
    luminosity: Levels = np.float32(0.3) * color[0] + np.float32(0.59) * color[1] + np.float32(0.11) * color[2]
    return luminosity


def _saturation(color: Levels) -> Levels:
    span: Levels = color.max(axis=0) - color.min(axis=0)
    return span


def _with_saturation(color: Levels, saturation: Levels) -> Levels:
    low, span = color.min(axis=0), _saturation(color)
    result: Levels = np.where(span > 0, (color - low) * saturation / np.where(span > 0, span, 1), 0)
    return result


def _with_luminosity(color: Levels, luminosity: Levels) -> Levels:
    color = color + (luminosity - _luminosity(color))
    low, high = color.min(axis=0), color.max(axis=0)
    # Into the range of colors, towards the gray of the same luminosity.
    down, up = np.where(low < 0, luminosity - low, 1), np.where(high > 1, high - luminosity, 1)
    color = np.where(low < 0, luminosity + (color - luminosity) * luminosity / down, color)
    return np.where(high > 1, luminosity + (color - luminosity) * (1 - luminosity) / up, color)
