"""What is wrong with a picture is told by the right error: damage, animation, size, format."""

from __future__ import annotations

import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import CorruptImage, ImageTooLarge, Limits, PixelmillError, UnsupportedFormat, run
from pixelmill.codecs import probe
from tests.pictures import encoded, photo

IMAGE = Pillow.fromarray(photo(200, 150))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("pipeline", ["png", "resize:40x40 | png"])
def test_a_truncated_file_is_corrupt(format: str, share: float, pipeline: str) -> None:
    data = encoded(IMAGE, format)
    with pytest.raises(CorruptImage, match=r"expected a whole (gif|picture while (decoding|reading the header of))"):
        run(data[: int(len(data) * share)], pipeline)


def test_a_large_jpeg_shrunk_on_load_must_be_whole_too() -> None:
    data = encoded(photo(1600, 1200), "JPEG")
    with pytest.raises(CorruptImage):
        run(data[: len(data) * 9 // 10], "resize:100x100")


def test_a_damaged_png_is_corrupt() -> None:
    data = bytearray(encoded(IMAGE))
    data[len(data) // 2] ^= 0x55
    with pytest.raises(CorruptImage):
        run(bytes(data), "png")


@pytest.mark.parametrize("data", [b"", b"GIF", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"BM" + bytes(80)])
def test_what_is_no_picture_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises((UnsupportedFormat, CorruptImage), match="expected a picture"):
        probe(data)


def frames(count: int) -> list[Pillow.Image]:
    return [Pillow.fromarray(photo(30, 20, seed=number)) for number in range(count)]


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_what_cannot_be_kept_of_several_frames_is_refused_and_not_cut_to_the_first(format: str) -> None:
    first, *others = frames(3)
    data = encoded(first, format, save_all=True, append_images=others)
    animation = format in ("GIF", "WEBP", "AVIF")
    wanted = "expected .* for an animation of 3 frames, or frames=first" if animation else "expected a still picture, or"
    with pytest.raises(UnsupportedFormat, match=wanted):
        run(data, "jpeg")
    assert run(data, "png:frames=first").info.frames == 1


@pytest.mark.parametrize("format", ["GIF", "WEBP", "TIFF", "AVIF"])
def test_a_single_frame_is_a_still_picture(format: str) -> None:
    assert probe(encoded(frames(1)[0], format)).frames == 1


def test_all_frames_count_against_the_limit() -> None:
    first, *others = frames(3)
    with pytest.raises(ImageTooLarge, match=re.escape("30×20×3")):
        probe(encoded(first, "GIF", save_all=True, append_images=others), Limits(max_pixels=30 * 20 * 2))


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def webp_header(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    payload = b"\x2f" + struct.pack("<I", bits) + bytes(9)
    return b"RIFF" + struct.pack("<I", 12 + len(payload)) + b"WEBPVP8L" + struct.pack("<I", len(payload)) + payload


@pytest.mark.parametrize(
    "data", [webp_header(16_383, 16_383), png_header(100_000, 100_000), png_header(2**31 - 1, 2**31 - 1)]
)
def test_a_tiny_file_that_claims_a_huge_picture_is_refused_by_its_header(data: bytes) -> None:
    with pytest.raises(PixelmillError) as refusal:
        run(data, "resize:10x10")
    assert isinstance(refusal.value, (ImageTooLarge, CorruptImage))
    assert len(data) < 100


def test_the_limits_name_what_was_too_large() -> None:
    data = encoded(IMAGE)
    with pytest.raises(
        ImageTooLarge, match=re.escape("expected at most 29999 pixels × frames for the source, got 200×150×1")
    ):
        run(data, "png", limits=Limits(max_pixels=29_999))
    with pytest.raises(ImageTooLarge, match="expected at most 10 bytes for image_data"):
        run(data, "png", limits=Limits(max_input_bytes=10))
    with pytest.raises(ImageTooLarge, match="expected at most 16384 px a side"):
        run(data, "resize:16384x16384,fit=fill,enlarge=true")
    with pytest.raises(ImageTooLarge, match="for the result of resize"):
        run(encoded(photo(1000, 1)), "resize:1x1000,fit=cover,enlarge=true | png")


@pytest.mark.parametrize(("format", "side"), [("webp", 16_384), ("avif", 16_385), ("jpeg", 65_501)])
def test_a_picture_that_the_output_format_cannot_hold_is_refused(format: str, side: int) -> None:
    data = encoded(np.zeros((1, side, 3), np.uint8))
    with pytest.raises(ImageTooLarge, match=f"expected at most {side - 1} px a side for {format}, got {side}×1"):
        run(data, format)


@pytest.mark.parametrize(("format", "side"), [("webp", 16_383), ("avif", 16_384), ("jpeg", 65_500), ("png", 70_000)])
def test_the_largest_picture_that_it_can_hold_is_written(format: str, side: int) -> None:
    result = run(encoded(np.zeros((1, side, 3), np.uint8)), format)
    assert probe(result.data).size == (side, 1)
