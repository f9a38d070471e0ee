"""What holds for every picture and every operation."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from pixelmill import Pipeline
from pixelmill.color import rgba
from pixelmill.geometry import Size, place
from pixelmill.operations import Operation, make_operation
from pixelmill.operations.reduction import GAP, gap_for
from pixelmill.operations.watermark import Logo, Text
from pixelmill.pixels import Image
from tests.pictures import difference, photo
from tests.strategies import DRAWN, FILTERS, MIXING, OPERATIONS, RESIZES, SIDES, WRITTEN, images

LEVELS = st.integers(0, 255)
COLORS = st.tuples(LEVELS) | st.tuples(LEVELS, LEVELS, LEVELS) | st.tuples(LEVELS, LEVELS, LEVELS, st.integers(1, 255))
"""Colors of 1, 3 or 4 channels that can be seen."""
SHAPES = st.tuples(st.integers(1, 70), st.integers(1, 70)) | st.integers(1, 300).flatmap(
    lambda length: st.sampled_from([(1, length), (length, 1)])
)
"""Heights and widths, also of single rows and columns."""
CUTTING = ("opacity", "rounded_corners")
"""What gives a picture without alpha one."""


def size_of(image: Image) -> Size:
    return Size(image.shape[1], image.shape[0])


@given(OPERATIONS, images())
def test_the_input_is_never_written_to_and_the_result_is_a_picture_of_the_promised_size(
    operation: Operation, image: Image
) -> None:
    given_ = image.copy()
    image.flags.writeable = False
    result = operation.apply(image)
    assert np.array_equal(image, given_)
    assert result.dtype == np.uint8
    assert result.ndim == 3
    assert result.shape[2] in (1, 3, 4)
    grown = size_of(result) != size_of(image) or operation.name == "rotate"
    transparent = grown and rgba(getattr(operation, "background", "#ffffff"))[3] < 255
    assert result.shape[2] == 4 or image.shape[2] != 4
    assert image.shape[2] == 4 or result.shape[2] < 4 or transparent or operation.name in CUTTING
    assert size_of(result) == operation.output_size(size_of(image))


@given(OPERATIONS, images())
def test_the_same_input_gives_the_same_result(operation: Operation, image: Image) -> None:
    assert np.array_equal(operation.apply(image), operation.apply(image.copy()))


@given(MIXING, COLORS, SHAPES)
def test_what_mixes_neighbours_keeps_a_constant_picture_to_the_level(
    operation: Operation, color: tuple[int, ...], shape: tuple[int, int]
) -> None:
    assert (operation.apply(np.full((*shape, len(color)), color, np.uint8)) == color).all()


@given(RESIZES, COLORS, SHAPES)
def test_a_constant_picture_stays_constant_under_resize(
    resize: Operation, color: tuple[int, ...], shape: tuple[int, int]
) -> None:
    assert (resize.apply(np.full((*shape, len(color)), color, np.uint8)) == color).all()


@given(images())
def test_negative_twice_is_the_identity(image: Image) -> None:
    negative = make_operation("negative", {})
    assert np.array_equal(negative.apply(negative.apply(image)), image)


NEUTRAL = (
    """
