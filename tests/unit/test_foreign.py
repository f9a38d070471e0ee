"""BMP, ICO and PNM come in as Pillow reads them, HEIC and JPEG XL in and out."""

from __future__ import annotations

import io
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps

from pixelmill import CorruptImage, ImageTooLarge, InvalidPipeline, Limits, Output, UnsupportedFormat, run
from pixelmill.codecs import FORMATS, encode, probe
from pixelmill.codecs.foreign import codec
from pixelmill.codecs.formats import format_of
from pixelmill.pixels import Image, without_hidden
from tests.hostile import bombs
from tests.pictures import by_pillow, decoded, difference, encoded, photo, psnr

COLOR = Pillow.fromarray(photo(61, 43))
GRAY = COLOR.convert("L")
TRANSPARENT = Pillow.fromarray(photo(61, 43, 4))
PALETTE = COLOR.quantize(37)


@pytest.mark.parametrize(
    ("picture", "mode"),
    [(COLOR, "RGB"), (GRAY, "L"), (PALETTE, "RGB")],
    ids=["rgb", "gray", "palette"],
)
def test_bmp(picture: Pillow.Image, mode: str) -> None:
    data = encoded(picture, "BMP")
    assert probe(data).size == (61, 43)
    assert difference(decoded(data), by_pillow(data, mode)) == 0


def test_bmp_with_alpha() -> None:
    pixels = photo(61, 43, 4)
    masks = struct.pack("<4I", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    header = struct.pack("<IiiHHIIiiII", 108, 61, -43, 1, 32, 3, pixels.nbytes, 0, 0, 0, 0) + masks + bytes(52)
    data = b"BM" + struct.pack("<IHHI", 122 + pixels.nbytes, 0, 0, 122) + header + pixels.tobytes()
    assert difference(decoded(data), pixels) == 0


def test_bmp_of_one_bit() -> None:
    data = encoded(COLOR.convert("1"), "BMP")
    assert difference(decoded(data), by_pillow(data, "L")) == 0


@pytest.mark.parametrize("kind", ["png", "bmp"])
def test_ico_gives_its_largest_picture(kind: str) -> None:
    data = encoded(TRANSPARENT, "ICO", sizes=[(10, 10), (40, 40), (20, 20)], bitmap_format=kind)
    assert probe(data).size == by_pillow(data, "RGBA").shape[1::-1]
    assert difference(decoded(data), by_pillow(data, "RGBA")) == 0


@pytest.mark.parametrize(
    ("picture", "mode"),
    [(COLOR, "RGB"), (GRAY, "L"), (COLOR.convert("1"), "L")],
    ids=["rgb", "gray", "1-bit"],
)
def test_pnm(picture: Pillow.Image, mode: str) -> None:
    data = encoded(picture, "PPM")
    assert difference(decoded(data), by_pillow(data, mode)) == 0


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"P1\n# a comment 9 9\n3 2\n101 0 # another\n1 0\n", [[0, 255, 0], [255, 0, 255]]),
        (b"P2 3 1 255 0 128\n255", [[0, 128, 255]]),
        (b"P2 3 1 4 0 1 4", [[0, 64, 255]]),
        (b"P3 1 1 65535 0 32768 65535", [[[0, 128, 255]]]),
        (b"P4 9 2\n\xff\x80\x00\x00", [[0] * 9, [255] * 9]),
        (b"P5 2 1 65535\n\xff\xff\x80\x00", [[255, 128]]),
        (b"P5 2 1\n#c\n255 \n\x20", [[10, 32]]),
        (b"P6 1 1 15 \x0f\x00\x07", [[[255, 0, 119]]]),
        (b"P7\n# c\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n\x07\x09", [[[7, 7, 7, 9]]]),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 65535\nENDHDR\n\0\0\x80\0\xff\xff\xff\xff", [[[0, 128, 255, 255]]]),
        (b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n\0\1", [[0, 255]]),
    ],
)
def test_pnm_of_every_kind(data: bytes, wanted: list[object]) -> None:
    pixels = np.array(wanted)
    assert np.array_equal(decoded(data), pixels if pixels.ndim == 3 else pixels[:, :, None])


