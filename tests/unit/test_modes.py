"""Every kind of pixels that a file may hold comes out as Pillow reads it."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import pyvips
from PIL import Image as Pillow

from pixelmill import CorruptImage, UnsupportedFormat
from pixelmill.pixels import Image, to_vips
from tests.pictures import by_pillow, decoded, difference, encoded, photo

COLOR = Pillow.fromarray(photo(61, 43))
GRAY = COLOR.convert("L")
ALPHA = Pillow.fromarray(photo(61, 43, 4)[:, :, 3])
TRANSPARENT = Pillow.fromarray(photo(61, 43, 4))


def palette(picture: Pillow.Image = COLOR) -> Pillow.Image:
    return picture.quantize(37)


@pytest.mark.parametrize(
    ("picture", "mode"),
    [
        (GRAY, "L"),
        (Pillow.merge("LA", [GRAY, ALPHA]), "RGBA"),
        (COLOR, "RGB"),
        (TRANSPARENT, "RGBA"),
        (palette(), "RGB"),
        (COLOR.convert("1"), "L"),
    ],
    ids=["gray", "gray+alpha", "rgb", "rgba", "palette", "1-bit"],
)
def test_png(picture: Pillow.Image, mode: str) -> None:
    data = encoded(picture)
    assert difference(decoded(data), by_pillow(data, mode)) == 0


@pytest.mark.parametrize("transparency", [3, bytes(range(0, 37 * 6, 6))], ids=["one color", "many"])
@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_palette_with_transparency(transparency: int | bytes, format: str) -> None:
    if format == "GIF" and isinstance(transparency, bytes):
        transparency = 7
    data = encoded(palette(), format, transparency=transparency)
    got, wanted = decoded(data), by_pillow(data, "RGBA")
    seen = wanted[:, :, 3] > 0
    assert difference(got[:, :, 3:], wanted[:, :, 3:]) == 0
    assert difference(got[seen], wanted[seen]) == 0


def test_transparent_color_of_a_gray_and_an_rgb_png() -> None:
    for picture, key in ((GRAY, 90), (COLOR, (90, 90, 90))):
        data = encoded(picture, transparency=key)
        assert difference(decoded(data), by_pillow(data, "RGBA")) == 0


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_16_bits_become_the_nearest_8(count: int, suffix: str) -> None:
    deep = np.random.default_rng(count).integers(0, 2**16, (43, 61, count), dtype=np.uint16)
    source = pyvips.Image.new_from_array(deep, interpretation="grey16" if count < 3 else "rgb16")
    got = decoded(source.write_to_buffer(suffix))
    wanted = np.floor(deep / 257 + 0.5)
    assert np.array_equal(got, wanted[:, :, [0, 0, 0, 1]] if count == 2 else wanted)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}], ids=str)
def test_jpeg(mode: str, options: dict[str, object]) -> None:
    data = encoded(COLOR.convert(mode), "JPEG", quality=90, **options)
    assert difference(decoded(data), by_pillow(data, mode)) <= 1


def test_cmyk_jpeg_has_the_right_colors() -> None:
    patches = {"white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
    for color in patches.values():
        data = encoded(Pillow.new("RGB", (16, 16), color).convert("CMYK"), "JPEG", quality=95)
        got = decoded(data)[8, 8].astype(int)
        # Printed colors are duller than those of a screen, but never another hue, and never inverted.
        assert got.shape == (3,)
        assert all(abs(value - wanted) <= 150 for value, wanted in zip(got, color, strict=True)), (color, got)
        assert max(color) == min(color) or np.argmax(got) == np.argmax(color)


def lossless(picture: Pillow.Image) -> bytes:
    return encoded(picture, "WEBP", lossless=True, exact=True)


@pytest.mark.parametrize(("picture", "mode"), [(COLOR, "RGB"), (TRANSPARENT, "RGBA")], ids=["rgb", "rgba"])
def test_webp(picture: Pillow.Image, mode: str) -> None:
    data = lossless(picture)
    assert difference(decoded(data), by_pillow(data, mode)) == 0


@pytest.mark.parametrize(("picture", "mode"), [(COLOR, "RGB"), (TRANSPARENT, "RGBA")], ids=["rgb", "rgba"])
def test_avif(picture: Pillow.Image, mode: str) -> None:
    data = encoded(picture, "AVIF", quality=90, subsampling="4:4:4")
    assert difference(decoded(data), by_pillow(data, mode)) <= 3


@pytest.mark.parametrize("bits", [10, 12])
def test_avif_of_more_than_8_bits(bits: int) -> None:
    image: Image = photo(64, 48)
    source = pyvips.Image.new_from_array(image.astype(np.uint16) * 257, interpretation="rgb16")
    got = decoded(source.heifsave_buffer(compression="av1", bitdepth=bits, Q=100, subsample_mode="off"))
    assert np.abs(got.astype(int) - image).mean() <= 2


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "1"])
def test_tiff(mode: str) -> None:
    data = encoded(TRANSPARENT.convert(mode), "TIFF", compression="tiff_lzw" if mode != "1" else "group4")
    assert difference(decoded(data), by_pillow(data, "L" if mode == "1" else mode)) == 0


@pytest.mark.parametrize("tile", [True, False])
@pytest.mark.parametrize("compression", ["deflate", "lzw"])
@pytest.mark.parametrize("share", [0.25, 0.5])
def test_a_damaged_tiff_is_corrupt_wherever_it_is_damaged(tile: bool, compression: str, share: float) -> None:
    pixels = photo(300, 200)
    data = to_vips(pixels).tiffsave_buffer(compression=compression, tile=tile, tile_width=64, tile_height=64)
    assert np.array_equal(decoded(data), pixels)
    at = int(share * len(data))
    with pytest.raises(CorruptImage, match="expected a whole picture while decoding a tiff, got: tiff2vips: "):
        decoded(data[:at] + b"\xff" * 40 + data[at + 40 :])


@pytest.mark.parametrize("tile", [True, False])
def test_a_tiff_in_an_unknown_compression_is_no_blank_picture(tile: bool) -> None:
    data = to_vips(photo(300, 200)).tiffsave_buffer(compression="deflate", tile=tile)
    entry = struct.pack("<HHIH", 259, 3, 1, 8)
    assert entry in data
    with pytest.raises(UnsupportedFormat, match="expected a common kind of picture while"):
        decoded(data.replace(entry, struct.pack("<HHIH", 259, 3, 1, 34925)))
