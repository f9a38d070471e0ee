"""GIF: what is stored of each frame, and in which colors."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import Output, run
from pixelmill.codecs import encode_picture, probe, read
from pixelmill.picture import Picture
from pixelmill.pixels import Image, to_rgba, to_vips
from tests.pictures import by_pillow, decoded, difference, encoded, photo, psnr


def written(*frames: Image) -> bytes:
    return encode_picture(Picture(frames, (50,) * len(frames) if len(frames) > 1 else ()), Output(format="gif")).data


def shown(data: bytes) -> list[Image]:
    """Return the frames as libvips shows them, RGBA; Pillow must agree."""
    frames = [frame if frame.shape[2] == 4 else to_rgba(frame) for frame in read(data, probe(data)).frames]
    with Pillow.open(io.BytesIO(data)) as file:
        for number, frame in enumerate(frames):
            file.seek(number)
            other = np.array(file.convert("RGBA"))
            np.testing.assert_array_equal(frame[:, :, 3], other[:, :, 3])
            np.testing.assert_array_equal(frame * (frame[:, :, 3:] > 0), other * (other[:, :, 3:] > 0))
    return frames


def of_colors(count: int, size: tuple[int, int] = (40, 30), seed: int = 0) -> Image:
    """Return opaque RGBA noise of so many colors."""
    rng = np.random.default_rng(seed)
    palette = np.append(
        rng.choice(1 << 24, count, replace=False).astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3],
        np.full((count, 1), 255),
        1,
    )
    numbers = np.resize(np.arange(count), size[::-1])
    image: Image = palette[rng.permuted(numbers.reshape(-1)).reshape(numbers.shape)].astype(np.uint8)
    return image


@pytest.mark.parametrize("count", [1, 2, 3, 16, 128, 254, 255, 256])
def test_up_to_256_colors_are_exact(count: int) -> None:
    image = of_colors(count)
    np.testing.assert_array_equal(shown(written(image))[0], image)
    moving = [image, image[::-1], image[:, ::-1]]
    for frame, wanted in zip(shown(written(*moving)), moving, strict=True):
        np.testing.assert_array_equal(frame, wanted)


def test_frames_of_few_colors_share_a_palette() -> None:
    several = [of_colors(60, seed=seed) for seed in range(6)]  # the last two add colors that there is no room for
    for frame, wanted in zip(shown(written(*several)), several, strict=True):
        np.testing.assert_array_equal(frame, wanted)
    image = of_colors(200)
    assert len(written(image, image[::-1], image[:, ::-1])) < 3 * len(written(image)) - 2 * 3 * 200


def test_gray_levels_are_exact() -> None:
    image = photo(160, 120, 1)
    np.testing.assert_array_equal(by_pillow(written(image), "L"), image)


def test_more_colors_are_close() -> None:
    """At least as close as what libvips makes of them, and no larger."""
    image = photo(320, 240)
    data, theirs = written(image), bytes(to_vips(image).gifsave_buffer(effort=3))
    assert psnr(by_pillow(data), image) > psnr(by_pillow(theirs), image)
    assert len(data) < 1.05 * len(theirs)


def test_dark_pictures_have_fine_steps() -> None:
    dark = (photo(320, 240) // 8).astype(np.uint8)
    assert psnr(by_pillow(written(dark)), dark) > 46


def test_a_small_thing_keeps_its_color() -> None:
    image = photo(320, 240).copy()
    image[100:108, 200:208] = (255, 0, 255)
    assert difference(decoded(written(image))[101:107, 201:207], image[101:107, 201:207]) <= 2


def test_what_does_not_change_stays_as_it_was() -> None:
    background = photo(160, 120)
    frames = [background.copy() for _ in range(5)]
    for number, frame in enumerate(frames):
        frame[40:60, 20 * number : 20 * number + 20] = photo(20, 20, seed=number)
    data = written(*frames)
    first, *others = shown(data)
    for number, frame in enumerate(others, 1):
        still = np.all([each == frames[0] for each in frames[1 : number + 1]], axis=(0, 3))
        np.testing.assert_array_equal(frame[still], first[still])
        assert psnr(frame[:, :, :3], frames[number]) > 28
    assert len(data) < 2 * len(written(background))


def test_equal_frames_are_all_there() -> None:
    frames = shown(written(*[photo(40, 30)] * 3))
    assert len(frames) == 3
    np.testing.assert_array_equal(frames[2], frames[0])


def test_alpha_is_on_or_off() -> None:
    image = photo(80, 60, 4)
    (frame,) = shown(written(image))
    np.testing.assert_array_equal(frame[:, :, 3], np.where(image[:, :, 3] >= 128, 255, 0))
    visible = frame[:, :, 3] > 0
    assert psnr(frame[visible][:, :3], image[visible][:, :3]) > 28


def test_pixels_vanish_and_come_back() -> None:
    """Things that move over nothing leave nothing behind."""
    frames = []
    for number in range(6):
        image = photo(90, 70, 4, seed=number).copy()
        image[:, :, 3] = 0
        image[10 : 50 - 5 * number, 10 * number : 10 * number + 30, 3] = 255
        frames.append(image)
    frames[3:3] = [np.zeros_like(frames[0])]
    for frame, wanted in zip(shown(written(*frames)), frames, strict=True):
        np.testing.assert_array_equal(frame[:, :, 3], wanted[:, :, 3])
        visible = wanted[:, :, 3] > 0
        if visible.any():
            assert psnr(frame[visible][:, :3], wanted[visible][:, :3]) > 28


def test_a_gif_that_comes_through_is_the_same_to_look_at() -> None:
    pictures = [Pillow.fromarray(photo(60, 40, seed=seed)).quantize(200) for seed in range(4)]
    data = encoded(pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=70)
    again = run(data, "gif").data
    for frame, wanted in zip(shown(again), shown(data), strict=True):
        np.testing.assert_array_equal(frame, wanted)
