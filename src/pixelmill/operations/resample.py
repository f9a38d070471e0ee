"""Pixels at other places: by Lanczos-3, cubic convolution, or the nearest pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pixelmill.geometry import Size
from pixelmill.operations.reduction import reduced
from pixelmill.pixels import Image, from_vips, is_opaque, unweighted, weighted_by_alpha, with_axis

if TYPE_CHECKING:
    import pyvips

AT_ONCE = 4_000_000
"""A transparent picture of up to that many pixels is enlarged at once, which is twice as quick."""
WIDE = 25_000_000
"""A larger opaque picture than that would take too much memory with 16 bits a channel; with 8, a level may be one off."""
PART = 64
"""Of a larger one, so many rows at a time."""
Kernel = Literal["nearest", "cubic", "lanczos3"]


class Geometry(NamedTuple):
    """What a resize does to one picture: the size of the whole, then the box that is kept of it, (left, top) its corner.

    A negative corner means that the box reaches beyond the whole, which is padded.
    """

    scaled: Size
    left: int
    top: int
    kept: Size

    @property
    def whole(self) -> Geometry:
        """The same, with nothing cut off or added."""
        return Geometry(self.scaled, 0, 0, self.scaled)


def shrunk(scaled: Size, size: Size) -> Size:
    """Return `scaled` with no side longer than that of `size`."""
    return Size(min(scaled.width, size.width), min(scaled.height, size.height))


def resample(source: pyvips.Image, geometry: Geometry, *, opaque: bool, kernel: Kernel = "lanczos3") -> Image:
    """Return a libvips image's pixels, scaled and cropped; it is computed row by row, and only what is kept of it.

    Where it is known to be opaque, colors need not be weighted by alpha, which costs seven times the resize itself.
    """
    if kernel == "nearest":
        return picked(from_vips(source), geometry)
    scaled, left, top, kept = geometry
    size = Size(source.width, source.height)
    reached = scaled if kernel == "cubic" else shrunk(scaled, size)
    if reached != size:
        weighted = source.hasalpha() and not opaque
        if weighted:
            source = source.premultiply()
        smaller = shrunk(scaled, size)
        if smaller != size:
            source = reduced(source, smaller, kernel)
        if smaller != reached:
            source = transformed(source, [reached.width / smaller.width, 0, 0, reached.height / smaller.height], reached)
        if weighted:
            source = source.unpremultiply().rint().cast("uchar")
    if reached == scaled:
        return from_vips(source if kept == scaled else source.crop(left, top, kept.width, kept.height))
    return np.ascontiguousarray(enlarged(from_vips(source), scaled)[top : top + kept.height, left : left + kept.width])


def transformed(
    source: pyvips.Image, matrix: list[float], size: Size, interpolation: str = "bicubic", beyond: str = "copy"
) -> pyvips.Image:
    """Return a libvips image under a linear map of (x, y), on a canvas of `size`, their centres on each other.

    libvips' own resize enlarges half a pixel off.

    Args:
        matrix: by rows; from the source's offsets from its centre to the result's.
        interpolation: bilinear or bicubic.
        beyond: what interpolation sees outside the source: copy, its edge pixels, or black.
    """
    import pyvips

    return source.affine(
        matrix,
        interpolate=pyvips.Interpolate.new(interpolation),
        oarea=[0, 0, *size],
        idx=-(source.width - 1) / 2,
        idy=-(source.height - 1) / 2,
        odx=(size.width - 1) / 2,
        ody=(size.height - 1) / 2,
        extend=beyond,
        premultiplied=True,
    )


def enlarged(image: Image, size: Size) -> Image:
    """Return `image` made larger, in either direction or both, by Lanczos-4: what libvips enlarges with is bicubic."""
    import cv2

    if is_opaque(image):
        return _enlarged_levels(image, size)
    if size.width * size.height <= AT_ONCE:
        return unweighted(_enlarged(weighted_by_alpha(image), size))
    # Weighted pixels take four times the memory, so they exist for a few rows of the result at a time.
    height, width = image.shape[:2]
    places, weights = _taps(height, size.height)
    result = np.empty((size.height, size.width, 4), np.uint8)
    for top in range(0, size.height, PART):
        rows = places[top : top + PART]
        first, last = int(rows.min()), int(rows.max())
        source = weighted_by_alpha(image[first : last + 1])
        taller = np.zeros((len(rows), width, 4), np.float32)
        for row, (taps, shares) in enumerate(zip(rows - first, weights[top : top + PART], strict=True)):
            for tap, share in zip(taps, shares, strict=True):
                cv2.scaleAdd(source[tap], share, taller[row], taller[row])
        result[top : top + PART] = unweighted(_enlarged(taller, Size(size.width, len(rows))))
    return result


def _taps(length: int, wanted: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return which pixels in a row of so many have a part in each of the `wanted` ones, and what part, of shape (wanted, 8).

    Source: Lanczos-4 windowed sinc, as `Resize`.
    """
    centers = (np.arange(wanted) + 0.5) * (length / wanted) - 0.5
    places = np.floor(centers).astype(np.intp)[:, None] + np.arange(-3, 5)
    apart = centers[:, None] - places
    weights = np.sinc(apart) * np.sinc(apart / 4)
    return np.clip(places, 0, length - 1), weights / weights.sum(axis=1, keepdims=True)


def _enlarged_levels(image: Image, size: Size) -> Image:
    """Enlarge 8-bit levels: as 16-bit ones OpenCV weighs them by floats, in half the time and to the level."""
    import cv2

    if size.width * size.height > WIDE:
        return _enlarged(image, size)
    return with_axis(cv2.convertScaleAbs(_enlarged(image.astype(np.uint16), size)))


def _enlarged(pixels: NDArray[Any], size: Size) -> NDArray[Any]:
    import cv2

    return with_axis(cv2.resize(pixels, size, interpolation=cv2.INTER_LANCZOS4))


def picked(image: Image, geometry: Geometry) -> Image:
    """Return of `image` the pixels under the centres of the result's pixels."""
    scaled, left, top, kept = geometry
    rows, columns = (
        (2 * np.arange(start, start + count) + 1) * length // (2 * whole)
        for start, count, length, whole in (
            (top, kept.height, image.shape[0], scaled.height),
            (left, kept.width, image.shape[1], scaled.width),
        )
    )
    return np.ascontiguousarray(image[rows][:, columns])
