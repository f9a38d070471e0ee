"""Frames as Pillow's writers take them, one at a time: a list of pictures would be all of them, copied."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image as Pillow

from pixelmill.pixels import Image


class Strip(Pillow.Image):
    """A picture of many frames, of which only the one that was last sought has pixels in Pillow's own memory."""

    def __init__(self, frames: Sequence[Image]) -> None:
        super().__init__()
        self.n_frames = len(frames)
        self.is_animated = self.n_frames > 1
        self._frames = frames
        self._at = -1
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Go to a frame, counted from 0. Raises `EOFError` where there is none, as Pillow asks for."""
        if not 0 <= frame < self.n_frames:
            raise EOFError
        if frame != self._at:
            pixels = Pillow.fromarray(self._frames[frame])
            self.im, self._mode, self._size, self._at = pixels.im, pixels.mode, pixels.size, frame

    def tell(self) -> int:
        """Return the number of the frame that was last sought."""
        return self._at