@pytest.mark.parametrize(
    "data",
    [
        b"P5 2 2 255\nabc",
        b"P5 0 2 255\n",
        b"P5 2 2 0\nabcd",
        b"P5 2 2 70000\nabcdefgh",
        b"P5 2",
        b"P2 2 1 10 3",
        b"P2 2 1 10 3 11",
        b"P2 2 1 10 3 -1",
        b"P2 2 1 10 3 x",
        b"P1 2 1 1 2",
        b"P1 2 1",
        b"P6 1000 1000 255\n",
        b"P7\nWIDTH 1\nENDHDR\n",
        b"P7\nWIDTH 1\nHEIGHT x\nDEPTH 1\nMAXVAL 1\nENDHDR\n\0",
        b"P7\nWIDTH 1\n",
    ],
)
def test_a_pnm_that_is_not_whole_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptImage, match="expected "):
        decoded(data)


FILES = {
    "bmp": encoded(COLOR, "BMP"),
    "palette bmp": encoded(PALETTE, "BMP"),
    "ico": encoded(TRANSPARENT, "ICO", sizes=[(40, 40)]),
    "bmp in ico": encoded(TRANSPARENT, "ICO", sizes=[(40, 40)], bitmap_format="bmp"),
    "pnm": encoded(COLOR, "PPM"),
    "heic": encode(photo(61, 43), Output(format="heic")),
    "jxl": encode(photo(61, 43), Output(format="jxl")),
    "lossless jxl": encode(photo(61, 43, 4), Output(format="jxl", lossless=True)),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("pipeline", ["png", "resize:20x20 | png"])
def test_a_truncated_file_is_corrupt(name: str, share: float, pipeline: str) -> None:
    data = FILES[name]
    with pytest.raises((CorruptImage, UnsupportedFormat), match="expected "):
        run(data[: int(len(data) * share)], pipeline)


@pytest.mark.parametrize("name", FILES)
def test_the_limits_hold_before_decoding(name: str) -> None:
    size = probe(FILES[name]).size
    with pytest.raises(ImageTooLarge, match=f"for the source, got {size.width}×{size.height}×1"):
        run(FILES[name], "png", limits=Limits(max_pixels=size.width * size.height - 1))


def test_a_picture_in_an_ico_is_bounded_as_any_other() -> None:
    inside = bombs.text_chunks(b"zTXt", 20 * bombs.MIB)
    row = b"\0\0\0\0\1\0\x20\0" + len(inside).to_bytes(4, "little") + (22).to_bytes(4, "little")
    with pytest.raises(ImageTooLarge, match="bytes of metadata"):
        probe(b"\0\0\1\0\1\0" + row + inside)
    small = bombs.png(50_000, 50_000, b"")
    row = row[:8] + len(small).to_bytes(4, "little") + row[12:]
    with pytest.raises(ImageTooLarge, match="50000×50000"):
        probe(b"\0\0\1\0\1\0" + row + small)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("format", "least"), [("heic", 34), ("jxl", 32)])
def test_what_is_written_is_read_as_it_was(format: str, least: float, channels: int) -> None:
    image = photo(200, 150, channels)
    data = encode(image, Output(format=format, quality=95, **({"subsampling": "4:4:4"} if format == "heic" else {})))
    header = probe(data)
    assert (header.format.name, header.size) == (format, (200, 150))
    got = decoded(data)
    seen = got[:, :, 3] == 255 if channels == 4 else np.ones(got.shape[:2], bool)
    assert psnr(got[seen][:, :3], image[seen][:, :3]) > least


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_lossless_jxl_is_exact(channels: int) -> None:
    image = without_hidden(photo(61, 43, channels))
    assert difference(decoded(encode(image, Output(format="jxl", lossless=True))), image) == 0


@pytest.mark.parametrize("format", ["heic", "jxl"])
def test_quality_and_effort_make_a_difference(format: str) -> None:
    image = photo(300, 200)
    assert len(encode(image, Output(format=format, quality=30))) < len(encode(image, Output(format=format, quality=90)))
    assert encode(image, Output(format=format, effort="small")) != encode(image, Output(format=format))
    assert encode(image, Output(format=format)) == encode(image, Output(format=format))


def oriented(orientation: int) -> Pillow.Exif:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    return exif


