"""Resize: sizes, and quality against Pillow's Lanczos."""

from __future__ import annotations

import io
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from pixelmill import ImageTooLarge, InvalidPipeline, Pipeline, run
from pixelmill.codecs import FORMATS, Header
from pixelmill.engine import run_hop
from pixelmill.geometry import Size
from pixelmill.operations import make_operation, resample
from pixelmill.operations.resize import Resize
from pixelmill.pixels import Image
from pixelmill.plan import plan
from tests.pictures import decoded, difference, encoded, photo, psnr

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
        ((100, 50), {"width": 40, "height": 40, "fit": "outside"}, (80, 40)),
        ((100, 50), {"width": 80, "height": 80, "fit": "outside"}, (100, 50)),
        ((100, 50), {"width": 80, "height": 80, "fit": "outside", "enlarge": True}, (160, 80)),
        ((100, 50), {"width": 40, "height": 40, "fit": "contain"}, (40, 40)),
        ((100, 50), {"width": 300, "height": 200, "fit": "contain"}, (300, 200)),
        ((100, 50), {"width": 40, "fit": "contain"}, (40, 20)),
        ((100, 50), {"height": 10, "fit": "outside"}, (20, 10)),
        ((100, 50), {"scale": 0.5}, (50, 25)),
        ((100, 50), {"scale": 1.5}, (150, 75)),
        ((100, 50), {"scale": 1e-300}, (1, 1)),
        ((100, 50), {"width": 20, "dpr": 2}, (40, 20)),
        ((100, 50), {"width": 20, "height": 20, "fit": "cover", "dpr": 1.5}, (30, 30)),
        ((100, 50), {"width": 80, "dpr": 2}, (100, 50)),
        ((100, 50), {"width": 80, "dpr": 2, "enlarge": True}, (160, 80)),
        ((100, 50), {"width": 80, "dpr": 1e-300}, (1, 1)),
        ((10_000, 1), {"width": 10, "height": 10}, (10, 1)),
        ((1, 10_000), {"width": 10, "height": 10, "fit": "cover"}, (1, 1)),
    ],
)
def test_output_size(source: tuple[int, int], parameters: dict[str, object], wanted: tuple[int, int]) -> None:
    assert make_operation("resize", parameters).output_size(Size(*source)) == wanted


@pytest.mark.parametrize(
    ("source", "box", "fit", "enlarge", "wanted"),
    [
        ((161, 185), (81, 153), "inside", True, (81, 93)),
        ((193, 17), (137, 81), "inside", True, (137, 12)),
        ((97, 49), (17, 169), "inside", True, (17, 9)),
        ((129, 137), (161, 49), "inside", False, (46, 49)),
        ((153, 49), (34, 169), "inside", False, (34, 11)),
        ((113, 137), (89, 193), "inside", False, (89, 108)),
        ((185, 113), (145, 17), "outside", True, (145, 89)),
        ((81, 49), (33, 33), "outside", True, (55, 33)),
        ((161, 81), (137, 113), "outside", True, (225, 113)),
        ((177, 185), (97, 122), "outside", False, (117, 122)),
        ((161, 129), (145, 113), "outside", False, (145, 116)),
        ((97, 129), (17, 65), "outside", False, (49, 65)),
        ((57, 177), (169, 193), "contain", True, (169, 193)),
        ((161, 81), (169, 185), "contain", True, (169, 185)),
        ((153, 41), (17, 161), "contain", True, (17, 161)),
        ((89, 193), (161, 177), "contain", False, (161, 177)),
        ((17, 177), (33, 9), "contain", False, (33, 9)),
        ((65, 153), (105, 89), "contain", False, (105, 89)),
        ((73, 105), (25, 25), "fill", True, (25, 25)),
        ((193, 193), (105, 169), "fill", True, (105, 169)),
        ((65, 65), (9, 97), "fill", True, (9, 97)),
        ((177, 57), (9, 129), "fill", False, (9, 57)),
        ((193, 137), (153, 25), "fill", False, (153, 25)),
        ((185, 89), (33, 17), "fill", False, (33, 17)),
        ((153, 41), (17, 161), "cover", True, (17, 161)),
        ((185, 113), (145, 17), "cover", True, (145, 17)),
        ((89, 145), (145, 81), "cover", True, (145, 81)),
    ],
)
def test_sizes_are_those_of_sharp(
    source: tuple[int, int], box: tuple[int, int], fit: str, enlarge: bool, wanted: tuple[int, int]
) -> None:
    """What sharp 0.35 made of random sizes, with and without withoutEnlargement; only cover without enlarging differs."""
    resize = make_operation("resize", {"width": box[0], "height": box[1], "fit": fit, "enlarge": enlarge})
    assert resize.output_size(Size(*source)) == wanted


