"""ProcessImage and GetProcessingStatus, driven by a client that knows only the contract."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest
from PIL import Image

from tests.fleet import classic, filters
from tests.fleet.failures import fails
from tests.fleet.pictures import Pixels, difference, opened, pixels_of, png, psnr, scene
from tests.fleet.processes import Fleet

SCENE = scene(240, 160)
PICTURE = png(SCENE)
FILTERS = {name: classic.value("FilterType", name) for name in filters.NAMES}
FORMATS = {name: classic.value("ImageFormat", name) for name in ("PNG", "JPEG", "WEBP")}


def process(fleet: Fleet, data: bytes = PICTURE, **options: Any) -> Any:
    """Send a picture through ProcessImage."""
    request = classic.message("ProcessingOptions", **options)
    return classic.call(
        fleet.channel, "OrchestratorService", "ProcessImage", filename="a.png", image_data=data, options=request
    )


def status(fleet: Fleet, process_id: str) -> Any:
    """Ask for a request's status."""
    return classic.call(fleet.channel, "OrchestratorService", "GetProcessingStatus", process_id=process_id)


def half() -> Pixels:
    """Return what Pillow makes of the scene at half its size."""
    return np.asarray(Image.fromarray(SCENE).resize((120, 80), Image.Resampling.LANCZOS))


def test_the_sample_request(shared: Fleet) -> None:
    steps = ["BLUR", "SHARPEN", "SEPIA"]
    answer = process(
        shared,
        target_width=120,
        target_height=120,
        filters=[FILTERS[step] for step in steps],
        add_watermark=True,
        watermark_text="me",
    )
    assert answer.success
    image = opened(answer.processed_image)
    assert (image.format, image.size) == ("PNG", (120, 80))
    wanted = half()
    for step in steps:
        wanted = filters.apply(step, wanted, 1)
    made = pixels_of(answer.processed_image)
    written = np.abs(made.astype(int) - wanted).max(axis=2) > 4
    assert written[40:, 60:].any()
    written[40:, 60:] = False
    assert not written.any()


def test_without_options_the_picture_comes_back_as_png(shared: Fleet) -> None:
    answer = process(shared)
    assert opened(answer.processed_image).format == "PNG"
    assert np.array_equal(pixels_of(answer.processed_image), SCENE)


@pytest.mark.parametrize("name", [name for name in filters.NAMES if name != "NONE"])
def test_filters_run_at_full_intensity(shared: Fleet, name: str) -> None:
    answer = process(shared, filters=[FILTERS["NONE"], FILTERS[name]])
    assert difference(pixels_of(answer.processed_image), filters.apply(name, SCENE, 1)) <= (2 if name == "BLUR" else 1)


@pytest.mark.parametrize(
    ("width", "height", "size"), [(120, 0, (120, 80)), (0, 80, (120, 80)), (120, 40, (60, 40)), (500, 80, (120, 80))]
)
def test_a_resize_keeps_the_aspect_ratio(shared: Fleet, width: int, height: int, size: tuple[int, int]) -> None:
    answer = process(shared, target_width=width, target_height=height)
    assert opened(answer.processed_image).size == size
    wanted = np.asarray(Image.fromarray(SCENE).resize(size, Image.Resampling.LANCZOS))
    assert psnr(pixels_of(answer.processed_image), wanted) >= 40


@pytest.mark.parametrize("position", ["top-left", "top-right", "bottom-left", "bottom-right", "center"])
def test_the_watermark_is_white_30_px_at_four_fifths(shared: Fleet, position: str) -> None:
    answer = process(shared, add_watermark=True, watermark_text="Xy", watermark_position=position)
    step = classic.call(
        shared.channel_to_worker("watermark"),
        "WatermarkService",
        "AddTextWatermark",
        image_data=PICTURE,
        text="Xy",
        position=position,
        font_size=30,
        color="#ffffff",
        opacity=0.8,
    )
    assert np.array_equal(pixels_of(answer.processed_image), pixels_of(step.watermarked_image))
    default = process(shared, add_watermark=True, watermark_text="Xy")
    assert (default.processed_image == answer.processed_image) == (position == "bottom-right")


@pytest.mark.parametrize("name", ["JPEG", "WEBP"])
def test_output_quality(shared: Fleet, name: str) -> None:
    made = {quality: process(shared, output_format=FORMATS[name], output_quality=quality) for quality in (0, 30, 90)}
    assert opened(made[90].processed_image).format == name
    assert made[0].processed_image == made[90].processed_image
    assert len(made[30].processed_image) < len(made[90].processed_image)
    assert psnr(pixels_of(made[90].processed_image), SCENE) > 33


def test_a_status_after_the_end(shared: Fleet) -> None:
    answer = process(shared, target_width=120, filters=[FILTERS["BLUR"]], add_watermark=True, watermark_text="me")
    told = status(shared, answer.process_id)
    assert (told.process_id, told.status, told.progress_percent) == (answer.process_id, "completed", 100)
    assert told.stats == answer.stats
    assert answer.stats.original_size_bytes == len(PICTURE)
    assert answer.stats.processed_size_bytes == len(answer.processed_image)
    stages = ("resize_time_ms", "filter_time_ms", "watermark_time_ms", "format_time_ms")
    # Each of the four is rounded.
    assert sum(getattr(answer.stats, stage) for stage in stages) <= answer.stats.total_time_ms + 4


def test_times_are_measured(shared: Fleet) -> None:
    big = png(scene(2400, 1600))
    stats = process(shared, big, filters=[FILTERS["EDGE_DETECT"]] * 4).stats
    assert stats.filter_time_ms > 0
    assert stats.format_time_ms > 0
    assert stats.resize_time_ms == stats.watermark_time_ms == 0
    assert stats.total_time_ms >= stats.filter_time_ms + stats.format_time_ms - 2


def test_an_unknown_process_is_not_found(shared: Fleet) -> None:
    with fails() as failure:
        status(shared, "never-heard-of")
    assert failure.code is grpc.StatusCode.NOT_FOUND
    assert "never-heard-of" in failure.message
    assert (failure.info.reason, failure.info.domain) == ("PROCESS_NOT_FOUND", "pixelmill")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "CORRUPT_IMAGE"),
        (PICTURE[:2000], "CORRUPT_IMAGE"),
        (PICTURE[:30], "CORRUPT_IMAGE"),
        (b"this is no picture", "UNSUPPORTED_FORMAT"),
    ],
)
def test_a_bad_picture(shared: Fleet, data: bytes, reason: str) -> None:
    with fails() as failure:
        process(shared, data, target_width=20)
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert (failure.info.reason, failure.info.domain) == (reason, "pixelmill")
    assert failure.message.startswith("expected ")


@pytest.mark.parametrize(
    "options",
    [
        {"target_width": -1},
        {"target_height": 1_000_000},
        {"filters": [99]},
        {"filters": [FILTERS["SEPIA"]] * 33},
        {"add_watermark": True},
        {"add_watermark": True, "watermark_text": "x" * 1001},
        {"add_watermark": True, "watermark_text": "x", "watermark_position": "left of it"},
        {"output_format": 7},
        {"output_format": FORMATS["JPEG"], "output_quality": 101},
        {"output_format": FORMATS["JPEG"], "output_quality": -1},
    ],
)
def test_options_out_of_range(shared: Fleet, options: dict[str, Any]) -> None:
    with fails() as failure:
        process(shared, **options)
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert (failure.info.reason, failure.info.domain) == ("INVALID_PIPELINE", "pixelmill")
    assert [violation.description for violation in failure.violations] == [failure.message]
    assert failure.message.startswith("expected ")
