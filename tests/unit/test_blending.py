"""Blend modes against the specification's formulas, written out for one color in Python's own floats, and against Pillow."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageChops

from pixelmill import InvalidPipeline
from pixelmill.operations import make_operation
from pixelmill.operations.watermark.blending import Blend, paint
from pixelmill.pixels import Image
from tests.pictures import difference, encoded, photo

MODES: tuple[Blend, ...] = get_args(Blend)
RNG = np.random.default_rng(7)
Rgb = tuple[float, float, float]


def separable(mode: str, b: float, s: float) -> float:
    """Return B(cb, cs), W3C Compositing and Blending Level 1, section 10.1."""
    if mode == "color-dodge":
        return 0 if b == 0 else 1 if s == 1 else min(1, b / (1 - s))
    if mode == "color-burn":
        return 1 if b == 1 else 0 if s == 0 else 1 - min(1, (1 - b) / s)
    if mode == "hard-light":
        return 2 * s * b if s <= 0.5 else 1 - (1 - b) * (1 - (2 * s - 1))
    if mode == "overlay":
        return separable("hard-light", s, b)
    if mode == "soft-light":
        if s <= 0.5:
            return b - (1 - 2 * s) * b * (1 - b)
        return b + (2 * s - 1) * ((((16 * b - 12) * b + 4) * b if b <= 0.25 else math.sqrt(b)) - b)
    simple: dict[str, Callable[[], float]] = {
        "normal": lambda: s,
        "multiply": lambda: b * s,
        "screen": lambda: 1 - (1 - b) * (1 - s),
        "darken": lambda: min(b, s),
        "lighten": lambda: max(b, s),
        "difference": lambda: abs(b - s),
        "exclusion": lambda: b + s - 2 * b * s,
    }
    return simple[mode]()


def lum(c: Rgb) -> float:
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def sat(c: Rgb) -> float:
    return max(c) - min(c)


def set_lum(c: Rgb, wanted: float) -> Rgb:
    r, g, b = (v + wanted - lum(c) for v in c)
    at, low, high = lum((r, g, b)), min(r, g, b), max(r, g, b)
    if low < 0:
        r, g, b = (at + (v - at) * at / (at - low) for v in (r, g, b))
    if high > 1:
        r, g, b = (at + (v - at) * (1 - at) / (high - at) for v in (r, g, b))
    return r, g, b


def set_sat(c: Rgb, wanted: float) -> Rgb:
    if sat(c) == 0:
        return 0, 0, 0
    r, g, b = ((v - min(c)) * wanted / sat(c) for v in c)
    return r, g, b


def mixed(mode: str, b: Rgb, s: Rgb) -> Rgb:
    """Return B(Cb, Cs), the same, sections 10.1 and 10.2."""
    if mode == "hue":
        return set_lum(set_sat(s, sat(b)), lum(b))
    if mode == "saturation":
        return set_lum(set_sat(b, sat(s)), lum(b))
    if mode == "color":
        return set_lum(s, lum(b))
    if mode == "luminosity":
        return set_lum(b, lum(s))
    first, second, third = (separable(mode, x, y) for x, y in zip(b, s, strict=True))
    return first, second, third


def by_the_book(mode: str, below: list[int], color: list[int], over: int) -> list[float]:
    """Return one RGBA pixel under a color, in levels."""
    backdrop = (below[0] / 255, below[1] / 255, below[2] / 255)
    source = (color[0] / 255, color[1] / 255, color[2] / 255)
    ab, a = below[3] / 255, over / 255
    total = a + ab * (1 - a)
    result = []
    for b, s, m in zip(backdrop, source, mixed(mode, backdrop, source), strict=True):
        result.append(255 * (a * ((1 - ab) * s + ab * m) + (1 - a) * ab * b) / total if total else 255 * b)
    return [*result, 255 * total]


def pixels(channels: int) -> Image:
    """Return noise, with many of the values where a formula changes."""
    image = RNG.integers(0, 256, (24, 30, channels), np.uint8)
    image[:8] = RNG.choice(np.array([0, 63, 64, 127, 128, 254, 255], np.uint8), (8, 30, channels))
    return image


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_mode_is_the_specifications(mode: Blend, channels: int) -> None:
    below, color, over = pixels(channels), pixels(1 if channels == 1 else 3), pixels(1)[:, :, 0]
    result = below.copy()
    paint(result, color, over, mode)
    for place in np.ndindex(over.shape):
        base, ink = below[place].tolist(), color[place].tolist()
        base, ink = (base * 3 if channels == 1 else base), (ink * 3 if channels == 1 else ink)
        wanted = by_the_book(mode, base if channels == 4 else [*base, 255], ink, int(over[place]))
        if over[place] and wanted[3]:
            assert np.abs(result[place].astype(float) - wanted[:channels]).max() <= 0.51
        else:
            assert np.array_equal(result[place], below[place])


@pytest.mark.parametrize(
    ("mode", "pillows"),
    [
        ("multiply", ImageChops.multiply),
        ("screen", ImageChops.screen),
        ("darken", ImageChops.darker),
        ("lighten", ImageChops.lighter),
        ("difference", ImageChops.difference),
        ("overlay", ImageChops.overlay),
        ("hard-light", ImageChops.hard_light),
    ],
)
def test_an_opaque_logo_blends_as_in_pillow(
    mode: str, pillows: Callable[[Pillow.Image, Pillow.Image], Pillow.Image]
) -> None:
    below, above = photo(60, 40), photo(60, 40, seed=3)
    result = make_operation("logo", {"image": encoded(above), "scale": 1, "margin": 0, "opacity": 1, "blend": mode}).apply(
        below
    )
    assert difference(result, np.asarray(pillows(Pillow.fromarray(below), Pillow.fromarray(above)))) <= 2


def test_over_is_exact_in_whole_numbers() -> None:
    below, color, over = pixels(3), pixels(3), pixels(1)
    wanted = (below.astype(np.uint32) * (255 - over.astype(np.uint32)) + color.astype(np.uint32) * over + 127) // 255
    result = below.copy()
    paint(result, color, over[:, :, 0])
    assert np.array_equal(result, wanted)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pixels_that_are_not_covered_stay_bit_for_bit(mode: Blend, channels: int) -> None:
    below = pixels(channels)
    result = below.copy()
    paint(result, pixels(1 if channels == 1 else 3), np.zeros(below.shape[:2], np.uint8), mode)
    assert np.array_equal(result, below)


def test_a_gray_logo_keeps_a_gray_picture_gray_in_every_mode() -> None:
    gray, logo = photo(50, 40, 1), photo(20, 20, 1, seed=2)
    for mode in MODES:
        parameters = {"image": encoded(logo), "blend": mode, "opacity": 1, "position": "center"}
        result = make_operation("logo", parameters).apply(gray)
        in_color = make_operation("logo", parameters).apply(np.repeat(gray, 3, axis=2))
        assert result.shape == gray.shape
        assert difference(np.repeat(result, 3, axis=2), in_color) <= 1


def test_a_mode_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidPipeline, match=r"expected one of 'normal', 'multiply', .* for logo.blend, got 'add'"):
        make_operation("logo", {"image": b"x", "blend": "add"})