def test_without_a_side_it_is_refused() -> None:
    with pytest.raises(InvalidPipeline, match="expected a width, a height or both for resize"):
        make_operation("resize", {})


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"scale": 0.5, "width": 9}, "expected either a scale or width, height and dpr for resize, got both"),
        ({"scale": 0.5, "dpr": 2}, "expected either a scale or width, height and dpr for resize, got both"),
        ({"scale": 0}, r"expected a number > 0 for resize\.scale, got 0"),
        ({"scale": 101}, r"expected a number ≤ 100 for resize\.scale"),
        ({"width": 9, "dpr": float("nan")}, r"expected a finite number for resize\.dpr"),
        ({"width": 9, "gravity": "attention"}, "expected fit=cover with gravity attention for resize, got 'inside'"),
        ({"width": 9, "kernel": "linear"}, "expected one of 'nearest', 'cubic' or 'lanczos3' for resize.kernel"),
        ({"width": 9, "background": "no color"}, "for a background, got 'no color'"),
    ],
)
def test_refusals(parameters: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidPipeline, match=said):
        make_operation("resize", parameters)


@pytest.mark.parametrize(("text", "scale"), [("50%", 0.5), ("12.5%", 0.125), ("150%", 1.5), ("scale=0.3", 0.3)])
def test_a_scale_in_text(text: str, scale: float) -> None:
    assert Pipeline.from_text(f"resize:{text}") == Pipeline().resize(scale=scale)


@pytest.mark.parametrize("text", ["0%", "%", "1e3%", "99999999999%", "5%%"])
def test_what_is_no_scale(text: str) -> None:
    with pytest.raises(InvalidPipeline, match="expected"):
        Pipeline.from_text(f"resize:{text}")


@pytest.mark.parametrize(
    "text", ["resize:scale=100", "resize:16384x,enlarge=true,dpr=10", "resize:9x16384,fit=contain,dpr=2"]
)
def test_limits_are_held_before_anything_is_resized(text: str) -> None:
    with pytest.raises(ImageTooLarge, match="for the result of resize"):
        plan(Pipeline.from_text(text), Header(FORMATS["png"], Size(4000, 3000)))


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


