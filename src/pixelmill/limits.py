"""Bounds on what one request may ask for, and the time it may take."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pixelmill.errors import Cancelled, DeadlineExceeded, ImageTooLarge, InvalidPipeline, expected

MIB = 1024 * 1024
MAX_SOURCE_SIDE = 1_000_000
"""The longer side of a source, px: libpng's bound too. libvips cannot shrink by more than that at once."""


@dataclass(frozen=True)
class Limits:
    """Bounds on one request, checked from the header before anything is decoded.

    Attributes:
        max_input_bytes: size of the encoded picture, in bytes.
        max_pixels: width × height × frames, of the source and of every intermediate picture.
        max_output_side: the longer side of every picture that an operation makes, in pixels.
        max_operations: number of operations that a picture goes through.
        max_renditions: number of pictures that a pipeline makes of one.
        max_frames: frames or pages of a source, whether or not all are wanted.
        allow_svg: whether SVG is read: drawing one may take more time than its size lets expect.
        timeout_s: time for a request whose caller gave no deadline, in seconds.
    """

    max_input_bytes: int = 64 * MIB
    max_pixels: int = 100_000_000
    max_output_side: int = 16_384
    max_operations: int = 32
    max_renditions: int = 32
    timeout_s: float = 30.0
    max_frames: int = 1_000
    allow_svg: bool = False

    @property
    def max_message_bytes(self) -> int:
        """The largest message between two processes: a frame of `max_pixels` RGBA pixels, or an input, and its envelope."""
        return max(self.max_input_bytes, 4 * self.max_pixels) + MIB

    def check_input(self, size: int) -> None:
        """Raise `ImageTooLarge` where an encoded picture of `size` bytes is beyond the limit."""
        if size > self.max_input_bytes:
            raise ImageTooLarge(expected(f"at most {self.max_input_bytes} bytes", "image_data", size))

    def check_source(self, width: int, height: int, frames: int) -> None:
        """Raise `ImageTooLarge` where a source of that size is beyond the limit."""
        if max(width, height) > MAX_SOURCE_SIDE:
            raise ImageTooLarge(f"expected at most {MAX_SOURCE_SIDE} px a side for the source, got {width}×{height}")
        if width * height * frames > self.max_pixels:
            raise ImageTooLarge(
                f"expected at most {self.max_pixels} pixels × frames for the source, got {width}×{height}×{frames}"
            )

    def check_frames(self, frames: int) -> None:
        """Raise `ImageTooLarge` where a source has more than so many frames or pages: opening them costs, too."""
        if frames > self.max_frames:
            raise ImageTooLarge(f"expected at most {self.max_frames} frames or pages for the source, got at least {frames}")

    def check_intermediate(self, name: str, width: int, height: int, frames: int = 1) -> None:
        """Raise `ImageTooLarge` where the operation `name` would make a picture beyond the limits."""
        if max(width, height) > self.max_output_side or width * height * frames > self.max_pixels:
            times = f" × {frames} frames" if frames > 1 else ""
            raise ImageTooLarge(
                f"expected at most {self.max_output_side} px a side and {self.max_pixels} pixels for the result of {name}, "
                f"got {width}×{height}{times}"
            )

    def check_renditions(self, count: int) -> None:
        """Raise `InvalidPipeline` where a pipeline has more than `max_renditions`."""
        if count > self.max_renditions:
            raise InvalidPipeline(expected(f"at most {self.max_renditions} renditions", "renditions", count))

    def check_operations(self, count: int) -> None:
        """Raise `InvalidPipeline` where a pipeline of `count` operations is too long."""
        if count > self.max_operations:
            raise InvalidPipeline(expected(f"at most {self.max_operations} operations", "operations", count))


DEFAULT_LIMITS = Limits()


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Deadline:
    """A point in time after which work is worthless, and whether the caller has given up before.

    Attributes:
        at: when, in seconds of `clock`, which never goes back.
        cancelled: tells whether the caller has given up.
    """

    at: float = math.inf
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    cancelled: Callable[[], bool] = field(default=_never, repr=False)

    @classmethod
    def after(cls, seconds: float, cancelled: Callable[[], bool] = _never) -> Deadline:
        """Return the deadline that many seconds from now."""
        return cls(time.monotonic() + seconds, cancelled=cancelled)

    @property
    def remaining_s(self) -> float:
        """Seconds left; negative once it has passed, infinite where there is none."""
        return self.at - self.clock()

    def check(self, doing: str) -> None:
        """Raise `Cancelled` or `DeadlineExceeded`, naming what was about to be done, where the work is worthless."""
        if self.cancelled():
            raise Cancelled(f"the caller gave up before {doing}")
        if self.remaining_s <= 0:
            raise DeadlineExceeded(f"the deadline passed before {doing}")


NO_DEADLINE = Deadline()
