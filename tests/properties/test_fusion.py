"""Fused operations give what they give one after another, to the byte."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelmill import Pipeline
from pixelmill.operations import Operation
from pixelmill.operations.fusion import Step, fused
from pixelmill.pixels import Image
from tests.pictures import photo
from tests.strategies import LOOKUPS, OPERATIONS, images


def one_by_one(image: Image, operations: list[Operation]) -> Image:
    return reduce(lambda picture, operation: operation.apply(picture), operations, image)


def in_steps(image: Image, steps: tuple[Step, ...]) -> Image:
    return reduce(lambda picture, step: step.apply(picture), steps, image)


def names(text: str) -> list[str]:
    return [step.name for step in fused(Pipeline.from_text(text).operations)]


@given(st.lists(LOOKUPS, max_size=8) | st.lists(LOOKUPS | OPERATIONS, max_size=6), images())
def test_fused_is_step_by_step(operations: list[Operation], image: Image) -> None:
    steps = fused(operations)
    assert [operation for step in steps for operation in step.operations] == operations
    wanted = one_by_one(image, operations)
    assert np.array_equal(in_steps(image, steps), wanted)
    frames: tuple[Image, ...] = (image, np.ascontiguousarray(image[::-1]))
    together = reduce(lambda made, operation: operation.apply_frames(made), operations, frames)
    for step in steps:
        frames = step.apply_frames(frames)
    for frame, other in zip(frames, together, strict=True):
        assert np.array_equal(frame, other)


@given(st.lists(LOOKUPS, min_size=1, max_size=12))
def test_only_what_measures_the_picture_begins_a_step(operations: list[Operation]) -> None:
    measuring = [operation.name in ("contrast", "auto_level") for operation in operations]
    assert len(fused(operations)) == 1 + sum(measuring[1:])


def test_what_is_fused() -> None:
    assert names("negative | brightness | gamma | tint:#ff8800 | opacity") == [
        "negative + brightness + gamma + tint + opacity"
    ]
    assert names("gamma | contrast | negative | sepia | hue | gamma") == [
        "gamma",
        "contrast + negative",
        "sepia",
        "hue",
        "gamma",
    ]
    assert names("blur | blur | resize:9x9") == ["blur", "blur", "resize"]
    assert names("") == []


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_input_stays(channels: int) -> None:
    image = photo(30, 20, channels)  # cannot be written to
    (step,) = fused(Pipeline.from_text("negative | opacity:0.5 | gamma:0.8").operations)
    assert step.apply(image).shape == (20, 30, 4)
