"""Geometry on animations: each frame alone, all of them alike, the same on every way through the hops."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import ImageTooLarge, run
from pixelmill.codecs import probe
from pixelmill.limits import MAX_SOURCE_SIDE
from pixelmill.pixels import Image
from tests.pictures import by_pillow, encoded, photo

SIZE = (90, 60)
PLACES = [(10, 10), (60, 10), (60, 30)]


def moving() -> bytes:
    """Return a lossless animation of a dark square on nearly white; no two frames are alike anywhere."""
    frames = []
    for number, (x, y) in enumerate(PLACES):
        frame = np.full((SIZE[1], SIZE[0], 3), 255 - number, np.uint8)
        frame[y : y + 20, x : x + 20] = photo(20, 20) // 2
        frames.append(Pillow.fromarray(frame))
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True, duration=[100, 200, 300])


def frames_of(data: bytes) -> list[Image]:
    picture = Pillow.open(io.BytesIO(data))
    frames = []
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        frames.append(np.asarray(picture.convert("RGBA")))
    return frames


@pytest.mark.parametrize(
    ("pipeline", "wanted"),
    [
        ("trim", (70, 40)),
        ("trim | rotate:90", (40, 70)),
        ("crop:40x40,attention", (40, 40)),
        ("crop:40x40,entropy", (40, 40)),
        ("resize:30x30,fit=cover,gravity=attention", (30, 30)),
        ("resize:30x30,fit=contain,background=transparent", (30, 30)),
        ("rotate:30,background=transparent", (108, 97)),
        ("extend:5,mode=mirror", (100, 70)),
        ("flip | flop", (90, 60)),
        ("resize:50%,kernel=nearest", (45, 30)),
    ],
)
def test_every_frame_goes_through(pipeline: str, wanted: tuple[int, int]) -> None:
    result = run(moving(), f"{pipeline} | webp:lossless=true")
    frames = frames_of(result.data)
    assert len(frames) == len(PLACES)
    assert {frame.shape[1::-1] for frame in frames} == {wanted}
    assert not np.array_equal(frames[0], frames[1])
    # Each one as if it were alone, where nothing is looked for in all of them.
    if not {"trim", "attention", "entropy"} & set(re.split(r"\W", pipeline)):
        for frame, still in zip(frames, frames_of(moving()), strict=True):
            alone = run(encoded(still[:, :, :3]), f"{pipeline} | png").data
            wanted_frame = by_pillow(alone, "RGBA")
            assert np.array_equal(frame[:, :, 3], wanted_frame[:, :, 3])
            assert np.array_equal(frame[frame[:, :, 3] > 0], wanted_frame[frame[:, :, 3] > 0])


def test_a_trimmed_animation_keeps_its_frames_in_place() -> None:
    frames = frames_of(run(moving(), "trim | webp:lossless=true").data)
    for number, ((x, y), frame) in enumerate(zip(PLACES, frames, strict=True)):
        left, top = x - 10, y - 10
        assert np.array_equal(frame[top : top + 20, left : left + 20, :3], photo(20, 20) // 2)
        around = np.ones(frame.shape[:2], bool)
        around[top : top + 20, left : left + 20] = False
        assert (frame[around][:, :3] == 255 - number).all()


@pytest.mark.parametrize("size", [(2_000_000, 1), (1, 2_000_000)])
def test_a_source_too_long_for_libvips_is_refused_by_its_header(size: tuple[int, int]) -> None:
    data = encoded(Pillow.new("L", size), "TIFF", compression="tiff_lzw")
    with pytest.raises(ImageTooLarge, match=f"expected at most 1000000 px a side for the source, got {size[0]}×{size[1]}"):
        run(data, "resize:1x1,fit=fill | png")


@pytest.mark.parametrize("size", [(MAX_SOURCE_SIDE, 1), (1, MAX_SOURCE_SIDE)])
@pytest.mark.parametrize(
    "pipeline",
    [
        "resize:1x1,fit=fill",
        "resize:10x10",
        "resize:9x9,kernel=cubic",
        "resize:9x9,kernel=nearest",
        "crop:9x9,attention",
        "crop:9x9,entropy",
    ],
)
def test_the_longest_source_is_not_too_long(size: tuple[int, int], pipeline: str) -> None:
    data = encoded(Pillow.new("L", size, 77), "TIFF", compression="tiff_lzw")
    assert probe(data).size == size
    result = run(data, f"{pipeline} | png")
    assert (frames_of(result.data)[0][:, :, :3] == 77).all()
