"""Crop: a box at a place, at an anchor, or where there is something to see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import Image as Pillow

from pixelmill import ImageTooLarge, InvalidPipeline, Pipeline, run
from pixelmill.codecs import FORMATS, Header
from pixelmill.engine import run_hop
from pixelmill.geometry import Size
from pixelmill.operations import make_operation
from pixelmill.operations.crop import Crop
from pixelmill.pixels import Image
from pixelmill.plan import plan
from tests.pictures import by_pillow, encoded, photo


def crop(image: Image, **parameters: Any) -> Image:
    return make_operation("crop", parameters).apply(image)


def scene(x: int, y: int, channels: int = 3) -> Image:
    """Return a smooth, dull picture of 300×200 px with something colorful and busy of 40×40 px at (x, y)."""
    rows, columns = np.mgrid[0:200, 0:300]
    image = np.repeat((120 + rows / 20 + columns / 30).astype(np.uint8)[:, :, None], max(3, channels), axis=2)
    patch = np.random.default_rng(1).integers(0, 256, (40, 40, 3))
    image[y : y + 40, x : x + 40, :3] = patch // 4 + (180, 0, 0)
    if channels == 4:
        image[:, :, 3] = 255
    return image


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("box", [(0, 0, 10, 10), (7, 3, 20, 9), (50, 39, 1, 1), (10, 5, 41, 35)])
def test_a_box_is_pillows(box: tuple[int, int, int, int], channels: int) -> None:
    image = photo(51, 40, channels)
    left, top, width, height = box
    result = crop(image, left=left, top=top, width=width, height=height)
    picture = Pillow.fromarray(image[:, :, 0] if channels == 1 else image)
    assert np.array_equal(result, np.asarray(picture.crop((left, top, left + width, top + height))).reshape(result.shape))


@pytest.mark.parametrize(
    ("gravity", "left", "top"),
    [
        ("top-left", 0, 0), ("top", 15, 0), ("top-right", 31, 0),
        ("left", 0, 10), ("center", 15, 10), ("right", 31, 10),
        ("bottom-left", 0, 20), ("bottom", 15, 20), ("bottom-right", 31, 20),
    ],
)  # fmt: skip
def test_anchors(gravity: str, left: int, top: int) -> None:
    image = photo(51, 40)
    assert np.array_equal(crop(image, width=20, height=20, gravity=gravity), image[top : top + 20, left : left + 20])


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({"width": 90, "height": 20}, (51, 20)),
        ({"width": 20}, (20, 40)),
        ({"height": 16_384}, (51, 40)),
        ({"left": 10}, (41, 40)),
        ({"left": 10, "top": 39}, (41, 1)),
        ({"left": 10, "width": 90, "height": 90}, (41, 40)),
    ],
)
def test_what_lies_beyond_the_picture_is_cut_off_the_box(parameters: dict[str, int], wanted: tuple[int, int]) -> None:
    operation = make_operation("crop", parameters)
    assert operation.output_size(Size(51, 40)) == wanted
    assert operation.apply(photo(51, 40)).shape[:2] == wanted[::-1]


def test_a_box_wholly_beyond_the_picture_is_an_error_before_and_after_decoding() -> None:
    beyond = Pipeline().crop(10, 10, left=51)
    with pytest.raises(InvalidPipeline, match=r"expected less than the picture's width of 51 px for crop\.left, got 51"):
        plan(beyond, Header(FORMATS["png"], Size(51, 40)))
    with pytest.raises(InvalidPipeline, match=r"height of 40 px for crop\.top, got 100"):
        crop(photo(51, 40), top=100)
    white = np.full((40, 51, 3), 255, np.uint8)
    white[0:9, 0:9] = 0
    with pytest.raises(InvalidPipeline, match=r"width of 9 px for crop\.left, got 20"):
        run(encoded(white), Pipeline().trim(background="white").crop(5, 5, left=20))


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "expected a width, a height, a left or a top for crop, got none"),
        ({"gravity": "entropy"}, "expected a width, a height, a left or a top for crop, got none"),
        ({"left": 1, "width": 5, "gravity": "top"}, "expected either left and top or a gravity for crop, got both"),
        ({"left": -1}, "expected a number ≥ 0 for crop.left, got -1"),
        ({"width": 0}, "expected a number ≥ 1 for crop.width, got 0"),
        ({"width": 5, "gravity": "north"}, "or 'entropy' for crop.gravity, got 'north'"),
    ],
)
def test_refusals(parameters: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidPipeline, match=said):
        make_operation("crop", parameters)


@pytest.mark.parametrize("gravity", ["attention", "entropy"])
@pytest.mark.parametrize("place", [(20, 20), (200, 30), (130, 150)])
def test_smart_gravity_keeps_what_there_is_to_see(gravity: str, place: tuple[int, int]) -> None:
    image = scene(*place)
    result = crop(image, width=90, height=90, gravity=gravity)
    red = (result[:, :, 0].astype(int) - result[:, :, 1] > 50).sum()
    assert red >= 0.9 * (image[:, :, 0].astype(int) - image[:, :, 1] > 50).sum()


@pytest.mark.parametrize("gravity", ["attention", "entropy"])
def test_smart_gravity_is_libvips_smartcrop(gravity: str) -> None:
    image = photo(150, 100)
    vips = pyvips.Image.new_from_array(image, interpretation="srgb")
    for box in ((50, 50), (150, 9), (1, 1), (149, 99)):
        wanted = vips.smartcrop(*box, interesting=gravity).numpy()
        assert np.array_equal(crop(image, width=box[0], height=box[1], gravity=gravity), wanted)


@pytest.mark.parametrize("gravity", ["attention", "entropy"])
def test_channels_do_not_change_what_is_kept(gravity: str) -> None:
    gray = photo(120, 90, 1)
    kept = crop(gray, width=40, height=30, gravity=gravity)
    color = np.repeat(gray, 3, axis=2)
    opaque = np.dstack([color, np.full_like(gray, 255)])
    assert np.array_equal(crop(color, width=40, height=30, gravity=gravity), np.repeat(kept, 3, axis=2))
    assert np.array_equal(crop(opaque, width=40, height=30, gravity=gravity)[:, :, :1], kept)


@pytest.mark.parametrize("gravity", ["attention", "entropy"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 3)])
def test_smart_gravity_on_tiny_and_flat_pictures(size: tuple[int, int], channels: int, gravity: str) -> None:
    for image in (photo(*size, channels), np.full((*size[::-1], channels), 7, np.uint8)):
        assert crop(image, width=2, height=2, gravity=gravity).shape == (min(2, size[1]), min(2, size[0]), channels)


@pytest.mark.parametrize("gravity", ["attention", "entropy", "top-right"])
@pytest.mark.parametrize("channels", [3, 4])
def test_all_frames_of_an_animation_keep_one_box(gravity: str, channels: int) -> None:
    frames = tuple(scene(x, 60, channels) for x in (20, 240, 240, 240))
    for operation, scaled in (
        (make_operation("crop", {"width": 90, "height": 90, "gravity": gravity}), frames),
        (
            make_operation("resize", {"width": 90, "height": 90, "fit": "cover", "gravity": gravity}),
            make_operation("resize", {"height": 90}).apply_frames(frames),
        ),
    ):
        results = operation.apply_frames(frames)
        heights, widths = (range(scaled[0].shape[axis] - 89) for axis in (0, 1))
        boxes = [
            (top, left)
            for top in heights
            for left in widths
            if all(
                np.array_equal(result, frame[top : top + 90, left : left + 90])
                for result, frame in zip(results, scaled, strict=True)
            )
        ]
        assert len(boxes) == 1
        # Most of the time, what there is to see is on the right.
        assert boxes[0][1] > (scaled[0].shape[1] - 90) / 2


def test_cover_is_outside_and_a_crop() -> None:
    image = photo(300, 200)
    for gravity in ("left", "bottom-right", "attention", "entropy"):
        covered = make_operation("resize", {"width": 90, "height": 90, "fit": "cover", "gravity": gravity}).apply(image)
        around = make_operation("resize", {"width": 90, "height": 90, "fit": "outside"}).apply(image)
        assert np.array_equal(covered, crop(around, width=90, height=90, gravity=gravity))


def test_smart_cover_shrinks_on_load_and_looks_at_what_it_got() -> None:
    data = encoded(scene(230, 100).repeat(8, axis=0).repeat(8, axis=1), "JPEG", quality=90)
    for gravity in ("attention", "entropy"):
        pipeline = Pipeline().resize(60, 60, fit="cover", gravity=gravity)
        planned = plan(pipeline, Header(FORMATS["jpeg"], Size(2400, 1600)))
        assert planned.decoded == (300, 200)
        result = run_hop(data, list(pipeline.operations), None).image
        assert isinstance(result, np.ndarray)
        assert result.shape == (60, 60, 3)
        assert (result[:, :, 0].astype(int) - result[:, :, 1] > 50).any()
        assert np.array_equal(by_pillow(run(data, pipeline.to("png")).data), result)


def test_smart_cover_is_held_to_the_limits_of_the_whole_scaled_picture() -> None:
    wide = Header(FORMATS["png"], Size(16_000, 10))
    assert plan(Pipeline().resize(50, 50, fit="cover", enlarge=True, kernel="cubic"), wide).sizes == ((50, 50),)
    with pytest.raises(ImageTooLarge, match="for the result of resize, got 80000×50"):
        plan(Pipeline().resize(50, 50, fit="cover", enlarge=True, kernel="cubic", gravity="entropy"), wide)


def test_a_crop_of_everything_is_the_same_pixels() -> None:
    image = photo(9, 7)
    assert Crop(width=100, height=100).apply(image) is image
