"""Where marks go: margins of rotated ones, repetition, and what is outside."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from pixelmill import InvalidPipeline
from pixelmill.geometry import Anchor, place
from pixelmill.operations import make_operation
from pixelmill.operations.watermark.kept import Kept, Mark
from pixelmill.operations.watermark.placing import Layout, draw
from pixelmill.pixels import Image
from tests.pictures import difference, encoded, photo

ANCHORS: tuple[Anchor, ...] = get_args(Anchor)
BLACK = np.zeros((240, 400, 3), np.uint8)
WHITE = np.array([255, 255, 255], np.uint8)


def written(**parameters: object) -> Image:
    return make_operation("text", {"text": "Hxg", "opacity": 1, **parameters}).apply(BLACK)


def bounds(image: Image) -> tuple[int, int, int, int]:
    """Return the ink's left, top, and its distance from the right and the bottom."""
    rows, columns = np.flatnonzero(image.any(axis=(1, 2))), np.flatnonzero(image.any(axis=(0, 2)))
    return int(columns[0]), int(rows[0]), image.shape[1] - 1 - int(columns[-1]), image.shape[0] - 1 - int(rows[-1])


@pytest.mark.parametrize("anchor", ANCHORS)
@pytest.mark.parametrize("rotation", [30, 45, 90, 137.5, 180, -20, -90])
def test_a_rotated_text_keeps_its_margin_and_touches_it(anchor: str, rotation: float) -> None:
    left, top, right, bottom = bounds(written(position=anchor, rotation=rotation, margin=12, size=40))
    for side, name, other in ((left, "left", right), (right, "right", left), (top, "top", bottom), (bottom, "bottom", top)):
        if name in anchor:
            assert 11 <= side <= 14
        if anchor == "center":
            assert abs(side - other) <= 3


@given(st.sampled_from(ANCHORS), st.integers(-4, 4), st.integers(0, 20))
def test_quarter_turns_are_exact(anchor: Anchor, turns: int, margin: int) -> None:
    logo = photo(14, 9, 4)
    mark = Mark(np.ascontiguousarray(logo[:, :, :3]), np.ascontiguousarray(logo[:, :, 3]))
    turned = np.ascontiguousarray(np.rot90(logo, -turns))
    still = Mark(np.ascontiguousarray(turned[:, :, :3]), np.ascontiguousarray(turned[:, :, 3]))
    image = photo(60, 50, 3)
    result = draw(image, mark, Layout(anchor, margin, turns * 90, False, 0), 0.7)
    assert np.array_equal(result, draw(image, still, Layout(anchor, margin, 0, False, 0), 0.7))


@pytest.mark.parametrize("angle", [10, 33.3, 60, -75, 145, 200, 359])
def test_rotation_is_pillows(angle: float) -> None:
    logo = np.pad(photo(60, 40, 4, seed=4), ((20, 20), (20, 20), (0, 0)))
    mark = Mark(np.ascontiguousarray(logo[:, :, :3]), np.ascontiguousarray(logo[:, :, 3]), framed=True)
    image = photo(160, 160, 3)
    result = draw(image, mark, Layout("center", 0, angle, False, 0), 1)
    canvas = Pillow.fromarray(np.pad(logo, ((40, 40), (30, 30), (0, 0)))).convert("RGBa")
    turned = canvas.rotate(-angle, Pillow.Resampling.BICUBIC, center=(80, 80)).convert("RGBA")
    wanted = Pillow.fromarray(image).convert("RGBA")
    wanted.alpha_composite(turned)
    off = np.abs(result.astype(int) - np.asarray(wanted)[:, :, :3])
    # The two round an odd box's centre differently: half a pixel at most, along the picture's own hard edges.
    assert off.mean() < 2.5
    assert np.percentile(off, 90) <= 12


def test_hidden_color_does_not_bleed_when_rotated() -> None:
    logo = photo(40, 30, 4)
    for tile in (False, True):
        results = []
        for hidden in (0, 255):
            color = np.where(logo[:, :, 3:] > 0, logo[:, :, :3], hidden).astype(np.uint8)
            mark = Mark(color, np.ascontiguousarray(logo[:, :, 3]), framed=True)
            results.append(draw(photo(100, 80, 4), mark, Layout("center", 0, 25, tile, 0.5), 1))
        assert np.array_equal(results[0], results[1])


