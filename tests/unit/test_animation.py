"""Animations keep their frames, delays and loop through every operation, each frame alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import CorruptImage, ImageTooLarge, Limits, Output, UnsupportedFormat, run
from pixelmill.codecs import encode, encode_picture, probe, read
from pixelmill.operations import make_operation
from pixelmill.picture import Picture
from pixelmill.pixels import Image, to_rgb
from tests.pictures import by_pillow, encoded, photo, psnr

DELAYS = (100, 40, 10, 0, 250)
ANIMATED = ("gif", "webp", "avif")


def flat(color: tuple[int, ...], size: tuple[int, int] = (40, 30)) -> Image:
    return np.full((size[1], size[0], len(color)), color, np.uint8)


STRONG = tuple(flat(color) for color in ((255, 0, 0), (0, 0, 255), (0, 255, 0), (255, 255, 255), (0, 0, 0)))
"""Frames that show where one bleeds into another."""


def animation(format: str, frames: tuple[Image, ...] = STRONG, loop: int = 0, lossless: bool = False) -> bytes:
    options = {"lossless": lossless} if format == "webp" else {}
    picture = Picture(frames, DELAYS[: len(frames)], loop)
    return encode_picture(picture, Output.model_validate({"format": format, **options})).data


def shown_for(format: str) -> list[int]:
    """Return the delays that a file has: AVIF knows no frame that shows for no time."""
    return [max(delay, 1) for delay in DELAYS] if format == "avif" else list(DELAYS)


def frames_by_pillow(data: bytes) -> tuple[list[Image], list[int]]:
    file = Pillow.open(io.BytesIO(data))
    frames, delays = [], []
    for number in range(getattr(file, "n_frames", 1)):
        file.seek(number)
        file.load()
        frames.append(np.asarray(file.convert("RGB")))
        delays.append(int(file.info.get("duration", 0)))
    return frames, delays


@pytest.mark.parametrize("format", ANIMATED)
def test_frames_and_delays_as_another_reader_sees_them(format: str) -> None:
    frames, delays = frames_by_pillow(animation(format))
    assert delays == shown_for(format)
    assert [psnr(got, wanted) > 30 for got, wanted in zip(frames, STRONG, strict=True)] == [True] * 5


@pytest.mark.parametrize("format", ANIMATED)
@pytest.mark.parametrize("loop", [0, 1, 7])
def test_what_was_written_is_read(format: str, loop: int) -> None:
    data = animation(format, loop=loop)
    header = probe(data)
    assert (header.frames, header.size, header.is_animation) == (5, (40, 30), True)
    picture = read(data, header)
    assert (len(picture.frames), list(picture.delays_ms), picture.loop) == (5, shown_for(format), loop)


@pytest.mark.parametrize("source", ANIMATED)
@pytest.mark.parametrize("output", ANIMATED)
def test_every_animated_format_becomes_every_other(source: str, output: str) -> None:
    result = run(animation(source), f"resize:20x | sharpen | text:hi,size=8 | {output}")
    assert (result.info.format, result.info.frames, result.info.width, result.info.height) == (output, 5, 20, 15)
    assert result.info == run(result.data, "source").info.__class__(output, 20, 15, len(result.data), 5)
    # GIF counts in hundredths of a second.
    kept = shown_for("avif" if "avif" in (source, output) and output != "gif" else output)
    assert frames_by_pillow(result.data)[1] == kept


def test_each_frame_is_a_picture_of_its_own() -> None:
    frames = tuple(photo(40, 30, 4, seed) for seed in range(4))
    pipeline = "resize:25x | blur:3 | brightness:1.5 | text:x,size=9 | webp:lossless=true"
    moving = run(animation("webp", frames, lossless=True), pipeline)
    picture = read(moving.data, probe(moving.data))
    for frame, moved in zip(frames, picture.frames, strict=True):
        alone = run(encode(frame, Output(format="png")), pipeline)
        still = read(alone.data, probe(alone.data)).frames[0]
        # The color under transparent pixels is nobody's.
        assert np.array_equal(still[:, :, 3], moved[:, :, 3])
        assert np.array_equal(still * (still[:, :, 3:] > 0), moved * (moved[:, :, 3:] > 0))


def test_every_operation_keeps_every_frame() -> None:
    data = animation("webp", tuple(photo(40, 30, 3, seed) for seed in range(3)), loop=2)
    for text in ("blur", "sharpen", "edge_detect", "grayscale", "sepia", "negative", "brightness", "contrast", "resize:9x9"):
        picture = read(out := run(data, f"{text} | webp:lossless=true").data, probe(out))
        assert (len(picture.frames), picture.delays_ms, picture.loop) == (3, DELAYS[:3], 2)
        assert len({frame.tobytes() for frame in picture.frames}) == 3


def test_frames_that_repeat_show_as_long() -> None:
    """WebP's own encoder makes one frame of those that follow each other and are equal."""
    frames = (STRONG[0], STRONG[1], STRONG[1])
    for format, count in (("gif", 3), ("avif", 3), ("webp", 2)):
        picture = read(data := animation(format, frames), probe(data))
        assert len(picture.frames) == count
        assert encode_picture(Picture(frames, DELAYS[:3]), Output(format=format)).frames == count
        assert sum(picture.delays_ms) == sum(DELAYS[:3])


