"""Pixels to encoded bytes. No metadata is written but what came along to be kept."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from pixelmill.codecs import png
from pixelmill.codecs.animation import WEBP_METHODS, write_animation, write_gif
from pixelmill.codecs.boxes import NO_EXIF, with_exif
from pixelmill.codecs.choice import chosen
from pixelmill.codecs.exif import fitted
from pixelmill.codecs.foreign import codec
from pixelmill.codecs.formats import FORMATS
from pixelmill.codecs.header import Header
from pixelmill.codecs.icc import converted
from pixelmill.codecs.metadata import for_pillow, into_jpeg, into_webp, png_chunks
from pixelmill.codecs.output import AUTO, Output
from pixelmill.codecs.palette import palette_png
from pixelmill.codecs.structure import webp_frames
from pixelmill.codecs.tiff import into_tiff
from pixelmill.codecs.vips import set_up
from pixelmill.color import rgb
from pixelmill.errors import UnsupportedFormat
from pixelmill.geometry import Size
from pixelmill.picture import Metadata, Picture
from pixelmill.pixels import Image, channels, is_opaque, to_rgb, to_vips, without_alpha, without_hidden

if TYPE_CHECKING:
    import pyvips

AVIF_EFFORTS = {"speed": 1, "balanced": 3, "small": 6}
FASTEST_AVIF = 9
"""The speed of an effort of 0, in libvips."""
KEPT_BY_VIPS = {"exif": 1, "xmp": 2, "icc": 8}
"""Source: libvips' VipsForeignKeep."""


class Encoded(NamedTuple):
    """A file, the name of its format, and how many frames it was made of."""

    data: bytes
    format: str
    frames: int


def encode(image: Image, output: Output) -> bytes:
    """Encode the pixels of a still picture as `output` says; its format must not be "source" any more.

    Raises:
        ImageTooLarge: the format cannot hold a picture of that size.
    """
    return encode_picture(Picture((image,)), output).data


def encode_picture(picture: Picture, output: Output) -> Encoded:
    """Encode a picture as `output` says; its format must not be "source" any more.

    Raises:
        ImageTooLarge: the format cannot hold a picture of that size.
        UnsupportedFormat: it cannot hold an animation, or metadata that is to be kept.
    """
    if output.frames == "first":
        picture = replace(picture, frames=picture.frames[:1], delays_ms=(), loop=0)
    if output.format == AUTO:
        output = chosen(picture, output)
    output.check_size(picture.size)
    picture = _with_kept(picture, output)
    if len(picture.frames) == 1:
        write = _STILL.get(output.format) or codec(FORMATS[output.format]).write
        data = write(without_hidden(picture.frames[0]), output, picture.metadata)
    else:
        _check_animation(output, len(picture.frames))
        data = write_animation(picture, output)
    # WebP's encoder makes one frame of equal ones that follow each other.
    frames = webp_frames(data) if output.format == "webp" else len(picture.frames)
    return Encoded(data, output.format, frames)


def _with_kept(picture: Picture, output: Output) -> Picture:
    """Return a picture with only the metadata that this output keeps: another one may keep more."""
    kept = picture.metadata.only(output.keep)
    if kept.exif:
        kept = replace(kept, exif=fitted(kept.exif, picture.size))
    profile = picture.metadata.icc
    if profile and not kept.icc:
        picture = picture.with_frames(converted(frame, profile) for frame in picture.frames)
    elif profile and channels(picture.frames[0]) == 1:
        # The profile is one for RGB.
        picture = picture.with_frames(map(to_rgb, picture.frames))
    return replace(picture, metadata=kept)


def check_frames(output: Output, header: Header) -> None:
    """Raise `UnsupportedFormat` where a source has frames or pages that the output does not keep."""
    if header.frames == 1 or output.frames == "first":
        return
    if not header.is_animation:
        raise UnsupportedFormat(
            f"expected a still picture, or frames=first, got a {header.format.name} of {header.frames} frames or pages"
        )
    if output.format != AUTO:
        _check_animation(output, header.frames)


def _check_animation(output: Output, count: int) -> None:
    if not FORMATS[output.format].animated:
        able = " or ".join(name for name, entry in FORMATS.items() if entry.animated and entry.writable)
        raise UnsupportedFormat(
            f"expected {able} for an animation of {count} frames, or frames=first for a still picture, got {output.format}"
        )


def _jpeg(image: Image, output: Output, metadata: Metadata) -> bytes:
    import simplejpeg

    if channels(image) == 4:
        image = flatten(image, output.background)
    if output.progressive or output.effort != "speed":
        return into_jpeg(_small_jpeg(image, output), metadata)
    image = np.ascontiguousarray(image)
    gray = channels(image) == 1
    space, subsampling = ("GRAY", "Gray") if gray else ("RGB", output.subsampling.replace(":", ""))
    data = simplejpeg.encode_jpeg(image, output.effective_quality, colorspace=space, colorsubsampling=subsampling)
    return into_jpeg(bytes(data), metadata)


