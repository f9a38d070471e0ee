"""Any color space to 8-bit sRGB."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pixelmill.codecs.vips import set_up

if TYPE_CHECKING:
    import pyvips

INTENT = "relative"
"""Rendering intent: relative colorimetric, with black point compensation."""


def to_srgb(vips: pyvips.Image) -> pyvips.Image:
    """Convert a libvips image to 8-bit gray, sRGB or sRGB with straight alpha, by its ICC profile where it has one."""
    gray = vips.interpretation in ("b-w", "grey16")
    profile = vips.get("icc-profile-data") if "icc-profile-data" in vips.get_fields() else None
    if vips.interpretation == "cmyk":
        vips = _transform(vips, fallback="cmyk")
    elif profile is not None and not (vips.format == "uchar" and is_srgb(profile)):
        vips = _transform(vips, fallback=None)
    if gray and vips.bands - int(vips.hasalpha()) == 3:
        vips = vips[0].bandjoin(vips[3]) if vips.hasalpha() else vips[0]
        vips = vips.copy(interpretation="b-w")
    wanted = "b-w" if gray and not vips.hasalpha() else "srgb"
    if vips.interpretation != wanted or vips.format != "uchar":
        vips = vips.colourspace(wanted)
    if vips.bands > 4:
        vips = vips[:4]
    elif vips.bands == 2:
        vips = vips.colourspace("srgb") if vips.interpretation != "srgb" else vips[0].bandjoin([vips[0], vips[0], vips[1]])
    return vips if vips.format == "uchar" else vips.cast("uchar")


def _transform(vips: pyvips.Image, fallback: str | None) -> pyvips.Image:
    import pyvips

    try:
        options = {"input_profile": fallback} if fallback else {}
        return vips.icc_transform("srgb", embedded=True, intent=INTENT, black_point_compensation=True, depth=8, **options)
    except pyvips.Error:
        # A profile that does not fit its picture, or is damaged: the pixels alone count, as in browsers.
        return vips


@lru_cache(maxsize=64)
def is_srgb(profile: bytes) -> bool:
    """Tell whether an RGB profile means sRGB: whether it leaves a grid of colors within one level of where they are."""
    set_up()
    import pyvips

    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    image = pyvips.Image.new_from_memory(grid.tobytes(), grid.shape[1], 1, 3, "uchar").copy(interpretation="srgb")
    image = image.copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    try:
        mapped = image.icc_transform("srgb", embedded=True, intent=INTENT, black_point_compensation=True, depth=8).numpy()
    except pyvips.Error:
        return True
    return int(np.abs(mapped.astype(int) - grid).max()) <= 1
