"""What a file's structure asks for is counted up to the limit; what stays below it is read."""

from __future__ import annotations

import re
import struct
import zlib

import pytest
from PIL import Image as Pillow

from pixelmill import CorruptImage, ImageTooLarge, Limits, PixelmillError, UnsupportedFormat, run
from pixelmill.codecs import probe
from pixelmill.codecs.boxes import exif_blocks
from pixelmill.codecs.structure import check_structure
from pixelmill.errors import InvalidPipeline
from pixelmill.settings import OrchestratorSettings, load
from tests.hostile import bombs
from tests.pictures import encoded, photo

TWO = Limits(max_frames=2)


def animation(format: str, frames: int) -> bytes:
    first, *others = [Pillow.fromarray(photo(30, 20, seed=number)) for number in range(frames)]
    return encoded(first, format, save_all=True, append_images=others)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_frames_and_pages_are_counted(format: str) -> None:
    check_structure(animation(format, 2), format.lower(), TWO)
    with pytest.raises(ImageTooLarge, match="expected at most 2 frames or pages for the source, got at least 3"):
        probe(animation(format, 3), TWO)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_pages_of_every_kind_of_tiff_are_counted(order: str, big: bool) -> None:
    mark, wide = b"II" if order == "<" else b"MM", "Q" if big else "I"
    start = mark + (struct.pack(order + "HHH", 43, 8, 0) if big else struct.pack(order + "H", 42))
    at = len(start) + struct.calcsize(order + wide)
    empty = struct.pack(order + ("Q" if big else "H"), 0)
    step = len(empty) + struct.calcsize(order + wide)
    chain = b"".join(empty + struct.pack(order + wide, at + step * (number + 1)) for number in range(2))
    data = start + struct.pack(order + wide, at) + chain + empty + struct.pack(order + wide, 0)
    check_structure(data, "tiff", Limits(max_frames=3))
    with pytest.raises(ImageTooLarge, match="at most 2 frames"):
        check_structure(data, "tiff", TWO)


def test_directories_that_go_in_circles_end() -> None:
    data = b"II*\0\x08\0\0\0" + struct.pack("<HI", 0, 8)
    check_structure(data, "tiff", Limits(max_frames=1))


def test_the_setting_of_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(OrchestratorSettings).limits == Limits()
    monkeypatch.setenv("PIXELMILL_MAX_FRAMES", "7")
    monkeypatch.setenv("PIXELMILL_ALLOW_SVG", "true")
    assert load(OrchestratorSettings).limits == Limits(max_frames=7, allow_svg=True)
    monkeypatch.setenv("PIXELMILL_MAX_FRAMES", "0")
    with pytest.raises(InvalidPipeline, match=re.escape("≥ 1 for max_frames (PIXELMILL_MAX_FRAMES)")):
        load(OrchestratorSettings)


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_compressed_metadata_of_common_size_is_read(kind: bytes) -> None:
    assert probe(bombs.text_chunks(kind, 1_000_000)).size == (1, 1)


def test_all_compressed_metadata_counts_together() -> None:
    probe(bombs.text_chunks(b"zTXt", 5 * bombs.MIB, 3))
    with pytest.raises(ImageTooLarge, match="bytes of metadata in a png once inflated"):
        probe(bombs.text_chunks(b"zTXt", 5 * bombs.MIB, 4))


def test_text_behind_the_pixels_counts_too() -> None:
    data = bombs.png(1, 1, zlib.compress(bytes(4)))
    text = bombs.png_chunk(b"zTXt", b"key\0\0" + bombs.deflated_zeros(20 * bombs.MIB))
    with pytest.raises(ImageTooLarge, match="once inflated"):
        probe(data[:-12] + text + data[-12:])


def test_scans_are_counted_and_thumbnails_are_not() -> None:
    assert probe(bombs.jpeg_scans(99, side=64)).size == (64, 64)
    with pytest.raises(ImageTooLarge, match="expected at most 100 scans in a jpeg"):
        probe(bombs.jpeg_scans(100, side=64))
    assert probe(bombs.jpeg_scans(19)).size == (10_000, 10_000)
    with pytest.raises(ImageTooLarge, match="and 2000000000 scans × pixels, got more"):
        probe(bombs.jpeg_scans(20))
    hidden = b"\xff\xe5" + struct.pack(">H", 2 + 10 * 500) + b"\xff\xda\0\x08\x01\x01\0\0\0\0" * 500
    data = encoded(photo(20, 20), "JPEG", progressive=True)
    assert probe(data[:2] + hidden + data[2:]).size == (20, 20)
    assert probe(data + b"\xff\xda\0\x08" * 500).size == (20, 20)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_common_exif_is_read(format: str, order: str) -> None:
    exif = Pillow.Exif()
    exif.endian = order
    exif[0x010E] = "a picture"
    exif.get_ifd(0x8769)[0x9286] = b"a comment"
    exif.get_ifd(0x8825)[1] = "N"
    data = encoded(photo(40, 30), format, exif=exif)
    assert probe(data).size == (40, 30)
    run(data, "png")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_exif_in_circles_is_corrupt(format: str, order: str) -> None:
    rows = struct.pack(order + "HHII", 0x8769, 4, 1, 8) * 200
    mark = b"II*\0" if order == "<" else b"MM\0*"
    exif = mark + struct.pack(order + "IH", 8, 200) + rows + bytes(4)
    with pytest.raises(CorruptImage, match="expected at most 10000 entries in the EXIF data"):
        probe(bombs.with_exif(format, exif))


def test_exif_in_an_avif_is_found() -> None:
    exif = b"MM\0*\0\0\0\x08" + bytes(100)
    (found,) = exif_blocks(encoded(photo(40, 30), "AVIF", exif=b"Exif\0\0" + exif))
    assert found.endswith(exif)
    assert exif_blocks(encoded(photo(40, 30), "AVIF")) == []


def test_exif_that_an_avif_hides_is_corrupt() -> None:
    data = encoded(photo(40, 30), "AVIF", exif=b"Exif\0\0MM\0*\0\0\0\x08" + bytes(100))
    with pytest.raises(CorruptImage, match="expected EXIF data where the file announces it"):
        probe(data.replace(b"iloc", b"ilox"))


def test_all_loaders_but_ours_stay_blocked() -> None:
    import pyvips

    probe(encoded(photo(9, 9)))
    with pytest.raises(pyvips.Error, match="operation is blocked"):
        pyvips.Operation.call("rawload", __file__, 1, 1, 1)
    with pytest.raises((UnsupportedFormat, PixelmillError)):
        probe(b"# vips csv\n1 2 3\n")


def test_names_in_a_file_that_are_no_text() -> None:
    data = encoded(photo(20, 20), "AVIF", exif=b"Exif\0\0MM\0*\0\0\0\x08" + bytes(20))
    assert probe(data.replace(b"Exif\0\0MM", b"Ex\xf4f\0\0MM").replace(b"Exif", b"\xc6xif", 1)).size == (20, 20)
