"""OpenCV alone: a JPEG is decoded at half its size, and averaged over areas from there, as OpenCV has no other good way."""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.engine.peers.jobs import Job, one_file, several_files
from benchmarks.engine.workloads import RENDITIONS

VERSION = cv2.__version__
SEPIA = np.array([[0.131, 0.534, 0.272], [0.168, 0.686, 0.349], [0.189, 0.769, 0.393]], np.float32)
SHARPEN = np.array([[-1, -1, -1], [-1, 32, -1], [-1, -1, -1]], np.float32) / 24
JPEG = (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 85])
PNG: tuple[str, list[int]] = (".png", [])
cv2.setNumThreads(1)


def _small(data: bytes, width: int) -> NDArray[np.uint8]:
    flags = cv2.IMREAD_REDUCED_COLOR_2 if data[:2] == b"\xff\xd8" else cv2.IMREAD_COLOR
    image: Any = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    size = (width, round(image.shape[0] * width / image.shape[1]))
    small: NDArray[np.uint8] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small


def _file(image: NDArray[np.uint8], to: tuple[str, list[int]]) -> bytes:
    encoded: Any = cv2.imencode(to[0], image, to[1])[1]
    return bytes(encoded.tobytes())


def _resized(data: bytes, to: tuple[str, list[int]]) -> bytes:
    return _file(_small(data, 1280), to)


def _filtered(data: bytes, sigma: float, to: tuple[str, list[int]]) -> bytes:
    image = cv2.filter2D(cv2.GaussianBlur(_small(data, 1280), (0, 0), sigma), -1, SHARPEN)
    image = cv2.transform(image, SEPIA)
    height, width = image.shape[:2]
    # Its own fonts have ASCII only.
    cv2.putText(image, "(c) Pixelmill", (width - 240, height - 20), cv2.FONT_HERSHEY_SIMPLEX, 1, (255,) * 3, 2, cv2.LINE_AA)
    return _file(image, to)


JOBS: dict[str, Job] = {
    "A": one_file(partial(_resized, to=JPEG)),
    "B": one_file(partial(_filtered, sigma=2, to=JPEG)),
    "C": one_file(partial(_resized, to=PNG)),
    "D": one_file(partial(_filtered, sigma=20, to=PNG)),
    "E webp": one_file(partial(_resized, to=(".webp", [cv2.IMWRITE_WEBP_QUALITY, 80]))),
    "F": several_files(lambda data: [_file(_small(data, width), JPEG) for width in RENDITIONS]),
}
if cv2.haveImageWriter("x.avif"):
    JOBS["E avif"] = one_file(partial(_resized, to=(".avif", [cv2.IMWRITE_AVIF_QUALITY, 60])))
