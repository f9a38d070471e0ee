"""The floor: decoders and encoders alone, none of which does a whole job. The fastest of each count.

A job is named WORKLOAD/PART/LIBRARY.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import pyvips
import simplejpeg
from isal import isal_zlib
from numpy.typing import NDArray
from PIL import Image

from benchmarks.engine.peers.jobs import Job
from pixelmill import run
from pixelmill.codecs.png import filtered

VERSION = ""
RGB = NDArray[np.uint8]
cv2.setNumThreads(1)
pyvips.concurrency_set(1)


def _decoding(decode: Callable[[bytes], object]) -> Job:
    def prepare(data: bytes) -> Callable[[], list[bytes]]:
        def once() -> list[bytes]:
            decode(data)
            return []

        return once

    return prepare


def _encoding(encode: Callable[[RGB], object], pipeline: str) -> Job:
    def prepare(data: bytes) -> Callable[[], list[bytes]]:
        image: RGB = np.array(Image.open(io.BytesIO(run(data, pipeline).data)).convert("RGB"))

        def once() -> list[bytes]:
            encode(image)
            return []

        return once

    return prepare


def _turbo(eighths: int) -> Callable[[bytes], object]:
    def decode(data: bytes) -> object:
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
        least = (-(-height * eighths // 8), -(-width * eighths // 8))
        return simplejpeg.decode_jpeg(data, min_height=least[0], min_width=least[1], min_factor=1)

    return decode


def _pillow_png(image: RGB) -> object:
    Image.fromarray(image).save(buffer := io.BytesIO(), "PNG", compress_level=1)
    return buffer


def _bytes_of(data: bytes) -> RGB:
    return np.frombuffer(data, np.uint8)


JPEG_DECODERS: dict[str, Callable[[bytes], object]] = {
    "simplejpeg 3/8": _turbo(3),
    "simplejpeg 1/2": _turbo(4),
    "opencv 1/2": lambda data: cv2.imdecode(_bytes_of(data), cv2.IMREAD_REDUCED_COLOR_2),
}
PNG_DECODERS: dict[str, Callable[[bytes], object]] = {
    "libvips": lambda data: pyvips.Image.new_from_buffer(data, "", access="sequential").write_to_memory(),
    "opencv": lambda data: cv2.imdecode(_bytes_of(data), cv2.IMREAD_COLOR),
    "pillow": lambda data: Image.open(io.BytesIO(data)).load(),
}
JPEG_ENCODERS: dict[str, Callable[[RGB], Any]] = {
    "simplejpeg": lambda image: simplejpeg.encode_jpeg(image, 85, colorsubsampling="420"),
    "opencv": lambda image: cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85]),
}
PNG_ENCODERS: dict[str, Callable[[RGB], Any]] = {
    "isal 1": lambda image: isal_zlib.compress(filtered(image), 1),
    "opencv": lambda image: cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1]),
    "pillow": _pillow_png,
}


def _jobs(names: Sequence[str], decoders: dict[str, Any], encoders: dict[str, Any], pipeline: str) -> dict[str, Job]:
    jobs: dict[str, Job] = {}
    for name in names:
        jobs |= {f"{name}/decode/{library}": _decoding(decode) for library, decode in decoders.items()}
        jobs |= {f"{name}/encode/{library}": _encoding(encode, pipeline) for library, encode in encoders.items()}
    return jobs


# What B and D encode is smoother than what A and C do; the floor must not profit from that, so their own pictures are used.
JOBS: dict[str, Job] = (
    _jobs(["A"], JPEG_DECODERS, JPEG_ENCODERS, "resize:1280 | png")
    | _jobs(["B"], JPEG_DECODERS, JPEG_ENCODERS, "resize:1280 | blur:2 | sharpen | sepia | png")
    | _jobs(["D"], PNG_DECODERS, PNG_ENCODERS, "resize:1280x720 | blur:20 | sharpen:2 | sepia | png")
)