@pytest.mark.parametrize("output", ["jpeg", "png", "tiff"])
def test_what_a_format_cannot_keep_is_refused_unless_the_first_is_enough(output: str) -> None:
    data = animation("gif")
    with pytest.raises(UnsupportedFormat, match=f"expected webp or avif or gif for an animation of 5 frames.*got {output}"):
        run(data, output)
    result = run(data, f"{output}:frames=first")
    assert result.info.frames == 1
    assert psnr(by_pillow(result.data), STRONG[0]) > 30


@pytest.mark.parametrize("format", ANIMATED)
def test_the_first_frame_alone(format: str) -> None:
    result = run(animation(format), "source:frames=first")
    assert (result.info.format, result.info.frames) == (format, 1)
    assert psnr(by_pillow(result.data), STRONG[0]) > 30


def test_lossless_avif_cannot_move() -> None:
    with pytest.raises(UnsupportedFormat, match="expected a still picture for lossless avif"):
        run(animation("gif"), "avif:lossless=true")


def test_pages_are_no_animation() -> None:
    first, *others = (Pillow.fromarray(frame) for frame in STRONG)
    data = encoded(first, "TIFF", save_all=True, append_images=others)
    with pytest.raises(UnsupportedFormat, match="or frames=first, got a tiff of 5 frames or pages"):
        run(data, "webp")
    assert psnr(by_pillow(run(data, "png:frames=first").data), STRONG[0]) > 30


def test_frames_count_for_the_limits() -> None:
    data = animation("gif")
    limits = Limits(max_pixels=40 * 30 * 4)
    with pytest.raises(ImageTooLarge, match="40×30×5"):
        run(data, "gif", limits=limits)
    assert run(data, "gif:frames=first", limits=limits).info.frames == 1
    with pytest.raises(ImageTooLarge, match="for the result of resize, got 100×75 × 5 frames"):
        run(data, "resize:100x,enlarge=true | gif", limits=Limits(max_pixels=30_000))


def test_a_truncated_animation_is_refused() -> None:
    frames = tuple(photo(60, 50, 3, seed) for seed in range(3))
    for format in ANIMATED:
        data = animation(format, frames)
        for length in (len(data) // 2, len(data) * 2 // 3, len(data) - 1):
            with pytest.raises(CorruptImage):
                run(data[:length], "resize:20x | webp")


def test_a_still_gif_may_lack_its_last_byte() -> None:
    data = run(encoded(photo(30, 20)), "gif").data
    assert data[-1:] == b";"
    assert run(data[:-1], "png").info.width == 30
    with pytest.raises(CorruptImage, match="expected a whole gif, got one that ends in or after frame 1"):
        run(data[:-3], "png")


def test_frames_of_gray_and_color_share_their_channels() -> None:
    operation = make_operation("text", {"text": "x", "color": "#ff0000", "size": 9})
    made = operation.apply_frames(tuple(photo(30, 20, 1, seed) for seed in range(2)))
    assert {frame.shape for frame in made} == {(20, 30, 3)}
    assert np.array_equal(to_rgb(photo(30, 20, 1, 0))[0, 0], made[0][0, 0])


def test_the_time_of_day_is_not_in_the_file() -> None:
    data = animation("avif")
    for kind, later in ((b"mvhd", 16), (b"tkhd", 16), (b"mdhd", 16)):
        at = data.index(kind) + 4
        assert data[at] == 1
        assert data[at + 4 : at + 4 + later] == bytes(later)
