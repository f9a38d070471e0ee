"""Extend and trim."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageChops, ImageOps

from pixelmill import ImageTooLarge, InvalidPipeline, Pipeline, run
from pixelmill.codecs import FORMATS, Header
from pixelmill.geometry import Size
from pixelmill.operations import make_operation
from pixelmill.operations.trim import Trim
from pixelmill.pixels import Image
from pixelmill.plan import plan
from tests.pictures import by_pillow, encoded, photo

MODES = {"copy": "edge", "mirror": "symmetric", "repeat": "wrap"}


def extended(image: Image, **parameters: Any) -> Image:
    return make_operation("extend", parameters).apply(image)


def trimmed(image: Image, **parameters: Any) -> Image:
    return make_operation("trim", parameters).apply(image)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(9, 7), (1, 1), (2, 1)])
def test_made_borders_are_numpys(mode: str, channels: int, size: tuple[int, int]) -> None:
    image = photo(*size, channels)
    result = extended(image, left=3, right=20, top=11, bottom=5, mode=mode)
    assert np.array_equal(result, np.pad(image, ((11, 5), (3, 20), (0, 0)), mode=MODES[mode]))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("channels", "background", "wanted"),
    [
        (1, "#909090", [144]),
        (1, "red", [255, 0, 0]),
        (1, "transparent", [0, 0, 0, 0]),
        (3, "#123", [17, 34, 51]),
        (3, "#12345680", [18, 52, 86, 128]),
        (4, "#123", [17, 34, 51, 255]),
    ],
)
def test_a_border_of_one_color(channels: int, background: str, wanted: list[int]) -> None:
    image = photo(9, 7, channels)
    result = extended(image, border=2, left=5, background=background)
    assert result.shape == (11, 16, len(wanted))
    inside = result[2:9, 5:14]
    outside = np.ones((11, 16), bool)
    outside[2:9, 5:14] = False
    assert (result[outside] == wanted).all()
    assert np.array_equal(inside[:, :, :3], np.broadcast_to(image[:, :, :3], inside[:, :, :3].shape))
    if len(wanted) == 4:
        assert np.array_equal(inside[:, :, 3], image[:, :, 3] if channels == 4 else np.full((7, 9), 255))


def test_a_border_is_pillows() -> None:
    image = photo(40, 30)
    wanted = ImageOps.expand(Pillow.fromarray(image), border=(1, 2, 3, 4), fill=(9, 8, 7))
    result = extended(image, left=1, top=2, right=3, bottom=4, background="#090807")
    assert np.array_equal(result, np.asarray(wanted))


def test_no_border_changes_nothing() -> None:
    image = photo(9, 7)
    assert extended(image, border=0, background="transparent") is image
    assert Pipeline.from_text("extend:0") == Pipeline().extend(0)


def test_refusals() -> None:
    with pytest.raises(InvalidPipeline, match="expected a border, a left, a top, a right or a bottom for extend, got none"):
        make_operation("extend", {})
    with pytest.raises(InvalidPipeline, match=r"expected a number ≥ 0 for extend\.left, got -1"):
        make_operation("extend", {"left": -1})
    with pytest.raises(InvalidPipeline, match=r"expected a number ≤ 255 for trim\.threshold, got 256"):
        make_operation("trim", {"threshold": 256})


def test_limits_are_held_before_anything_is_extended() -> None:
    with pytest.raises(ImageTooLarge, match="for the result of extend, got 32868×32868"):
        plan(Pipeline().extend(16_384), Header(FORMATS["png"], Size(100, 100)))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("background", ["black", "#808080", "white"])
def test_trim_is_pillows_bounding_box(channels: int, background: str) -> None:
    level = {"black": 0, "#808080": 128, "white": 255}[background]
    image = np.full((60, 80, channels), level, np.uint8)
    image[20:41, 30:32] = photo(2, 21, channels)
    image[50, 5] = level - 12 if level else 12
    for threshold in (0, 10, 11, 12, 40, 100):
        flat = Pillow.fromarray(image[:, :, 0] if channels == 1 else image)
        apart = ImageChops.difference(flat, Pillow.new(flat.mode, flat.size, (level,) * channels if channels > 1 else level))
        left, top, right, bottom = apart.point(lambda value, least=threshold: 255 if value > least else 0).getbbox() or (
            0,
            0,
            80,
            60,
        )
        assert np.array_equal(trimmed(image, threshold=threshold), image[top:bottom, left:right])
        assert np.array_equal(trimmed(image, threshold=threshold, background=background), image[top:bottom, left:right])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_what_is_all_background_stays_as_it_is(channels: int) -> None:
    image = np.full((5, 6, channels), 40, np.uint8)
    assert trimmed(image) is image
    assert trimmed(photo(30, 20, channels), threshold=255).shape == (20, 30, channels)
    assert trimmed(photo(1, 1, channels)).shape == (1, 1, channels)


def test_a_background_that_is_given_decides() -> None:
    image = np.zeros((30, 40, 3), np.uint8)
    image[:, 5:] = 255
    assert trimmed(image, background="#fff").shape == (30, 5, 3)
    assert trimmed(image, background="#000").shape == (30, 35, 3)
    assert trimmed(image).shape == (30, 35, 3)
    assert trimmed(image, background="transparent") is image


@pytest.mark.parametrize("alpha", [255, 128])
def test_transparent_borders(alpha: int) -> None:
    image = np.zeros((30, 40, 4), np.uint8)
    image[:, :, :3] = photo(40, 30)
    image[8:20, 6:31] = (200, 10, 10, alpha)
    assert np.array_equal(trimmed(image), image[8:20, 6:31])
    assert np.array_equal(trimmed(image, background="transparent"), image[8:20, 6:31])
    # A color counts by its alpha: one that can hardly be seen is like one that cannot.
    image[0, 0] = (255, 255, 255, 9)
    assert np.array_equal(trimmed(image, background="transparent"), image[8:20, 6:31])


def test_gray_color_and_opaque_pixels_are_trimmed_alike() -> None:
    gray = np.full((50, 60, 1), 100, np.uint8)
    gray[10:30, 20:50] = photo(30, 20, 1)
    color = np.repeat(gray, 3, axis=2)
    opaque = np.dstack([color, np.full_like(gray, 255)])
    nearly = opaque.copy()
    nearly[15, 25, 3] = 254
    for threshold in range(0, 120, 7):
        for background in (None, "#646464", "#60646c", "#646464fa"):
            sizes = {
                trimmed(image, threshold=threshold, background=background).shape[:2]
                for image in (gray, color, opaque, nearly)
            }
            assert len(sizes) == 1, (threshold, background)


def test_frames_are_trimmed_alike_to_what_is_in_any_of_them() -> None:
    frames = [np.zeros((30, 40, 3), np.uint8) for _ in range(4)]
    frames[1][5:9, 10:12] = 200
    frames[2][8:20, 3:7] = 200
    frames[3][:] = 0
    results = Trim().apply_frames(tuple(frames))
    assert all(np.array_equal(result, frame[5:20, 3:12]) for result, frame in zip(results, frames, strict=True))
    still = (frames[0], frames[3])
    assert Trim().apply_frames(still) == still


def test_what_follows_a_trim_gets_the_size_that_it_left() -> None:
    image = np.full((60, 80, 3), 255, np.uint8)
    image[10:30, 20:60] = photo(40, 20)
    result = run(encoded(image), "trim | resize:20x | png")
    assert (result.info.width, result.info.height) == (20, 10)
    assert by_pillow(result.data).shape == (10, 20, 3)


def test_what_is_known_only_after_a_trim_is_checked_then() -> None:
    wide = np.zeros((3, 16_400, 3), np.uint8)
    wide[1, 1:16_384] = 255
    header = Header(FORMATS["png"], Size(16_384, 3))
    assert plan(Pipeline.from_text("trim | resize:scale=3"), header).sizes == (None, None)
    assert run(encoded(wide[:, :5000]), "trim | resize:scale=3 | png").info.width == 3 * 4999
    with pytest.raises(ImageTooLarge, match="for the result of resize, got 17997×3"):
        run(encoded(wide[:, :6000]), "trim | resize:scale=3 | png")
    wide[1, 0] = 255
    with pytest.raises(ImageTooLarge, match="expected at most 16383 px a side for webp, got 16384×1"):
        run(encoded(wide[:, :16_384]), "trim:10,background=black | webp")
