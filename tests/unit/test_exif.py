"""EXIF as cameras write it: kept byte for byte, but for the orientation and the thumbnail."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import ImageTooLarge, run
from pixelmill.codecs.exif import fitted
from pixelmill.codecs.tiff import exif_of, into_tiff
from pixelmill.geometry import Size
from tests.metadata import EXIF, GPS, IFD1, SIDEWAYS, THUMBNAIL, XMP, exif_of_a_camera
from tests.pictures import by_pillow, decoded, encoded, photo, psnr

KEEPING = ("jpeg", "png", "webp", "avif", "tiff")


@pytest.mark.parametrize(("order", "big"), [("<", True), ("<", False), (">", False)])
def test_a_tiff_has_its_exif_in_directories(order: str, big: bool) -> None:
    exif = Pillow.Exif()
    exif[0x010F], exif[0x8298], exif[0x9C9C], exif[0x0112] = "Camera & Co", "n", "a comment".encode("utf-16-le"), SIDEWAYS
    exif.get_ifd(EXIF).update({0x9003: "2024:05:06 07:08:09", 0x927C: b"NOTES\1\2\3", 0x829A: 1 / 250, 0x8827: (100, 200)})
    exif.get_ifd(GPS).update({1: "N", 2: (48.0, 30.0, 12.5), 5: b"\0"})
    # Pillow writes pixels of that mode, and everything else with them, in big-endian order.
    picture = Pillow.frombytes("I;16B", (60, 40), bytes(4800)) if order == ">" else Pillow.fromarray(photo(60, 40))
    data = encoded(picture, "TIFF", exif=exif.tobytes(), big_tiff=big)
    assert data.startswith(b"MM" if order == ">" else b"II")
    for text in ("jpeg:keep=exif", "resize:20x30 | tiff:keep=exif"):
        result = run(data, text)
        made = Pillow.open(io.BytesIO(result.data))
        made.load()
        got = made.getexif()
        for tag in (0x010F, 0x8298, 0x9C9C):
            assert got[tag] == exif[tag]
        assert got.get(0x0112, 1) == 1
        assert got.get_ifd(GPS) == Pillow.open(io.BytesIO(data)).getexif().get_ifd(GPS)
        inner = got.get_ifd(EXIF)
        assert (inner[0x9003], inner[0x927C]) == ("2024:05:06 07:08:09", b"NOTES\1\2\3")
        assert (float(inner[0x829A]), inner[0x8827]) == (1 / 250, (100, 200))
        assert len(got.get_ifd(GPS)) == 3
        assert THUMBNAIL not in result.data
    again = run(result.data, "png:keep=exif").data
    assert Pillow.open(io.BytesIO(again)).getexif().get_ifd(EXIF)[0x927C] == b"NOTES\1\2\3"


def test_a_tiff_that_says_nothing_has_no_exif() -> None:
    assert "exif" not in Pillow.open(io.BytesIO(run(encoded(photo(9, 9), "TIFF"), "jpeg:keep=exif").data)).info


@pytest.mark.parametrize("exif", [b"nonsense", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"II*\0\x08\0\0\0\1\0"])
def test_what_is_no_exif_does_a_tiff_no_harm(exif: bytes) -> None:
    bare = run(encoded(photo(9, 9)), "tiff").data
    np.testing.assert_array_equal(by_pillow(into_tiff(bare, exif)), by_pillow(bare))


def test_a_tiff_whose_values_share_bytes_is_refused() -> None:
    entries = b"".join(struct.pack("<HHII", tag, 7, 100_000, 8) for tag in range(0x9000, 0x9100))
    inner = struct.pack("<H", 0x100) + entries + bytes(4)
    tiff = struct.pack("<2sHIHHHII4x", b"II", 42, 8, 1, EXIF, 4, 1, 26) + inner + bytes(100_000)
    with pytest.raises(ImageTooLarge, match="expected at most 4194304 bytes of EXIF data in a tiff, got more"):
        exif_of(tiff)


@pytest.mark.parametrize("output", [name for name in KEEPING if name != "tiff"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_odd_places_stay(output: str, order: str) -> None:
    """Directories and values at odd places, one that leads beyond the block, and a maker's notes."""
    notes = b"\0\3" + b"\xaa" * 15
    mark = b"II*\0" if order == "<" else b"MM\0*"
    directory = struct.pack(
        f"{order}HHHIHxxHHIIHHIII", 3, 0x0112, 3, 1, SIDEWAYS, 0x010F, 2, 9, 0xFFFF_FFF0, EXIF, 4, 1, 51, 0x7FFF_FFFF
    )
    inner = struct.pack(f"{order}HHHIII", 1, 0x927C, 7, len(notes), 71, 0)
    exif = (mark + struct.pack(order + "I", 9) + b"\xee" + directory).ljust(51, b"\xee") + inner + b"\xee\xee" + notes
    wanted = bytearray(exif)
    struct.pack_into(order + "HH", wanted, 19, 1, 0)
    struct.pack_into(order + "I", wanted, 47, 0)  # there was no second directory there
    assert bytes(wanted) in run(with_exif(exif), f"{output}:keep=exif").data


def with_exif(exif: bytes) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(photo(60, 40)).save(buffer, "JPEG", exif=b"Exif\0\0" + exif, xmp=XMP)
    return buffer.getvalue()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("output", [*KEEPING, "png:colors=16"])
def test_exif_fits_the_result_and_its_thumbnail_is_gone(order: str, output: str) -> None:
    data = with_exif(exif_of_a_camera(order))
    assert THUMBNAIL in data
    assert Pillow.open(io.BytesIO(data)).getexif().get_ifd(IFD1)[0x0202] == len(THUMBNAIL)
    made = run(data, f"crop:10x20 | {output}{',' if ':' in output else ':'}keep=exif+xmp").data
    assert THUMBNAIL not in made
    exif = Pillow.open(io.BytesIO(made)).getexif()
    inner = exif.get_ifd(0x8769)
    assert (inner[0xA002], inner[0xA003]) == (10, 20)
    assert exif.get_ifd(0x8825)[1] == "N"
    assert not exif.get_ifd(IFD1)
    assert b"A. Uthor" in made
    assert inner[0x927C] == b"NOTES\1\2\3"
    assert output == "tiff" or set(exif) == {0x010F, 0x0112, 0x8769, 0x8825}


@pytest.mark.parametrize("output", [*(name for name in KEEPING if name != "tiff"), "avif:subsampling=4:2:2"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_is_written_as_it_was(output: str, order: str) -> None:
    exif = exif_of_a_camera(order)
    made = run(with_exif(exif), f"{output}{',' if ':' in output else ':'}keep=exif+xmp").data
    stored = Pillow.open(io.BytesIO(made)).info["exif"].removeprefix(b"Exif\0\0")
    assert stored == fitted(exif, Size(40, 60))
    assert psnr(decoded(made), np.rot90(photo(60, 40), -1)) > 25
    assert b"A. Uthor" in made