def with_exif(picture: Pillow.Image, orientation: int) -> Pillow.Image:
    return Pillow.open(io.BytesIO(encoded(picture, exif=oriented(orientation))))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_heic_is_upright(orientation: int) -> None:
    from pillow_heif import from_pillow

    buffer = io.BytesIO()
    from_pillow(COLOR).save(buffer, quality=95, exif=oriented(orientation).tobytes())
    wanted = np.asarray(ImageOps.exif_transpose(with_exif(COLOR, orientation)))
    assert probe(buffer.getvalue()).size == wanted.shape[1::-1]
    assert psnr(decoded(buffer.getvalue()), wanted) > 28


def wide_gamut() -> bytes:
    """Return a profile whose red and green are swapped, so that nobody can miss that it counts."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red + 4 : red + 8], profile[green + 4 : green + 8] = profile[green + 4 : green + 8], profile[red + 4 : red + 8]
    return bytes(profile)


def test_the_profile_of_a_heic_is_converted() -> None:
    image: Image = np.full((32, 32, 3), (200, 30, 30), np.uint8)
    kept = run(encoded(Pillow.fromarray(image), icc_profile=wide_gamut()), "heic:quality=95,keep=icc").data
    shown = decoded(kept)[16, 16].astype(int)
    assert shown[1] > 150 > 100 > shown[0]


@pytest.mark.parametrize(("format", "keep"), [("heic", "exif+icc"), ("jxl", "exif")])
def test_metadata_is_kept_where_it_shall(format: str, keep: str) -> None:
    exif = Pillow.Exif()
    exif[0x010E] = "a picture"
    source = encoded(COLOR, "JPEG", exif=exif, icc_profile=wide_gamut())
    kept = run(source, f"{format}:keep={keep}").data
    back = Pillow.open(io.BytesIO(run(kept, f"jpeg:keep={keep}").data))
    assert back.getexif()[0x010E] == "a picture"
    assert ("icc_profile" in back.info) == ("icc" in keep)
    assert b"a picture" not in run(source, format).data


def test_a_jxl_keeps_no_profile() -> None:
    with pytest.raises(InvalidPipeline, match="expected metadata that jxl holds"):
        run(encoded(COLOR, "JPEG", icc_profile=wide_gamut()), "jxl:keep=icc")


def test_a_jpeg_in_a_jxl_is_read_as_the_jpeg(tmp_path: Path) -> None:
    jpeg = encoded(COLOR, "JPEG", quality=90, exif=oriented(6), icc_profile=wide_gamut())
    file = tmp_path / "a.jpg"
    file.write_bytes(jpeg)
    buffer = io.BytesIO()
    with Pillow.open(file) as picture:
        picture.save(buffer, "JXL", lossless_jpeg=True, use_container=True)
    data = buffer.getvalue()
    assert probe(data).size == (43, 61)
    assert difference(decoded(data), decoded(jpeg)) == 0


@pytest.mark.parametrize(
    "size", [(1, 1), (8, 8), (256, 256), (257, 3), (64, 48), (1600, 900), (9000, 2), (300, 200), (40, 20)]
)
def test_the_size_of_every_jxl_is_found_in_its_header(size: tuple[int, int]) -> None:
    data = encode(np.zeros((size[1], size[0], 1), np.uint8), Output(format="jxl"))
    assert probe(data).size == size


@pytest.mark.parametrize(("format", "module"), [("heic", "pillow_heif"), ("jxl", "pillow_jxl")])
def test_without_the_plugin_the_refusal_names_the_extra(format: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, f"pixelmill.codecs.{FORMATS[format].module}", raising=False)
    with pytest.raises(UnsupportedFormat, match=rf"expected pixelmill\[{format}\] to be installed"):
        run(FILES[format], "png")
    with pytest.raises(UnsupportedFormat, match=rf"expected pixelmill\[{format}\] to be installed"):
        run(encoded(COLOR), format)


def test_what_is_not_written_is_no_output() -> None:
    for name in ("bmp", "ico", "pnm", "svg"):
        with pytest.raises(InvalidPipeline, match="expected one of"):
            Output.model_validate({"format": name})
        assert Output().resolved(name).format == "png"
    assert Output().resolved("heic").format == "heic"
    with pytest.raises(NotImplementedError):
        codec(FORMATS["bmp"]).write(photo(4, 4), Output(), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [name for name, entry in FORMATS.items() if entry.module])
def test_formats_are_told_by_their_first_bytes(name: str) -> None:
    for known, data in FILES.items():
        if known.endswith(name) and known != "bmp in ico":
            assert format_of(data).name == name
