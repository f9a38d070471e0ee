"""Resize: sizes, and quality against Pillow's Lanczos."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill.engine import run_hop
from pixelmill.errors import InvalidPipeline
from pixelmill.geometry import Size
from pixelmill.operations import make_operation
from pixelmill.operations.resize import Resize
from pixelmill.pixels import Image
from tests.pictures import difference, encoded, photo, psnr

LARGE = photo(960, 640)


@pytest.mark.parametrize(
    ("source", "parameters", "wanted"),
    [
        ((1920, 1080), {"width": 1280, "height": 720}, (1280, 720)),
        ((1920, 1080), {"width": 100, "height": 100}, (100, 56)),
        ((1080, 1920), {"width": 100, "height": 100}, (56, 100)),
        ((1920, 1080), {"width": 960}, (960, 540)),
        ((1920, 1080), {"height": 540}, (960, 540)),
        ((100, 50), {"width": 400, "height": 400}, (100, 50)),
        ((100, 50), {"width": 400, "height": 400, "enlarge": True}, (400, 200)),
        ((100, 50), {"width": 40, "height": 40, "fit": "cover"}, (40, 40)),
        ((100, 50), {"width": 80, "height": 80, "fit": "cover"}, (50, 50)),
        ((100, 50), {"width": 80, "height": 80, "fit": "cover", "enlarge": True}, (80, 80)),
        ((100, 50), {"width": 30, "height": 40, "fit": "fill"}, (30, 40)),
        ((100, 50), {"width": 30, "height": 80, "fit": "fill"}, (30, 50)),
        ((10_000, 1), {"width": 10, "height": 10}, (10, 1)),
        ((1, 10_000), {"width": 10, "height": 10, "fit": "cover"}, (1, 1)),
    ],
)
def test_output_size(source: tuple[int, int], parameters: dict[str, object], wanted: tuple[int, int]) -> None:
    assert make_operation("resize", parameters).output_size(Size(*source)) == wanted


def test_without_a_side_it_is_refused() -> None:
    with pytest.raises(InvalidPipeline, match="expected a width, a height or both for resize"):
        make_operation("resize", {})


def lanczos(image: Image, size: tuple[int, int]) -> Image:
    return np.asarray(Pillow.fromarray(image).resize(size, Pillow.Resampling.LANCZOS))


@pytest.mark.parametrize("width", [24, 60, 90, 120, 160, 240, 300, 320, 321, 480, 700, 959])
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_shrinking_is_close_to_pillows_lanczos(width: int, format: str) -> None:
    options = {"quality": 95, "subsampling": 0} if format == "JPEG" else {"compress_level": 1}
    data = encoded(LARGE, format, **options)
    result = run_hop(data, [Resize(width=width)], None)
    assert isinstance(result.image, np.ndarray)
    source = np.asarray(Pillow.open(io.BytesIO(data)).convert("RGB"))
    assert psnr(result.image, lanczos(source, result.size)) >= 40


@pytest.mark.parametrize("size", [(300, 170), (121, 81), (120, 200), (60, 200), (300, 30)])
def test_enlarging_is_close_to_pillows_lanczos(size: tuple[int, int]) -> None:
    image = photo(120, 80)
    result = Resize(width=size[0], height=size[1], fit="fill", enlarge=True).apply(image)
    assert psnr(result, lanczos(image, size)) >= 40


@pytest.mark.parametrize(
    ("gravity", "left", "top"),
    [("top-left", 0, 0), ("top", 20, 0), ("center", 20, 0), ("right", 40, 0), ("bottom-right", 40, 0), ("left", 0, 0)],
)
def test_cover_keeps_what_gravity_says(gravity: str, left: int, top: int) -> None:
    image = photo(80, 40)
    result = make_operation("resize", {"width": 40, "height": 40, "fit": "cover", "gravity": gravity}).apply(image)
    assert np.array_equal(result, image[top : top + 40, left : left + 40])


def test_an_opaque_alpha_channel_changes_nothing() -> None:
    color = photo(300, 200)
    image = np.dstack([color, np.full((200, 300), 255, np.uint8)])
    result = Resize(width=123).apply(image)
    assert (result[:, :, 3] == 255).all()
    assert difference(result[:, :, :3], Resize(width=123).apply(color)) == 0
    fused = run_hop(encoded(image), [Resize(width=123)], None).image
    assert isinstance(fused, np.ndarray)
    assert np.array_equal(fused, result)


def test_a_resize_that_changes_nothing_returns_the_same_pixels() -> None:
    assert Resize(width=5000).apply(LARGE) is LARGE
