"""The typed services of single steps, driven by a client that knows only the contract, against Pillow and NumPy."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import grpc
import numpy as np
import pytest
from PIL import Image

from tests.fleet import classic, filters
from tests.fleet.pictures import Pixels, difference, noise, opened, pixels_of, png, psnr, scene
from tests.fleet.processes import Fleet

SCENE = scene()
PICTURE = png(SCENE)
FILTER_TYPE = classic.FILE.enum_types_by_name["FilterType"].values_by_name
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def call(shared: Fleet) -> Call:
    """Call a typed service on a worker of its pool."""
    pools = {
        "ResizeService": "resize",
        "FilterService": "filter",
        "WatermarkService": "watermark",
        "FormatService": "filter",
    }
    channels = {pool: shared.channel_to_worker(pool) for pool in set(pools.values())}

    def call(service: str, method: str, **fields: Any) -> Any:
        return classic.call(channels[pools[service]], service, method, image_id="some", image_data=PICTURE, **fields)

    return call


def resized(width: int, height: int) -> Pixels:
    """Return what Pillow makes of the scene at that size."""
    return np.asarray(Image.fromarray(SCENE).resize((width, height), Image.Resampling.LANCZOS))


@pytest.mark.parametrize(
    ("width", "height", "keep", "size"),
    [
        (60, 60, True, (60, 40)),
        (90, 20, True, (30, 20)),
        (60, 0, True, (60, 40)),
        (0, 20, True, (30, 20)),
        (60, 0, False, (60, 40)),
        (60, 60, False, (60, 60)),
    ],
)
def test_resize(call: Call, width: int, height: int, keep: bool, size: tuple[int, int]) -> None:
    answer = call("ResizeService", "ResizeImage", target_width=width, target_height=height, maintain_aspect_ratio=keep)
    assert answer.success
    assert (answer.new_width, answer.new_height) == size
    image = opened(answer.resized_image)
    assert (image.format, image.size) == ("PNG", size)
    assert psnr(pixels_of(answer.resized_image), resized(*size)) >= 40
    assert answer.processing_time_ms >= 0


def test_resize_without_the_aspect_ratio_can_make_a_side_larger(call: Call) -> None:
    answer = call("ResizeService", "ResizeImage", target_width=240, target_height=40)
    assert (answer.new_width, answer.new_height) == opened(answer.resized_image).size == (240, 40)
    assert psnr(pixels_of(answer.resized_image), resized(240, 40)) > 25


def test_a_thumbnail_is_a_square_of_the_middle(call: Call) -> None:
    answer = call("ResizeService", "GetThumbnail", size=40)
    assert (answer.width, answer.height, answer.format) == (40, 40, "PNG")
    assert psnr(pixels_of(answer.data), resized(60, 40)[:, 10:50]) >= 40


@pytest.mark.parametrize("intensity", [0.0, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("name", filters.NAMES)
def test_a_filter_at_an_intensity(call: Call, name: str, intensity: float) -> None:
    answer = call("FilterService", "ApplyFilter", filter_type=FILTER_TYPE[name].number, intensity=intensity)
    assert answer.success
    assert opened(answer.filtered_image).format == "PNG"
    made, wanted = pixels_of(answer.filtered_image), filters.apply(name, SCENE, intensity)
    assert difference(made, wanted) <= (2 if name == "BLUR" else 1)


def test_several_filters_run_one_after_another(call: Call) -> None:
    names = ("SEPIA", "NONE", "NEGATIVE", "SHARPEN")
    answer = call("FilterService", "BatchFilter", filters=[FILTER_TYPE[name].number for name in names])
    wanted = SCENE
    for name in names:
        wanted = filters.apply(name, wanted, 1)
    assert answer.success
    assert answer.total_processing_time_ms >= 0
    # A level of rounding in the first one is up to three after sharpening.
    assert difference(pixels_of(answer.filtered_image), wanted) <= 3


@pytest.mark.parametrize(
    ("position", "box"),
    [
        ("top-left", np.s_[:40, :60]),
        ("top-right", np.s_[:40, 60:]),
        ("bottom-left", np.s_[40:, :60]),
        ("bottom-right", np.s_[40:, 60:]),
        ("center", np.s_[20:60, 30:90]),
    ],
)
def test_a_text_lies_where_it_should(call: Call, position: str, box: tuple[slice, slice]) -> None:
    answer = call(
        "WatermarkService", "AddTextWatermark", text="me", position=position, font_size=20, color="#ff0000", opacity=1.0
    )
    assert answer.success
    made = pixels_of(answer.watermarked_image)
    changed = (made != SCENE).any(axis=2)
    outside = changed.copy()
    outside[box] = False
    assert changed.any()
    assert not outside.any()
    assert (made[box] == (255, 0, 0)).all(axis=2).any()


def test_a_texts_defaults(call: Call) -> None:
    by_default = call("WatermarkService", "AddTextWatermark", text="me")
    spelled_out = call(
        "WatermarkService",
        "AddTextWatermark",
        text="me",
        position="bottom-right",
        font_size=30,
        color="#FFFFFF",
        opacity=0.8,
    )
    assert by_default.watermarked_image == spelled_out.watermarked_image
    made = pixels_of(by_default.watermarked_image)
    brightest = np.rint(SCENE * 0.2 + 255 * 0.8)
    assert (made <= np.maximum(brightest, SCENE) + 1).all()
    assert (np.abs(made - brightest).max(axis=2) <= 1).any()


@pytest.mark.parametrize("opacity", [0.5, 1.0])
def test_a_logo_is_scaled_and_blended(call: Call, opacity: float) -> None:
    logo = np.zeros((20, 40, 3), np.uint8) + np.array([0, 200, 50], np.uint8)
    answer = call("WatermarkService", "AddLogoWatermark", logo_data=png(logo), position="center", scale=0.5, opacity=opacity)
    wanted = SCENE.astype(float)
    wanted[25:55, 30:90] = (1 - opacity) * wanted[25:55, 30:90] + opacity * logo[0, 0]
    assert difference(pixels_of(answer.watermarked_image), np.rint(wanted).astype(np.uint8)) <= 1


def test_converting_to_png_keeps_every_pixel(call: Call) -> None:
    answer = call("FormatService", "ConvertFormat")
    assert opened(answer.formatted_image).format == "PNG"
    assert np.array_equal(pixels_of(answer.formatted_image), SCENE)


@pytest.mark.parametrize("name", ["JPEG", "WEBP"])
def test_converting_to_a_lossy_format(call: Call, name: str) -> None:
    def convert(quality: int) -> bytes:
        kind = classic.value("ImageFormat", name)
        return bytes(call("FormatService", "ConvertFormat", format=kind, quality=quality).formatted_image)

    assert opened(convert(90)).format == name
    assert psnr(pixels_of(convert(90)), SCENE) > 33
    assert convert(0) == convert(90)
    assert len(convert(20)) < len(convert(90)) < len(convert(100))


def test_jpeg_quality_means_what_it_means_elsewhere(call: Call) -> None:
    answer = call("FormatService", "ConvertFormat", format=classic.value("ImageFormat", "JPEG"), quality=75)
    ours: Any = opened(answer.formatted_image)
    buffer = io.BytesIO()
    Image.fromarray(noise(16, 16)).save(buffer, "JPEG", quality=75)
    pillows: Any = opened(buffer.getvalue())
    assert ours.quantization == pillows.quantization


@pytest.mark.parametrize(
    ("service", "method", "fields"),
    [
        ("ResizeService", "ResizeImage", {}),
        ("ResizeService", "ResizeImage", {"target_width": -5}),
        ("ResizeService", "ResizeImage", {"target_width": 20_000}),
        ("ResizeService", "GetThumbnail", {"size": 0}),
        ("FilterService", "ApplyFilter", {"filter_type": 1, "intensity": 1.5}),
        ("FilterService", "ApplyFilter", {"filter_type": 1, "intensity": float("nan")}),
        ("FilterService", "BatchFilter", {"filters": [1] * 33}),
        ("WatermarkService", "AddTextWatermark", {"text": ""}),
        ("WatermarkService", "AddTextWatermark", {"text": "x", "position": "nowhere"}),
        ("WatermarkService", "AddTextWatermark", {"text": "x", "color": "red"}),
        ("WatermarkService", "AddTextWatermark", {"text": "x", "opacity": 2}),
        ("WatermarkService", "AddLogoWatermark", {"logo_data": b""}),
        ("WatermarkService", "AddLogoWatermark", {"logo_data": PICTURE, "scale": 7}),
        ("FormatService", "ConvertFormat", {"format": 1, "quality": 101}),
    ],
)
def test_what_is_out_of_range_is_refused(call: Call, service: str, method: str, fields: dict[str, Any]) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        call(service, method, **fields)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (caught.value.details() or "").startswith("expected ")