@pytest.mark.parametrize("size", [(300, 170), (1500, 90), (121, 900), (120, 600)])
def test_enlarging_part_by_part_is_the_same(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    image = photo(120, 80, 4)
    at_once = resample.enlarged(image, Size(*size))
    monkeypatch.setattr(resample, "AT_ONCE", 0)
    in_parts = resample.enlarged(image, Size(*size))
    seen = at_once[:, :, 3] > 0
    assert difference(in_parts[:, :, 3:], at_once[:, :, 3:]) <= 1
    assert difference(in_parts[seen], at_once[seen]) <= 1


def printed_kib(program: str) -> int:
    """Return the number that a program prints in a process of its own; its `peak()` is the most memory it had, in KiB."""
    has = (
        "import re, pathlib, numpy as np; from pixelmill.operations import make_operation\n"
        "peak = lambda: int(re.search(r'VmHWM:\\s*(\\d+)', pathlib.Path('/proc/self/status').read_text())[1])\n"
    )
    return int(subprocess.run([sys.executable, "-c", has + program], capture_output=True, text=True, check=True).stdout)


def test_a_pixel_that_fills_the_largest_picture_takes_little_more_memory_than_that() -> None:
    program = (
        "dot = np.full((1, 1, 4), 100, np.uint8)\n"
        "options = {'width': 4000, 'height': 4000, 'fit': 'fill', 'enlarge': True}\n"
        "result = make_operation('resize', options).apply(dot)\n"
        "assert (result == 100).all()\n"
        "print(peak())"
    )
    # The result and its comparison have 64 MB each; all of it weighted at once has 256 MB, and its weights as much again.
    assert printed_kib(program) <= 350 * 1024


def test_a_large_transparent_picture_is_enlarged_a_few_rows_at_a_time() -> None:
    program = (
        "image = np.full((2000, 2000, 4), 100, np.uint8)\n"
        "options = {'width': 4000, 'height': 4000, 'fit': 'fill', 'enlarge': True}\n"
        "make_operation('resize', {'width': 8, 'height': 8, 'enlarge': True}).apply(image[:4, :4].copy())\n"
        "before = peak()\n"
        "make_operation('resize', options).apply(image)\n"
        "print(peak() - before)"
    )
    # The result has 64 MB; the picture, weighted and then made taller, would have 192 MB more.
    assert printed_kib(program) <= 150 * 1024


@pytest.mark.parametrize("size", [(300, 170), (121, 81), (120, 200), (60, 200), (300, 30), (60, 40), (17, 9), (119, 80)])
@pytest.mark.parametrize("channels", [1, 3])
def test_cubic_is_close_to_pillows(size: tuple[int, int], channels: int) -> None:
    image = photo(120, 80, channels)
    result = make_operation(
        "resize", {"width": size[0], "height": size[1], "fit": "fill", "enlarge": True, "kernel": "cubic"}
    ).apply(image)
    flat = Pillow.fromarray(image[:, :, 0] if channels == 1 else image)
    wanted = np.asarray(flat.resize(size, Pillow.Resampling.BICUBIC)).reshape(result.shape)
    assert psnr(result, wanted) >= 45


@pytest.mark.parametrize("width", [24, 60, 120, 240, 320, 480, 700])
def test_cubic_shrinks_on_load_too(width: int) -> None:
    data = encoded(LARGE, "JPEG", quality=95, subsampling=0)
    result = run_hop(data, [Resize(width=width, kernel="cubic")], None)
    assert isinstance(result.image, np.ndarray)
    source = Pillow.open(io.BytesIO(data)).convert("RGB")
    assert psnr(result.image, np.asarray(source.resize(result.size, Pillow.Resampling.BICUBIC))) >= 40


@pytest.mark.parametrize("size", [(297, 169), (60, 40), (11, 7), (119, 200), (1, 1)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_nearest_takes_the_pixel_under_each_centre(size: tuple[int, int], channels: int) -> None:
    image = photo(120, 80, channels)
    result = Resize(width=size[0], height=size[1], fit="fill", enlarge=True, kernel="nearest").apply(image)
    wanted = [
        [image[math.floor((y + 0.5) * 80 / size[1]), math.floor((x + 0.5) * 120 / size[0])] for x in range(size[0])]
        for y in range(size[1])
    ]
    assert np.array_equal(result, wanted)


@pytest.mark.parametrize("channels", [1, 3])
def test_nearest_is_never_shrunk_on_load(channels: int) -> None:
    data = encoded(photo(640, 480, channels), "JPEG")
    for resize in (Resize(width=40, kernel="nearest"), Resize(width=40, height=40, fit="cover", kernel="nearest")):
        planned = plan(Pipeline(operations=(resize,)), Header(FORMATS["jpeg"], Size(640, 480)))
        assert planned.decoded == (640, 480)
        result = run_hop(data, [resize], None).image
        assert isinstance(result, np.ndarray)
        assert np.array_equal(result, resize.apply(decoded(data)))
        assert {tuple(pixel) for row in result for pixel in row} <= {tuple(pixel) for row in decoded(data) for pixel in row}


@pytest.mark.parametrize(
    ("gravity", "left", "top"),
    [("top-left", 0, 0), ("center", 5, 20), ("bottom-right", 11, 40), ("left", 0, 20), ("top", 5, 0)],
)
def test_contain_pads_where_gravity_says(gravity: str, left: int, top: int) -> None:
    image = photo(29, 20, 3)
    for background, ink in (("#102030", [16, 32, 48]), ("transparent", [0, 0, 0, 0])):
        result = make_operation(
            "resize", {"width": 40, "height": 60, "fit": "contain", "gravity": gravity, "background": background}
        ).apply(image)
        assert np.array_equal(result[top : top + 20, left : left + 29, :3], image)
        outside = np.ones((60, 40), bool)
        outside[top : top + 20, left : left + 29] = False
        assert (result[outside] == ink).all()
        assert len(ink) < 4 or (result[~outside][:, 3] == 255).all()


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_contain_is_inside_and_a_border(format: str) -> None:
    data = encoded(LARGE, format)
    contained = run(data, "resize:120x120,fit=contain,background=teal | png").data
    assert contained == run(data, "resize:120x120 | extend:top=20,bottom=20,background=teal | png").data


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


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 5000), st.sampled_from(["width", "height"]))
def test_a_side_that_is_given_alone_is_met_exactly(width: int, height: int, side: int, name: str) -> None:
    size = make_operation("resize", {name: side}).output_size(Size(width, height))
    met, other = ("width", "height") if name == "width" else ("height", "width")
    before = {"width": width, "height": height}
    assert getattr(size, met) == min(side, before[met])
    assert abs(getattr(size, other) - before[other] * getattr(size, met) / before[met]) <= 0.5 or getattr(size, other) == 1
