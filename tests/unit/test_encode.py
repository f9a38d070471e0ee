"""Encoders: what is written reads back, and says nothing but the picture."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import InvalidPipeline, Pipeline, run
from pixelmill.codecs import Output, encode, png, probe
from pixelmill.pixels import Image, without_hidden
from tests.pictures import by_pillow, decoded, encoded, photo, psnr

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
SIZES = [(1, 1), (1, 9), (7, 1), (64, 48), (301, 205)]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", SIZES)
def test_png_is_exact(channels: int, size: tuple[int, int]) -> None:
    image = without_hidden(photo(*size, channels))
    data = encode(image, Output(format="png"))
    assert np.array_equal(by_pillow(data, MODES[channels]), image)
    assert Pillow.open(io.BytesIO(data)).mode == MODES[channels]
    assert np.array_equal(decoded(data), image)


SMALL_PNGS = """
import hashlib, threading, numpy as np
from pixelmill.codecs import png
random = np.random.default_rng(7)
images = []
for _ in range(2000):
    height, width = random.integers(1, 24, 2)
    images.append(random.choice(random.integers(0, 256, 4), (height, width, 1)).astype(np.uint8))
def encode_all():
    print(*(hashlib.sha256(png.encode(image)).hexdigest() for image in images))
for pages in (256, 263, 301, 394):
    threading.stack_size(pages * 4096)
    thread = threading.Thread(target=encode_all)
    thread.start()
    thread.join()
"""


def test_png_has_the_same_bytes_in_every_process_and_thread() -> None:
    """Where a process's memory lies differs from one to the next, and must not show in what is written."""
    command = [sys.executable, "-c", SMALL_PNGS]
    several = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines() for _ in range(3)]
    ways = [line.split() for lines in several for line in lines]
    assert [len(way) for way in ways] == [2000] * 12
    assert all(way == ways[0] for way in ways)


def test_png_filters_across_or_down_whichever_leaves_less() -> None:
    ramp = np.arange(256, dtype=np.uint8)
    down, across = (np.ascontiguousarray(way)[:, :, None] for way in (np.tile(ramp, (64, 1)), np.tile(ramp, (64, 1)).T))
    for image, wanted in ((down, png.FILTER_UP), (across, png.FILTER_SUB)):
        lines = png.filtered(image)
        assert set(lines[:, 0]) == {wanted}
        assert len(encode(image, Output(format="png"))) < image.size / 10


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("size", SIZES)
def test_lossless_webp_is_exact_where_it_shows(channels: int, size: tuple[int, int]) -> None:
    image = photo(*size, channels)
    data = by_pillow(encode(image, Output(format="webp", lossless=True)), MODES[channels])
    seen = image[:, :, 3] > 0 if channels == 4 else np.ones(image.shape[:2], bool)
    assert np.array_equal(data[seen], image[seen])


@pytest.mark.parametrize("format", ["jpeg", "webp", "avif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", SIZES)
def test_lossy_formats_are_close(format: str, channels: int, size: tuple[int, int]) -> None:
    image = photo(*size, channels)
    if channels == 4:
        image = image.copy()
        image[:, :, 3] = 255
    data = encode(image, Output.model_validate({"format": format, "quality": 90}))
    assert probe(data).size == size
    color = np.broadcast_to(image[:, :, :3], (*image.shape[:2], 3))
    if min(size) > 10:
        assert psnr(by_pillow(data), color) > 30


def cleaned(image: Image) -> Image:
    made = image.copy()
    made[image[:, :, 3] == 0] = 0
    return made


@pytest.mark.parametrize("output", ["png", "tiff", "png:colors=256", "png:effort=small", "webp:lossless=true", "avif"])
def test_color_that_does_not_show_is_not_written(output: str) -> None:
    """Whatever stands under transparent pixels, the file is the same."""
    image = photo(64, 48, 4)
    other = image.copy()
    other[image[:, :, 3] == 0] = (1, 200, 3, 0)
    made, same = (run(encoded(each), output).data for each in (image, other))
    assert made == same
    if output in ("png", "tiff"):
        np.testing.assert_array_equal(by_pillow(made, "RGBA"), cleaned(image))


def test_color_that_does_not_show_is_taken_away_alone() -> None:
    image = photo(64, 48, 4)
    np.testing.assert_array_equal(without_hidden(image), cleaned(image))
    for shown in (photo(9, 9, 3), photo(9, 9, 1), np.full((3, 3, 4), 255, np.uint8)):
        assert without_hidden(shown) is shown


@pytest.mark.parametrize("format", ["webp", "avif"])
def test_alpha_survives(format: str) -> None:
    image = photo(64, 48, 4)
    got = by_pillow(encode(image, Output.model_validate({"format": format})), "RGBA")
    assert np.abs(got[:, :, 3].astype(int) - image[:, :, 3]).mean() < 2


def test_quality_counts() -> None:
    image = photo(200, 150)
    for format in ("jpeg", "webp", "avif"):
        sizes = [len(encode(image, Output.model_validate({"format": format, "quality": q}))) for q in (20, 50, 90)]
        assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_no_metadata_is_written(format: str) -> None:
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010E] = 6, "SECRET"
    data = encoded(photo(40, 30), format, exif=exif.tobytes(), icc_profile=None)
    result = run(data, Pipeline())
    assert b"SECRET" in data
    assert b"SECRET" not in result.data
    assert probe(result.data).orientation == 1


@pytest.mark.parametrize(
    ("source", "output", "wanted"),
    [
        ("JPEG", "source", "jpeg"),
        ("WEBP", "source:50", "webp"),
        ("GIF", "source", "gif"),
        ("PNG", "source:50", "png"),
        ("PNG", "jpg", "jpeg"),
        ("JPEG", "avif", "avif"),
        ("TIFF", "source:50", "tiff"),
    ],
)
def test_output_format(source: str, output: str, wanted: str) -> None:
    result = run(encoded(photo(40, 30), source), output)
    assert result.info.format == probe(result.data).format.name == wanted
    assert result.info.bytes == len(result.data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("png:80", "expected quality only for jpeg, webp, avif, heic, jxl, got 80 for png"),
        ("jpeg:0", "expected a number ≥ 1 for output.quality, got '0'"),
        ("jpeg:101", "expected a number ≤ 100 for output.quality, got '101'"),
        ("jpeg:lossless=true", "expected lossless only for webp, avif, jxl, got True for jpeg"),
        ("webp:80,format=png", "expected one format for the output, got webp and 'png'"),
        ("webp | blur", "expected the output format as the last stage for the pipeline, got 'webp'"),
    ],
)
def test_outputs_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidPipeline) as refusal:
        Pipeline.from_text(text)
    assert str(refusal.value) == message
