"""Pictures as messages, with their pixels inside or in shared memory."""

from __future__ import annotations

from contextlib import suppress
from math import prod

import numpy as np

import image_processing_pb2 as pb
from pixelmill.errors import Internal
from pixelmill.fleet import shared
from pixelmill.geometry import Size
from pixelmill.picture import Metadata, Picture

SHARED_FROM = 256 * 1024
"""Encoded pictures of so many bytes go to shared memory rather than into a message."""


def fill_frame(frame: pb.Frame, picture: Picture, answer_in: str = "") -> None:
    """Write a picture into a message; its pixels into the shared memory of that name, where there is one and room in it."""
    frame.height, frame.width, frame.channels = picture.frames[0].shape
    frame.frames = len(picture.frames)
    frame.delays_ms.extend(picture.delays_ms)
    frame.loop = picture.loop
    metadata = picture.metadata
    frame.icc, frame.exif, frame.xmp = metadata.icc or b"", metadata.exif or b"", metadata.xmp or b""
    if picture.source:
        frame.source_width, frame.source_height = picture.source
    if answer_in:
        with suppress(shared.NotShared):
            if shared.write(answer_in, [np.ascontiguousarray(each).data.cast("B") for each in picture.frames]):
                frame.shared.name, frame.shared.bytes = answer_in, picture.nbytes
                return
    several = [each.tobytes() for each in picture.frames]
    frame.pixels = several[0] if len(several) == 1 else b"".join(several)


def fill_encoded(answer: pb.StageResponse, data: bytes, answer_in: str) -> None:
    """Write an encoded picture into a message; a large one into the shared memory of that name, as `fill_frame` does."""
    if answer_in and len(data) >= SHARED_FROM:
        with suppress(shared.NotShared):
            if shared.write(answer_in, [data]):
                answer.shared.name, answer.shared.bytes = answer_in, len(data)
                return
    answer.encoded = data


def frame_picture(frame: pb.Frame) -> Picture:
    """Return a message's picture, its pixels read-only.

    Raises:
        Internal: the message does not hold as many bytes as its size says.
        NotShared: they are in shared memory that cannot be opened here.
    """
    shape = (frame.frames or 1, frame.height, frame.width, frame.channels)
    pixels = np.frombuffer(shared_bytes(frame.shared) if frame.shared.name else frame.pixels, np.uint8)
    if min(shape) < 1 or frame.channels not in (1, 3, 4) or pixels.size != prod(shape):
        raise Internal(f"expected frames × height × width × channels bytes for a frame, got {pixels.size} for {shape}")
    return Picture(
        tuple(pixels.reshape(shape)),
        tuple(frame.delays_ms),
        frame.loop,
        Metadata(frame.icc or None, frame.exif or None, frame.xmp or None),
        Size(frame.source_width, frame.source_height) if frame.source_width else None,
    )


def shared_bytes(message: pb.Shared) -> bytes:
    """Return the bytes of shared memory. Raises `NotShared`."""
    return shared.read(message.name, message.bytes)