def _small_jpeg(image: Image, output: Output) -> bytes:
    """Return a JPEG with Huffman tables of its own, which simplejpeg does not make."""
    import cv2

    sampling = getattr(cv2, f"IMWRITE_JPEG_SAMPLING_FACTOR_{output.subsampling.replace(':', '')}")
    options = [cv2.IMWRITE_JPEG_QUALITY, output.effective_quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    # Progressive files are the smaller ones, too.
    progressive = output.progressive or output.effort == "small"
    options += [cv2.IMWRITE_JPEG_OPTIMIZE, 1, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    pixels = image if channels(image) == 1 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", pixels, options)[1].tobytes()


def _png(image: Image, output: Output, metadata: Metadata) -> bytes:
    if output.colors is None:
        return png.encode(image, output.effort, png_chunks(metadata))
    return palette_png(image, output.colors, output.effort, png_chunks(metadata))


def _webp(image: Image, output: Output, metadata: Metadata) -> bytes:
    set_up()
    options = {"Q": output.effective_quality, "lossless": output.lossless, "effort": WEBP_METHODS[output.effort]}
    data = bytes(to_vips(image).webpsave_buffer(**options, keep=0))
    return into_webp(data, metadata, Size(image.shape[1], image.shape[0]))


def _avif(image: Image, output: Output, metadata: Metadata) -> bytes:
    # What writes EXIF would sort it anew, so that there first is another one in its place.
    stand_in = replace(metadata, exif=NO_EXIF if metadata.exif else None)
    # libvips knows the two others.
    pillow = output.subsampling == "4:2:2" and channels(image) > 1 and not output.lossless
    avif = (_avif_by_pillow if pillow else _avif_by_vips)(image, output, stand_in)
    return with_exif(avif, metadata.exif) if metadata.exif else avif


def _avif_by_vips(image: Image, output: Output, metadata: Metadata) -> bytes:
    set_up()
    options: dict[str, Any] = {"Q": output.effective_quality, "lossless": output.lossless}
    options |= {"effort": AVIF_EFFORTS[output.effort], "compression": "av1", "bitdepth": 8}
    options["subsample_mode"] = "off" if output.subsampling == "4:4:4" or output.lossless else "on"
    return bytes(_with_metadata(to_vips(image), metadata).heifsave_buffer(**options, **_keep(metadata)))


def _avif_by_pillow(image: Image, output: Output, metadata: Metadata) -> bytes:
    from PIL import Image as Pillow

    options = {"quality": output.effective_quality, "subsampling": output.subsampling, "max_threads": 1}
    options["speed"] = FASTEST_AVIF - AVIF_EFFORTS[output.effort]
    buffer = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(image)).save(buffer, "AVIF", **options, **for_pillow(metadata))
    return buffer.getvalue()


def _gif(image: Image, output: Output, metadata: Metadata) -> bytes:
    return write_gif(Picture((image,)), output)


def _tiff(image: Image, output: Output, metadata: Metadata) -> bytes:
    set_up()
    options = {"compression": "deflate", "predictor": "horizontal"}
    others = replace(metadata, exif=None)
    tiff = bytes(_with_metadata(to_vips(image), others).tiffsave_buffer(**options, **_keep(others)))
    return into_tiff(tiff, metadata.exif)


def _with_metadata(vips: pyvips.Image, metadata: Metadata) -> pyvips.Image:
    import pyvips

    fields = {"icc-profile-data": metadata.icc, "exif-data": metadata.exif, "xmp-data": metadata.xmp}
    for name, content in fields.items():
        if content:
            vips.set_type(pyvips.GValue.blob_type, name, content)
    return vips


def _keep(metadata: Metadata) -> dict[str, int]:
    return {"keep": sum(flag for name, flag in KEPT_BY_VIPS.items() if getattr(metadata, name))}


class _StillEncoder(Protocol):
    def __call__(self, image: Image, output: Output, metadata: Metadata) -> bytes: ...


_STILL: dict[str, _StillEncoder] = {"jpeg": _jpeg, "png": _png, "webp": _webp, "avif": _avif, "gif": _gif, "tiff": _tiff}


def flatten(image: Image, background: str) -> Image:
    """Return RGBA pixels over a background of one color, as sRGB."""
    import cv2

    color = without_alpha(image)
    if is_opaque(image):
        return color
    alpha = image[:, :, 3].astype(np.float32)
    flat: Image = cv2.blendLinear(color, np.full_like(color, rgb(background)), alpha, 255 - alpha)
    return flat
