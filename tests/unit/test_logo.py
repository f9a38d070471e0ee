"""A logo drawn over the picture."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import InvalidPipeline, Pipeline
from pixelmill.operations import make_operation
from tests.pictures import encoded, photo

IMAGE = photo(200, 100)
RED = np.full((20, 40, 3), (255, 0, 0), np.uint8)


def test_it_is_scaled_to_its_share_of_the_width() -> None:
    result = make_operation("logo", {"image": encoded(RED), "scale": 0.5, "opacity": 1, "margin": 5}).apply(IMAGE)
    box = np.s_[100 - 5 - 50 : 95, 200 - 5 - 100 : 195]
    assert (result[box] == (255, 0, 0)).all()
    outside = np.ones((100, 200), bool)
    outside[box] = False
    assert np.array_equal(result[outside], IMAGE[outside])


def test_it_is_never_higher_than_the_picture() -> None:
    result = make_operation(
        "logo",
        {"image": encoded(np.zeros((500, 2, 3), np.uint8)), "scale": 1, "opacity": 1, "margin": 0, "position": "left"},
    ).apply(IMAGE)
    changed = np.argwhere((result != IMAGE).any(axis=2))
    assert changed[:, 1].max() <= 1


def test_opacity_blends() -> None:
    black = np.zeros((50, 100, 3), np.uint8)
    result = make_operation("logo", {"image": encoded(RED), "scale": 1, "opacity": 0.5, "margin": 0}).apply(black)
    assert result[25, 50].tolist() == [128, 0, 0]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_every_format_that_is_read_works(format: str) -> None:
    result = make_operation("logo", {"image": encoded(RED, format), "opacity": 1}).apply(IMAGE)
    assert (result != IMAGE).any()


@pytest.mark.parametrize("data", [b"no picture", encoded(RED)[:60]])
def test_what_is_no_picture_is_the_pipelines_fault(data: bytes) -> None:
    with pytest.raises(InvalidPipeline, match=r"expected a picture for logo.image, which it is not: expected"):
        make_operation("logo", {"image": data}).apply(IMAGE)


def test_a_logo_of_few_bytes_and_many_pixels_is_refused() -> None:
    bomb = encoded(Pillow.new("1", (8000, 4000)))
    assert len(bomb) < 10_000
    with pytest.raises(
        InvalidPipeline, match=r"for logo.image, .*expected at most 25000000 pixels × frames .* got 8000×4000×1"
    ):
        make_operation("logo", {"image": bomb}).apply(IMAGE)


def test_an_animation_is_refused() -> None:
    frames = [Pillow.new("RGB", (30, 30), color) for color in ("#f00", "#00f", "#0f0")]
    animation = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(InvalidPipeline, match=r"for logo.image, .* expected a still picture, got a gif of 3 frames"):
        make_operation("logo", {"image": animation}).apply(IMAGE)


def test_in_text_forms_it_is_base64() -> None:
    pipeline = Pipeline().logo(encoded(RED), scale=0.1)
    assert base64.b64encode(encoded(RED)).decode() in pipeline.to_json()
    assert Pipeline.from_text(pipeline.to_text()) == Pipeline.from_yaml(pipeline.to_yaml()) == pipeline


def test_what_is_no_base64_is_refused() -> None:
    with pytest.raises(InvalidPipeline, match=r"expected a picture's bytes, or base64, for logo.image, got 'ÿ'"):
        make_operation("logo", {"image": "ÿ"})
