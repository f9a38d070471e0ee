"""Pixels in memory: the image type, channels, alpha, blending, and the way to libvips and back.

Alpha is straight, so a transparent pixel's color means nothing and must not leak into its neighbours: whatever mixes
neighbouring pixels weighs them by alpha first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyvips

Image: TypeAlias = NDArray[np.uint8]
"""Pixels: uint8 of shape (H, W, C); C is 1 (gray), 3 (sRGB) or 4 (sRGB with straight alpha). Never written to."""
Number = TypeVar("Number", np.uint8, np.float32)
BAND = 128
"""Rows that are worked on at a time, and as many more as neighbours reach: they stay in the processor's cache."""


def channels(image: Image) -> int:
    """Return 1, 3 or 4."""
    return int(image.shape[2])


def with_axis(array: NDArray[np.uint8]) -> Image:
    """Return an (H, W) array as (H, W, 1); OpenCV drops the last axis of gray pictures."""
    return array[:, :, None] if array.ndim == 2 else array


def to_rgb(image: Image) -> Image:
    """Return a gray picture as sRGB, any other as it is."""
    import cv2

    return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if channels(image) == 1 else image


def to_rgba(image: Image) -> Image:
    """Return gray or sRGB pixels as opaque RGBA ones, in memory of their own."""
    import cv2

    return with_axis(cv2.cvtColor(image, cv2.COLOR_GRAY2RGBA if channels(image) == 1 else cv2.COLOR_RGB2RGBA))


def luma(color: Image) -> Image:
    """Return the ITU-R BT.601 luma of pixels, of shape (H, W, 1); alpha does not count."""
    import cv2

    if channels(color) == 1:
        return color
    return with_axis(cv2.cvtColor(color, cv2.COLOR_RGB2GRAY if channels(color) == 3 else cv2.COLOR_RGBA2GRAY))


def is_opaque(image: Image) -> bool:
    """Tell whether every pixel is opaque."""
    import cv2

    return channels(image) < 4 or cv2.minMaxLoc(cv2.extractChannel(image, 3))[0] == 255


def on_color(image: Image, change: Callable[[Image], Image]) -> Image:
    """Apply `change` to the color channels, pixel by pixel, and keep alpha.

    `change` gets 1 or 3 channels and returns 1 or 3.
    """
    if channels(image) < 4:
        return with_axis(change(image))
    return replace_alpha(to_rgba(with_axis(change(without_alpha(image)))), image)


def without_alpha(image: Image) -> Image:
    """Return the color channels of RGBA pixels."""
    import cv2

    color: Image = cv2.cvtColor(image, cv2.COLOR_RGBA2RGB)
    return color


def without_hidden(image: Image) -> Image:
    """Return pixels of which those that are fully transparent have no color: all their channels are 0."""
    import cv2

    if channels(image) < 4:
        return image
    alpha = cv2.extractChannel(image, 3)
    if cv2.minMaxLoc(alpha)[0] > 0:
        return image
    cleaned: Image = cv2.copyTo(image, alpha)
    return cleaned


def with_alpha(color: Image, alpha: NDArray[np.uint8]) -> Image:
    """Return gray or sRGB pixels and their alpha, of shape (H, W), as RGBA."""
    import cv2

    image = to_rgba(with_axis(color))
    cv2.insertChannel(np.ascontiguousarray(alpha), image, 3)
    return image


def in_bands(image: Image, reach: int, change: Callable[[Image], Image]) -> Image:
    """Return what `change` makes of `image`, worked out on bands of rows, so that what it needs of memory stays small.

    Args:
        reach: how many rows above and below a pixel have a part in what becomes of it.
        change: keeps the shape.
    """
    rows = BAND + 2 * reach
    if len(image) <= rows:
        return change(image)
    result = np.empty_like(image)
    for top in range(0, len(image), rows):
        low = max(0, top - reach)
        result[top : top + rows] = change(image[low : top + rows + reach])[top - low : top - low + rows]
    return result


def replace_alpha(result: Image, image: Image) -> Image:
    """Put the alpha of `image` into `result`, both RGBA, and return it; this one is written to."""
    import cv2

    cv2.mixChannels([image], [result], [3, 3])
    return result


def weighted_by_alpha(image: Image) -> NDArray[np.float32]:
    """Return RGBA pixels with each color multiplied by its alpha's share of 255, as neighbours may be mixed."""
    import cv2

    weights = per_color(cv2.extractChannel(image, 3), 255)
    weighted: NDArray[np.float32] = cv2.multiply(image, weights, scale=1 / 255, dtype=cv2.CV_32F)
    return weighted


def unweighted(pixels: NDArray[np.float32]) -> Image:
    """Undo `weighted_by_alpha` and round."""
    import cv2

    alpha = np.maximum(cv2.extractChannel(pixels, 3), 1e-3)
    image: Image = cv2.divide(pixels, per_color(alpha, 255), scale=255, dtype=cv2.CV_8U)
    return image


def per_color(weights: NDArray[Number], alpha: float) -> NDArray[Number]:
    """Return weights of shape (H, W) as those of RGBA pixels: the same for all three colors, and `alpha` for alpha."""
    import cv2

    result: NDArray[Number] = cv2.merge([weights, weights, weights, np.full_like(weights, alpha)])
    return result


def blend(image: Image, changed: Image, amount: float) -> Image:
    """Return (1 − amount)·image + amount·changed, `amount` from 0 to 1; channel counts may differ by gray and sRGB."""
    import cv2

    changed = with_axis(changed)
    if amount == 1:
        return changed
    if channels(image) != channels(changed):
        image, changed = to_rgb(image), to_rgb(changed)
    return with_axis(cv2.addWeighted(image, 1 - amount, changed, amount, 0))


def to_vips(image: Image) -> pyvips.Image:
    """Return `image` as a libvips image over the same memory; it must outlive the result."""
    import pyvips

    height, width, bands = image.shape
    data = np.ascontiguousarray(image)
    vips = pyvips.Image.new_from_memory(data, width, height, bands, "uchar")
    return vips.copy(interpretation="b-w" if bands == 1 else "srgb")


def from_vips(vips: pyvips.Image) -> Image:
    """Compute an 8-bit libvips image of 1, 3 or 4 bands and return its pixels."""
    memory: Any = vips.write_to_memory()
    pixels = np.frombuffer(memory, np.uint8).reshape(vips.height, vips.width, vips.bands)
    pixels.flags.writeable = False
    return pixels