sharpen:0 | edge_detect:0 | sepia:0 | negative:0 | grayscale:0 | tint:#ff8800,0 | duotone:amount=0 | unsharp:amount=0
brightness:1 | contrast:1 | gamma:1 | saturation:1 | opacity:1 | hue:0 | hue:360 | vignette:0 | pixelate:1 | convolve:1
rounded_corners:0 | unsharp:threshold=255
""".strip()
    .replace("\n", "|")
    .split("|")
)


@given(images())
def test_amounts_that_change_nothing_change_nothing(image: Image) -> None:
    for text in NEUTRAL:
        (operation,) = Pipeline.from_text(text).operations
        result = operation.apply(image)
        assert np.array_equal(result, np.broadcast_to(image, result.shape)), text


@given(FILTERS, images(channels=(3,)))
def test_an_opaque_picture_s_colors_become_the_same_with_and_without_alpha(operation: Operation, image: Image) -> None:
    alpha = np.full((*image.shape[:2], 1), 255, np.uint8)
    wanted = operation.apply(image)
    result = operation.apply(np.concatenate([image, alpha], axis=2))
    assert np.array_equal(result[:, :, :3], np.broadcast_to(wanted[:, :, :3], image.shape))
    assert np.array_equal(
        result[:, :, 3:], wanted[:, :, 3:] if operation.name in CUTTING and wanted.shape[2] == 4 else alpha
    )


@given(OPERATIONS, images(channels=(4,)), st.tuples(LEVELS, LEVELS, LEVELS), st.integers(0, 255))
def test_a_hidden_color_has_no_part_in_what_is_seen(
    operation: Operation, image: Image, color: tuple[int, int, int], least: int
) -> None:
    image = image.copy()
    image[:, :, 3] = np.where(image[:, :, 3] < least, 0, image[:, :, 3])
    other = np.where(image[:, :, 3:] == 0, np.array([*color, 0], np.uint8), image)
    first, second = operation.apply(image), operation.apply(other)
    assert np.array_equal(first[:, :, 3], second[:, :, 3])
    visible = first[:, :, 3] > 0
    assert np.array_equal(first[visible], second[visible])


@given(FILTERS, images(channels=(1,)))
def test_a_gray_picture_becomes_what_it_becomes_in_color(operation: Operation, image: Image) -> None:
    result = operation.apply(image)
    color = operation.apply(np.repeat(image, 3, axis=2))
    assert difference(*np.broadcast_arrays(result, color)) <= 1


@given(FILTERS, st.tuples(LEVELS, LEVELS, LEVELS), st.integers(1, 70), st.integers(1, 70))
def test_a_constant_picture_stays_constant(
    operation: Operation, color: tuple[int, int, int], width: int, height: int
) -> None:
    assume(operation.name not in ("vignette", "rounded_corners"))
    result = operation.apply(np.full((height, width, 3), color, np.uint8))
    assert (result == result[0, 0]).all()


@given(WRITTEN, images(120, channels=(3, 4)))
def test_a_text_changes_only_its_box(text: Operation, image: Image) -> None:
    assert isinstance(text, Text)
    white = {"color": "#ffffff", "outline_color": "#ffffff", "shadow_color": "#ffffff"}
    opaque = text.model_copy(update={"opacity": 1.0, **white})
    ink = opaque.apply(np.zeros((*image.shape[:2], 3), np.uint8)).any(axis=2)
    changed = (text.apply(image) != image).any(axis=2)
    assert not (changed & ~ink).any()


@given(DRAWN, images(120, channels=(3,)))
def test_a_logo_changes_only_its_box(logo: Operation, image: Image) -> None:
    assert isinstance(logo, Logo)
    logo = logo.model_copy(update={"tile": False, "rotation": 0.0})
    height, width = image.shape[:2]
    box = Size(max(1, round(width * logo.scale)), height)
    largest = Size(box.width, min(height, max(1, round(box.width / 2))))
    x, y = place(logo.position, largest, (width, height), logo.margin)
    outside = np.ones((height, width), bool)
    outside[max(y - 1, 0) : max(y + largest.height + 1, 0), max(x - 1, 0) : max(x + largest.width + 1, 0)] = False
    assert not ((logo.apply(image) != image).any(axis=2) & outside).any()


@given(WRITTEN | DRAWN, images())
def test_what_is_invisible_changes_nothing(mark: Operation, image: Image) -> None:
    assert np.array_equal(mark.model_copy(update={"opacity": 0.0}).apply(image), image)


@given(st.integers(1, 130), st.integers(1, 130), st.sampled_from([1, 3, 4]), st.integers(0, 9), SIDES, SIDES)
def test_resize_commutes_with_flips(width: int, height: int, channels: int, seed: int, across: int, down: int) -> None:
    # Shrunk more than sevenfold, or for a few sizes less, a picture is averaged over blocks, from its top left corner.
    across, down = max(across, math.ceil(width / 7)), max(down, math.ceil(height / 7))
    image = photo(width, height, channels, seed)
    if channels == 4:
        image = np.dstack([image[:, :, :3], np.maximum(image[:, :, 3], 128)])
    resize = make_operation("resize", {"width": across, "height": down, "fit": "fill", "enlarge": True})
    wanted = resize.apply(image)
    averaged = any(gap_for(*lengths) != GAP for lengths in ((width, across), (height, down)))
    for axis in (0, 1):
        flipped = np.flip(resize.apply(np.ascontiguousarray(np.flip(image, axis))), axis)
        assert difference(flipped, wanted) <= (8 if averaged else 1)
