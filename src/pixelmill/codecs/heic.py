"""HEIC, through pillow-heif (libheif with libde265 and x265).

A HEIC's rotation stands in the file's own properties, which libheif applies; its EXIF orientation only repeats it.

Source: ISO/IEC 23008-12:2022, Image File Format.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pillow_heif

from pixelmill.codecs.foreign import Stored, plugin_errors
from pixelmill.codecs.formats import Format
from pixelmill.codecs.header import Header
from pixelmill.geometry import Size
from pixelmill.pixels import Image, channels, with_axis

if TYPE_CHECKING:
    from pixelmill.codecs.output import Output
    from pixelmill.limits import Limits
    from pixelmill.picture import Metadata

pillow_heif.options.DECODE_THREADS = 1
PRESETS = {"speed": "ultrafast", "balanced": "medium", "small": "slow"}
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def header(data: bytes, entry: Format, limits: Limits) -> Header:
    """Read the header."""
    with plugin_errors(entry.name):
        file = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
        limits.check_frames(len(file))
        image = file[file.primary_index]
        info: dict[str, Any] = dict(image.info)
        bands = {"L": 1, "RGB": 3}.get(image.mode, 4)
        return Header(
            entry,
            Size(*image.size),
            len(file),
            bands,
            info.get("bit_depth", 8),
            has_alpha=bands == 4,
            profile=info.get("icc_profile") or None,
        )


def read(data: bytes, header: Header) -> Stored:
    """Return the pixels of the primary picture."""
    with plugin_errors(header.format.name):
        file = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
        image = file[file.primary_index]
        info: dict[str, Any] = dict(image.info)
        stored: Any = np.asarray(image)
        pixels = np.ascontiguousarray(with_axis(stored))
    return Stored(pixels, info.get("icc_profile") or None, info.get("exif"), info.get("xmp"))


def write(image: Image, output: Output, metadata: Metadata) -> bytes:
    """Return a HEIC."""
    height, width = image.shape[:2]
    buffer = io.BytesIO()
    kept = {"exif": metadata.exif, "xmp": metadata.xmp, "icc_profile": metadata.icc}
    options: dict[str, Any] = {name: value for name, value in kept.items() if value}
    chroma = output.subsampling.replace(":", "")
    encoder = {"preset": PRESETS[output.effort]}
    pillow_heif.encode(
        MODES[channels(image)],
        (width, height),
        np.ascontiguousarray(image).tobytes(),
        buffer,
        quality=output.effective_quality,
        chroma=int(chroma),
        enc_params=encoder,
        **options,
    )
    return buffer.getvalue()
