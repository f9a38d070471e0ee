"""Animations of few colors come out of a GIF as they went in, whatever appears, moves and vanishes."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as Pillow

from pixelmill.codecs import probe, read
from pixelmill.codecs.gif import write
from pixelmill.pixels import to_rgba

SIZES = st.tuples(st.integers(1, 12), st.integers(1, 12))


@st.composite
def animations(draw: st.DrawFn) -> list[NDArray[np.uint8]]:
    """Frames of one size, each what was before with some boxes of one color, or of none."""
    width, height = draw(SIZES)
    pixels = np.zeros((height, width, 4), np.uint8)
    frames = []
    for _ in range(draw(st.integers(1, 6))):
        pixels = pixels.copy()
        for _ in range(draw(st.integers(0, 3))):
            left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
            right, bottom = draw(st.integers(left, width)), draw(st.integers(top, height))
            color = draw(st.tuples(*[st.integers(0, 255)] * 3)) if draw(st.booleans()) else None
            pixels[top:bottom, left:right] = (*color, 255) if color else (0, 0, 0, 0)
        frames.append(pixels)
    return frames


@given(animations())
def test_frames_are_exact(frames: list[NDArray[np.uint8]]) -> None:
    data = write(frames, [40] * len(frames), 0)
    for number, wanted in enumerate(frames):
        with Pillow.open(io.BytesIO(data)) as file:
            file.seek(number)
            other = np.array(file.convert("RGBA"))
        np.testing.assert_array_equal(other * (other[:, :, 3:] > 0), wanted)
    for frame, wanted in zip(read(data, probe(data)).frames, frames, strict=True):
        pixels = frame if frame.shape[2] == 4 else to_rgba(frame)
        np.testing.assert_array_equal(pixels * (pixels[:, :, 3:] > 0), wanted)