@given(
    st.sampled_from(ANCHORS),
    st.integers(0, 30),
    st.floats(0, 3),
    st.integers(1, 20),
    st.integers(1, 20),
    st.integers(1, 70),
    st.integers(1, 70),
)
def test_repetition_is_that_of_single_marks(
    anchor: Anchor, margin: int, spacing: float, width: int, height: int, across: int, down: int
) -> None:
    coverage = np.random.default_rng(width).integers(1, 256, (height, width), np.uint8)
    image = photo(across, down, 3)
    result = draw(image, Mark(WHITE, coverage), Layout(anchor, margin, 0, True, spacing), 1)
    x, y = place(anchor, (width, height), (across, down), margin)
    gap = round(spacing * height)
    wanted = np.zeros((down, across), np.uint8)
    for row in range(down):
        for column in range(across):
            v, u = (row - y) % (height + gap), (column - x) % (width + gap)
            if v < height and u < width:
                wanted[row, column] = coverage[v, u]
    assert np.array_equal(result, draw(image, Mark(WHITE, wanted), Layout("top-left", 0, 0, False, 0), 1))


def test_rotated_repetition_has_the_single_mark_in_it_and_covers_every_corner() -> None:
    single = written(rotation=-30, size=20, position="right")
    tiled = written(rotation=-30, size=20, position="right", tile=True)
    inked = single.max(axis=2) > 60
    assert difference(tiled[inked], single[inked]) <= 3
    assert all(corner.max() > 200 for corner in (tiled[:60, :90], tiled[:60, -90:], tiled[-60:, :90], tiled[-60:, -90:]))


def test_what_is_drawn_in_windows_is_drawn_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    layouts = [Layout("center", 0, angle, tile, 0.5) for angle in (0, 90, 40) for tile in (False, True)]
    logo = photo(50, 30, 4)
    mark = Mark(np.ascontiguousarray(logo[:, :, :3]), np.ascontiguousarray(logo[:, :, 3]), framed=True)
    image = photo(130, 90, 3)
    whole = [draw(image, mark, layout, 0.9) for layout in layouts]
    monkeypatch.setattr("pixelmill.operations.watermark.placing.WINDOW", 37)
    for layout, wanted in zip(layouts, whole, strict=True):
        assert difference(draw(image, mark, layout, 0.9), wanted) <= (2 if layout.rotation == 40 else 0)


@pytest.mark.parametrize("name", ["text", "logo"])
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("rotation", float("nan")),
        ("rotation", 361),
        ("spacing", -1),
        ("spacing", float("inf")),
        ("margin", 10_001),
        ("tile", 2),
    ],
)
def test_what_is_out_of_range_is_refused(name: str, parameter: str, value: object) -> None:
    with pytest.raises(InvalidPipeline, match=rf"^expected .* for {name}\.{parameter}, got "):
        make_operation(name, {"text" if name == "text" else "image": "aaaa", parameter: value})


def test_a_dot_without_spacing_covers_a_large_picture() -> None:
    dot = encoded(np.full((1, 1, 3), 255, np.uint8))
    parameters = {"image": dot, "scale": 0.0001, "tile": True, "spacing": 0, "opacity": 1}
    for rotation in (0, 45):
        result = make_operation("logo", {**parameters, "rotation": rotation}).apply(np.zeros((1500, 2500, 3), np.uint8))
        assert result.min() >= 250


def test_the_same_mark_on_many_pictures_gives_the_same_as_on_one() -> None:
    operations = [
        make_operation("text", {"text": "again", "rotation": rotation, "tile": tile, "outline": outline, "color": "#fa0"})
        for rotation in (0, 20)
        for tile in (False, True)
        for outline in (0, 0.1)
    ]
    images = [photo(90, 60, channels) for channels in (1, 3, 4)] + [photo(60, 90, 3)]
    first = [operation.apply(image) for operation in operations for image in images]
    second = [operation.apply(image) for operation in operations for image in images]
    assert all(np.array_equal(*pair) for pair in zip(first, second, strict=True))


def test_what_is_kept_is_bounded() -> None:
    kept = Kept[Mark](100_000)
    made: list[int] = []

    def mark(number: int, side: int) -> Mark:
        def make() -> Mark:
            made.append(number)
            return Mark(WHITE, np.zeros((side, side), np.uint8))

        return kept.get(number, make)

    for number in range(30):
        mark(number, 100)
        assert kept.held_bytes <= kept.max_bytes
    mark(29, 100)
    assert made == list(range(30))
    mark(0, 100)
    assert made[-1] == 0
    held = kept.held_bytes
    mark(99, 200)
    mark(99, 200)
    assert made[-2:] == [99, 99]
    assert kept.held_bytes == held
