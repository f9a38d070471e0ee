"""Any color space to 8-bit gray or sRGB."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pixelmill.codecs.vips import set_up
from pixelmill.pixels import Image, channels, from_vips, to_rgb, to_vips

if TYPE_CHECKING:
    import pyvips

GRAY = ("b-w", "grey16")
DEEP = ("grey16", "rgb16")
INTENT = "relative"
"""Rendering intent: relative colorimetric, with black point compensation."""

LARGEST_KEPT = 256 * 1024
"""Bytes of a profile whose comparison with sRGB is remembered."""


def to_srgb(vips: pyvips.Image, *, convert: bool = True) -> pyvips.Image:
    """Convert a libvips image to 8-bit gray, sRGB or sRGB with straight alpha, by its ICC profile where it has one.

    Where not to `convert`, an RGB picture's colors stay in its profile's space, in 8 bits.

    A profile that is damaged or does not fit its picture is passed over: the pixels alone count, as in browsers.

    Source: ICC.1:2022, Image technology colour management.
    """
    if vips.interpretation == "multiband":
        vips = vips.copy(interpretation="b-w" if vips.bands < 3 else "srgb")
    count = _color_bands(vips)
    if vips.bands == count:
        return _color(vips, convert)
    color = _color(vips.extract_band(0, n=count), convert).colourspace("srgb")
    return color.bandjoin(_alpha(vips.extract_band(count))).copy(interpretation="srgb")


def with_profile(pixels: Image, profile: bytes) -> pyvips.Image:
    """Return pixels in a profile's color space as a libvips image that knows the profile."""
    import pyvips

    vips = to_vips(pixels).copy()
    vips.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return vips


def converted(pixels: Image, profile: bytes) -> Image:
    """Return gray, RGB or RGBA pixels in an RGB profile's color space as gray, sRGB or sRGB with alpha."""
    if is_srgb(profile):
        return pixels
    made = from_vips(to_srgb(with_profile(to_rgb(pixels), profile)))
    return made[:, :, 1:2] if channels(pixels) == 1 else made


def _color_bands(vips: pyvips.Image) -> int:
    if vips.interpretation in GRAY:
        return 1
    return 4 if vips.interpretation == "cmyk" else 3


def _color(vips: pyvips.Image, convert: bool) -> pyvips.Image:
    """Convert an image without alpha to 8-bit gray or sRGB."""
    gray = vips.interpretation in GRAY
    if convert:
        vips = _by_profile(vips)
    if gray and vips.bands == 3:
        # A gray profile leads to neutral colors: one of the three says it all.
        vips = vips.extract_band(1).copy(interpretation="b-w")
    wanted = "b-w" if gray else "srgb"
    if vips.interpretation in DEEP and vips.format == "ushort":
        return _rounded(vips).copy(interpretation=wanted)
    if vips.interpretation != wanted or vips.format != "uchar":
        vips = vips.colourspace(wanted)
    return vips if vips.format == "uchar" else vips.cast("uchar")


def _by_profile(vips: pyvips.Image) -> pyvips.Image:
    import pyvips

    profile = vips.get("icc-profile-data") if "icc-profile-data" in vips.get_fields() else None
    cmyk = vips.interpretation == "cmyk"
    if profile is None and not cmyk:
        return vips
    if profile is not None and vips.format == "uchar" and vips.bands == 3 and is_srgb(profile):
        return vips
    options = {"input_profile": "cmyk"} if cmyk else {}
    try:
        return vips.icc_transform("srgb", embedded=True, intent=INTENT, black_point_compensation=True, depth=8, **options)
    except pyvips.Error:
        return vips


def _alpha(band: pyvips.Image) -> pyvips.Image:
    if band.format == "ushort":
        return _rounded(band)
    return (band * 255 if band.interpretation == "scrgb" else band).cast("uchar")


def _rounded(deep: pyvips.Image) -> pyvips.Image:
    """Return 16-bit levels as the nearest 8-bit ones; libvips itself would drop the lower 8 bits."""
    return deep.linear(1 / 257, 0.5, uchar=True)


def is_srgb(profile: bytes) -> bool:
    """Tell whether an RGB profile means sRGB: whether it leaves a grid of colors within one level of where they are."""
    # Those that do are small; large ones are not kept, as a few of them would fill the memory.
    return len(profile) <= LARGEST_KEPT and _is_srgb(profile)


@lru_cache(maxsize=64)
def _is_srgb(profile: bytes) -> bool:
    set_up()
    import pyvips

    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    image = pyvips.Image.new_from_memory(grid, grid.shape[1], 1, 3, "uchar").copy(interpretation="srgb")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    try:
        mapped = image.icc_transform("srgb", embedded=True, intent=INTENT, black_point_compensation=True, depth=8).numpy()
    except pyvips.Error:
        return True
    return int(np.abs(mapped.astype(int) - grid).max()) <= 1
