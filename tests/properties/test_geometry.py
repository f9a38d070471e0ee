"""What must hold between the operations that move pixels, for any picture."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelmill import InvalidPipeline, Pipeline
from pixelmill.geometry import Size
from pixelmill.operations import Operation, make_operation
from pixelmill.pixels import Image
from tests.strategies import EXTENDED, GEOMETRY, PLACED_CROPS, TRIMS, images

BORDERS = st.integers(0, 20)
SIDES = st.integers(1, 300)


def apply(name: str, image: Image, **parameters: object) -> Image:
    return make_operation(name, parameters).apply(image)


@given(images())
def test_four_quarter_turns_are_the_identity(image: Image) -> None:
    turned = image
    for _ in range(4):
        turned = apply("rotate", turned, angle=90)
    assert np.array_equal(turned, image)
    assert np.array_equal(apply("rotate", apply("rotate", image, angle=90), angle=-90), image)
    assert np.array_equal(apply("rotate", apply("rotate", image, angle=90), angle=90), apply("rotate", image, angle=180))


@given(images())
def test_mirrors_undo_themselves_and_make_half_a_turn_together(image: Image) -> None:
    for name in ("flip", "flop"):
        assert np.array_equal(apply(name, apply(name, image)), image)
    assert np.array_equal(apply("flip", apply("flop", image)), apply("rotate", image, angle=180))


@given(images(), st.floats(-360, 360), st.sampled_from(["white", "transparent", "#10203040"]))
def test_a_turned_mirror_image_is_the_mirror_image_turned_back(image: Image, angle: float, background: str) -> None:
    wanted = apply("flop", apply("rotate", image, angle=angle, background=background)).astype(int)
    got = apply("rotate", apply("flop", image), angle=-angle, background=background).astype(int)
    if wanted.shape[2] == 4:
        wanted, got = (np.dstack([a[:, :, :3] * a[:, :, 3:] // 255, a[:, :, 3:]]) for a in (wanted, got))
    # Places between pixels are rounded to 1/64, which steep pictures show.
    assert np.abs(wanted - got).mean() <= 4


@given(images(), EXTENDED)
def test_cropping_an_extended_picture_gives_it_back(image: Image, extend: Operation) -> None:
    height, width = image.shape[:2]
    parameters = extend.model_dump()
    left, top = (parameters["border"] or 0 if parameters[name] is None else parameters[name] for name in ("left", "top"))
    result = apply("crop", extend.apply(image), left=left, top=top, width=width, height=height)
    assert np.array_equal(result[:, :, :3], np.broadcast_to(image[:, :, :3], result[:, :, :3].shape))
    if result.shape[2] == 4:
        assert np.array_equal(result[:, :, 3], image[:, :, 3] if image.shape[2] == 4 else np.full((height, width), 255))


@given(images(), st.tuples(BORDERS, BORDERS, BORDERS, BORDERS), st.sampled_from(["#000", "#fff", "transparent", "#f008"]))
def test_trimming_an_extended_picture_gives_it_back(image: Image, sides: tuple[int, int, int, int], background: str) -> None:
    frame = np.zeros((image.shape[0] + 2, image.shape[1] + 2, 3), np.uint8)
    frame[:] = (40, 80, 120)
    frame[1:-1, 1:-1] = image[:, :, :3]
    names = ("left", "top", "right", "bottom")
    extended = apply("extend", frame, **dict(zip(names, sides, strict=True)), background=background)
    trimmed = apply("trim", extended, background=background)
    assert np.array_equal(trimmed[:, :, :3], frame)


@given(images(), TRIMS)
def test_a_trimmed_picture_is_a_part_and_trimming_again_changes_nothing(image: Image, trim: Operation) -> None:
    result = trim.apply(image)
    largest = trim.output_size(Size(image.shape[1], image.shape[0]))
    assert result.shape[1] <= largest.width
    assert result.shape[0] <= largest.height
    assert result.shape[2] == image.shape[2]
    if trim.model_dump()["background"] is not None:
        assert np.array_equal(trim.apply(result), result)


@given(images(), PLACED_CROPS)
def test_a_placed_crop_is_a_slice_or_an_error(image: Image, crop: Operation) -> None:
    values = crop.model_dump()
    left, top = values["left"] or 0, values["top"] or 0
    rows = slice(top, top + values["height"] if values["height"] else None)
    columns = slice(left, left + values["width"] if values["width"] else None)
    wanted = image[rows, columns]
    if wanted.size:
        assert np.array_equal(crop.apply(image), wanted)
        assert crop.output_size(Size(image.shape[1], image.shape[0])) == wanted.shape[1::-1]
        return
    with pytest.raises(InvalidPipeline, match="expected less than the picture's"):
        crop.apply(image)


@given(PLACED_CROPS)
def test_placed_crops_have_all_spellings(crop: Operation) -> None:
    pipeline = Pipeline(operations=(crop,))
    assert Pipeline.from_text(pipeline.to_text()) == pipeline == Pipeline.from_json(pipeline.to_json())


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(["inside", "outside", "cover", "contain", "fill"]))
def test_fits_are_those_that_sharp_documents(width: int, height: int, across: int, down: int, fit: str) -> None:
    """sharp enlarges unless told not to, so does this: cover, contain and fill are the box, inside is as large as possible
    within it, outside as small as possible around it, both with the picture's aspect ratio."""
    resize = make_operation("resize", {"width": across, "height": down, "fit": fit, "enlarge": True})
    size = resize.output_size(Size(width, height))
    if fit in ("cover", "contain", "fill"):
        assert size == (across, down)
        return
    choose = min if fit == "inside" else max
    scale = choose(Fraction(across, width), Fraction(down, height))
    assert size.width == across or size.height == down
    assert abs(size.width - width * scale) <= max(Fraction(1, 2), 1 - width * scale)
    assert abs(size.height - height * scale) <= max(Fraction(1, 2), 1 - height * scale)
    assert all((got <= box) if fit == "inside" else (got >= box) for got, box in zip(size, (across, down), strict=True))


@given(st.lists(images(channels=(4,)), min_size=1, max_size=1), GEOMETRY)
def test_frames_that_are_alike_stay_alike(frames: list[Image], operation: Operation) -> None:
    results = operation.apply_frames((frames[0], frames[0].copy()))
    assert np.array_equal(results[0], results[1])
    assert results[0].shape[:2] == operation.apply(frames[0]).shape[:2]
