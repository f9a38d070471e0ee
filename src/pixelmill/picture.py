"""A decoded picture: one frame or many, what belongs to them in time, and metadata that is to be kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from pixelmill.errors import Internal
from pixelmill.geometry import Size
from pixelmill.pixels import Image

MAX_DELAY_MS = (1 << 31) - 1
"""The longest that a frame may show."""
MAX_LOOP = 65_535
"""How often an animation plays at most, where not for ever: what GIF and WebP count to. One that plays more often does so
for so long that nobody can tell."""


@dataclass(frozen=True)
class Metadata:
    """What a file says beside its pixels, as the formats carry it; None where it is not there or not to be kept.

    Attributes:
        icc: the ICC profile of the color space that the pixels are in; without one they are sRGB.
        exif: EXIF, from its TIFF header on.
        xmp: an XMP packet.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None

    def __bool__(self) -> bool:
        return bool(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """What there is of it: "icc", "exif", "xmp"."""
        return tuple(name for name, value in vars(self).items() if value)

    def only(self, names: Collection[str]) -> Metadata:
        """Return what is named "icc", "exif" or "xmp" of it."""
        return Metadata(*(value if name in names else None for name, value in vars(self).items()))


NO_METADATA = Metadata()


@dataclass(frozen=True)
class Picture:
    """What travels between steps and hops.

    Attributes:
        frames: pixels, all of one size and one number of channels; one frame where the picture is still.
        delays_ms: how long each frame shows, in milliseconds; empty where the picture is still.
        loop: how often an animation plays, up to `MAX_LOOP`; 0 is for ever.
        metadata: what goes into the result's file.
        source: the size that the picture had when the decoder shrank it on load, and no operation has run since.
    """

    frames: tuple[Image, ...]
    delays_ms: tuple[int, ...] = ()
    loop: int = 0
    metadata: Metadata = NO_METADATA
    source: Size | None = None

    @property
    def size(self) -> Size:
        """Width and height of each frame, in pixels."""
        height, width = self.frames[0].shape[:2]
        return Size(width, height)

    @property
    def nbytes(self) -> int:
        """Bytes of all pixels."""
        return sum(frame.nbytes for frame in self.frames)

    def with_frames(self, frames: Iterable[Image]) -> Picture:
        """Return the picture with what an operation made of its frames.

        Raises:
            Internal: they are not all of one shape.
        """
        made = tuple(frames)
        if len(made) != len(self.frames) or len({frame.shape for frame in made}) != 1:
            raise Internal
        return replace(self, frames=made, source=None)
