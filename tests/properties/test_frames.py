"""A frame of an animation comes out as the still picture of that frame does, unless its operation measures all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelmill import operation
from pixelmill.engine import run_hop
from pixelmill.operations import Operation, base, make_operation
from pixelmill.operations.lookup import Lookup
from pixelmill.picture import Picture
from pixelmill.pixels import Image
from tests.pictures import photo
from tests.strategies import OPERATIONS, SIDES, TRIMS, made

SMART = st.sampled_from(["attention", "entropy"])
MEASURING = st.one_of(
    TRIMS,
    made("crop", {"width": SIDES, "height": SIDES, "gravity": SMART}),
    made("resize", {"width": SIDES, "height": SIDES, "fit": st.just("cover"), "gravity": SMART}),
    made("contrast", factor=st.floats(0, 10)),
    made("auto_level", clip=st.floats(0, 0.49), by=st.sampled_from(["luma", "channel"])),
)
"""What looks at all frames, to do the same to each."""


def measures(operation: Operation) -> bool:
    """Tell whether an operation looks at all frames, to do the same to each."""
    smart = getattr(operation, "gravity", "") in ("attention", "entropy")
    return smart or operation.name == "trim" or (isinstance(operation, Lookup) and operation.measures)


def with_alpha(image: Image, alpha: int | None) -> Image:
    """Return a picture with the same alpha everywhere; None: as it is."""
    if alpha is None or image.shape[2] < 4:
        return image
    made = image.copy()
    made[:, :, 3] = alpha
    return made


@st.composite
def animations(draw: st.DrawFn) -> tuple[Image, ...]:
    """Return two or three frames of one shape; of those with alpha, some may be opaque or transparent as a whole."""
    width, height, channels = draw(st.integers(1, 50)), draw(st.integers(1, 50)), draw(st.sampled_from([1, 3, 4]))
    seeds = draw(st.lists(st.tuples(st.integers(0, 99), st.sampled_from([None, 0, 255])), min_size=2, max_size=3))
    return tuple(with_alpha(photo(width, height, channels, seed), alpha) for seed, alpha in seeds)


def result_of(frames: tuple[Image, ...], operations: list[Operation]) -> tuple[Image, ...]:
    delays = (40,) * len(frames) if len(frames) > 1 else ()
    return run_hop(Picture(frames, delays), operations).picture.frames


@given(frames=animations(), operations=st.lists(OPERATIONS.filter(lambda one: not measures(one)), min_size=1, max_size=3))
def test_each_frame_is_as_if_alone(frames: tuple[Image, ...], operations: list[Operation]) -> None:
    for frame, moved in zip(frames, result_of(frames, operations), strict=True):
        (alone,) = result_of((frame,), operations)
        assert np.array_equal(moved, alone)


@given(frames=animations(), operation=MEASURING)
def test_what_measures_does_the_same_to_every_frame(frames: tuple[Image, ...], operation: Operation) -> None:
    """What it does to a frame is what it does to it beside the others in any order, and as often as they are there."""
    made = result_of(frames, [operation])
    assert len({frame.shape for frame in made}) == 1
    if getattr(operation, "background", "") is not None:  # trim, where unset, takes the first frame's corner for it
        again = result_of((*frames[::-1], *frames), [operation])
        for one, other in zip((*made[::-1], *made), again, strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_animation_shares_its_levels(channels: int) -> None:
    """One table for all: what is the same before is the same after, wherever it is, as if all frames were one picture."""
    frames = tuple(photo(30, 20, channels, seed) // 2 + 40 * seed for seed in range(3))
    for name, parameters in (
        ("contrast", {"factor": 1.7}),
        ("auto_level", {"clip": 0.01}),
        ("auto_level", {"clip": 0.0, "by": "channel"}),
    ):
        operation = make_operation(name, parameters)
        together = operation.apply(np.concatenate(frames))
        assert np.array_equal(np.concatenate(operation.apply_frames(frames)), together)
        assert not np.array_equal(operation.apply(frames[0]), together[:20])
        fused = [operation, make_operation("gamma", {"gamma": 1.5})]
        assert np.array_equal(np.concatenate(result_of(frames, fused)), result_of((np.concatenate(frames),), fused)[0])


@pytest.mark.parametrize(("first", "second", "wanted"), [((5, 4), (25, 20), (28, 22)), ((5, 4), (5, 4), (8, 6))])
def test_all_are_trimmed_to_what_is_in_any(first: tuple[int, int], second: tuple[int, int], wanted: tuple[int, int]) -> None:
    frames = tuple(np.full((40, 60, 3), 250, np.uint8) for _ in range(2))
    for frame, (left, top) in zip(frames, (first, second), strict=True):
        frame[top : top + 6, left : left + 8] = 10
    made = make_operation("trim", {}).apply_frames(frames)
    assert [frame.shape for frame in made] == [(wanted[1], wanted[0], 3)] * 2
    for frame, result in zip(frames, made, strict=True):
        assert np.array_equal(result, frame[4 : 4 + wanted[1], 5 : 5 + wanted[0]])


@pytest.mark.parametrize("gravity", ["attention", "entropy"])
def test_all_are_cropped_at_one_place(gravity: str) -> None:
    """The place is one where the frames together have most, not where one of them does."""
    frames = tuple(np.full((40, 120, 3), 200, np.uint8) for _ in range(3))
    frames[0][5:35, 5:35] = photo(30, 30, seed=1)
    for frame in frames[1:]:
        frame[5:35, 85:115] = photo(30, 30, seed=2)
    made = make_operation("crop", {"width": 40, "height": 40, "gravity": gravity}).apply_frames(frames)
    places = [
        next(left for left in range(81) if np.array_equal(result, frame[:, left : left + 40]))
        for frame, result in zip(frames[1:], made[1:], strict=True)
    ]
    assert len(set(places)) == 1
    assert np.array_equal(made[0], frames[0][:, places[0] : places[0] + 40])


def test_a_custom_operation_gets_each_frame_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_registry", dict(base._registry))
    seen: list[tuple[int, ...]] = []

    def normalize(image: Any, *, most: int = 255) -> Any:
        """Make the lightest level the most."""
        seen.append(image.shape)
        return (image.astype(np.uint32) * most // max(1, int(image.max()))).astype(np.uint8)

    operation(normalize)
    chosen = make_operation("normalize", {"most": 200})
    frames = tuple(photo(30, 20, seed=seed) // (seed + 1) for seed in range(3))
    made = result_of(frames, [chosen])
    assert seen == [(20, 30, 3)] * 3
    for frame, result in zip(frames, made, strict=True):
        assert result.max() == 200
        assert np.array_equal(result, chosen.apply(frame))
