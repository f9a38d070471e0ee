"""What decoders deliver, and encoded pictures, as messages."""

from __future__ import annotations

import image_processing_pb2 as pb
from pixelmill.codecs import KEPT, Reading
from pixelmill.geometry import Size
from pixelmill.result import ImageInfo, Rendered


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
    # Each look at a message's bytes makes a copy of them.
    data = message.data
    info = ImageInfo(message.format, message.width, message.height, len(data), message.frames or 1)
    return Rendered(message.name, data, info)
