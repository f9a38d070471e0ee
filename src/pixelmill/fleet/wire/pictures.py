"""Pictures as messages: raw frames between hops, encoded ones at the end."""

from __future__ import annotations

from math import prod

import numpy as np

import image_processing_pb2 as pb
from pixelmill.codecs import KEPT, Reading
from pixelmill.errors import Internal
from pixelmill.geometry import Size
from pixelmill.picture import Metadata, Picture
from pixelmill.result import ImageInfo, Rendered


def frame_message(picture: Picture) -> pb.Frame:
    """Return a picture as a message."""
    height, width, channels = picture.frames[0].shape
    metadata = picture.metadata
    frame = pb.Frame(
        width=width,
        height=height,
        channels=channels,
        pixels=b"".join(frame.tobytes() for frame in picture.frames),
        frames=len(picture.frames),
        delays_ms=picture.delays_ms,
        loop=picture.loop,
        icc=metadata.icc or b"",
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
    )
    if picture.source:
        frame.source_width, frame.source_height = picture.source
    return frame


def frame_picture(frame: pb.Frame) -> Picture:
    """Return a message's picture, its pixels read-only.

    Raises:
        Internal: the message does not hold as many bytes as its size says.
    """
    shape = (frame.frames or 1, frame.height, frame.width, frame.channels)
    pixels = np.frombuffer(frame.pixels, np.uint8)
    if min(shape) < 1 or frame.channels not in (1, 3, 4) or pixels.size != prod(shape):
        raise Internal(f"expected frames × height × width × channels bytes for a frame, got {pixels.size} for {shape}")
    return Picture(
        tuple(pixels.reshape(shape)),
        tuple(frame.delays_ms),
        frame.loop,
        Metadata(frame.icc or None, frame.exif or None, frame.xmp or None),
        Size(frame.source_width, frame.source_height) if frame.source_width else None,
    )


def reading_message(reading: Reading) -> pb.Reading:
    """Return what a decoder shall deliver as a message."""
    width, height = reading.at_least or (0, 0)
    return pb.Reading(first_frame=reading.first_frame, keep=reading.keep, at_least_width=width, at_least_height=height)


def reading_of(message: pb.Reading) -> Reading:
    """Return a message's reading."""
    at_least = Size(message.at_least_width, message.at_least_height) if message.at_least_width else None
    return Reading(message.first_frame, tuple(name for name in KEPT if name in message.keep), at_least)


def rendered_message(rendered: Rendered) -> pb.Rendered:
    """Return an encoded picture of several as a message."""
    info = rendered.info
    return pb.Rendered(
        name=rendered.name,
        data=rendered.data,
        format=info.format,
        width=info.width,
        height=info.height,
        frames=info.frames,
    )


def rendered_of(message: pb.Rendered) -> Rendered:
    """Return a message's encoded picture."""
    size = len(message.data)
    info = ImageInfo(message.format, message.width, message.height, size, message.frames or 1)
    return Rendered(message.name, message.data, info)
