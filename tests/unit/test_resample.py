"""The ways in which pixels are resampled: what they keep, and that all make the same picture."""

from __future__ import annotations

import numpy as np
import pytest
import pyvips
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image as Pillow

from pixelmill import Pipeline, run
from pixelmill.geometry import Size
from pixelmill.operations import columns, make_operation, resample
from pixelmill.operations.resize import Resize
from pixelmill.pixels import to_vips, without_hidden
from tests.pictures import decoded, encoded, photo


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ((640, 480), (427, 320)),
        ((301, 205), (300, 26)),
        ((64, 48), (9, 48)),
        ((64, 48), (64, 7)),
        ((9, 7), (2, 1)),
        ((7, 7), (1, 1)),
        ((1, 300), (1, 40)),
    ],
)
def test_by_columns_is_what_libvips_makes(channels: int, source: tuple[int, int], wanted: tuple[int, int]) -> None:
    image = photo(*source, channels).copy()
    image[:, :, 3:] = 255
    geometry = resample.Geometry(Size(*wanted), 0, 0, Size(*wanted))
    assert columns.fits_columns(to_vips(image), geometry)
    made = columns.shrunk_by_columns(to_vips(image), geometry)
    assert np.array_equal(made, resample.resample(to_vips(image), geometry, opaque=True))


@given(st.data(), st.sampled_from([1, 3, 4]))
def test_by_columns_any_part_is_what_libvips_makes(data: st.DataObject, channels: int) -> None:
    sides = [data.draw(st.integers(1, 120)) for _ in range(2)]
    scaled = [data.draw(st.integers(side // 8 + 1, side)) for side in sides]
    kept = [data.draw(st.integers(1, side)) for side in scaled]
    left, top = (data.draw(st.integers(0, whole - side)) for whole, side in zip(scaled, kept, strict=True))
    image = np.random.default_rng(sides).integers(0, 256, (sides[1], sides[0], channels), np.uint8)
    image[:, :, 3:] = 255
    geometry = resample.Geometry(Size(*scaled), left, top, Size(*kept))
    assert columns.fits_columns(to_vips(image), geometry)
    made = columns.shrunk_by_columns(to_vips(image), geometry)
    assert np.array_equal(made, resample.resample(to_vips(image), geometry, opaque=True))


@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from(["file", "columns", "streamed"]))
@example(382, 63, "columns")
@example(4000, 512, "streamed")
@example(3000, 256, "file")
def test_white_stays_white_when_it_shrinks(length: int, wanted: int, way: str) -> None:
    wanted = min(length, wanted)
    for size, smaller in (((length, 2), Size(wanted, 1)), ((2, length), Size(1, wanted))):
        white = np.full((size[1], size[0], 3), 255, np.uint8)
        resize = Resize(width=smaller.width, height=smaller.height, fit="fill")
        if way == "file":
            made = decoded(run(encoded(Pillow.fromarray(white), "PNG"), Pipeline(operations=(resize,))).data)
        elif way == "columns":
            made = resize.apply(white)
        else:
            made = resample.resample(to_vips(white), resample.Geometry(smaller, 0, 0, smaller), opaque=True)
        assert (made.shape[1], made.shape[0]) == smaller
        assert (made == 255).all()


@pytest.mark.parametrize("kernel", ["lanczos3", "cubic", "nearest"])
@given(st.tuples(*[st.integers(1, 100)] * 4), st.integers(0, 255))
@example((1, 1, 127, 96), 252)
@example((120, 380, 60, 63), 230)
def test_a_constant_stays_a_constant(kernel: str, sides: tuple[int, int, int, int], level: int) -> None:
    width, height, wide, high = sides
    resize = make_operation("resize", {"width": wide, "height": high, "fit": "fill", "enlarge": True, "kernel": kernel})
    for color in ((level,), (level, 255 - level, 205), (level, 10, 205, 255), (level, 10, 205, 128)):
        assert (resize.apply(np.full((height, width, len(color)), color, np.uint8)) == color).all()


@pytest.mark.parametrize(("width", "height"), [(53, 37), (127, 85), (173, 211), (512, 300)])
def test_a_picture_by_file_and_as_pixels_is_resized_alike(width: int, height: int) -> None:
    for channels in (1, 3, 4):
        image = photo(960, 640, channels)
        chain = Pipeline(operations=(Resize(width=width, height=height, fit="fill"),))
        assert np.array_equal(decoded(run(encoded(image), chain).data), without_hidden(chain.operations[0].apply(image)))


def test_what_goes_by_columns() -> None:
    def fits(channels: int, source: tuple[int, int], geometry: resample.Geometry) -> bool:
        return columns.fits_columns(to_vips(photo(*source, channels)), geometry)

    whole = resample.Geometry(Size(20, 20), 0, 0, Size(20, 20))
    assert fits(3, (40, 40), whole)
    assert not fits(3, (160, 40), whole)
    assert not fits(3, (40, 19), whole)
    assert not columns.saves_time(to_vips(photo(400, 300)))
    assert columns.saves_time(to_vips(photo(400, 300, 1)))
    assert columns.saves_time(to_vips(photo(800, 600)))
    large = pyvips.Image.black(5000, 4000)
    assert not columns.fits_columns(large, resample.Geometry(Size(2500, 2000), 0, 0, Size(2500, 2000)))
