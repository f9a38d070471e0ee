"""Every file of a corpus of odd, damaged and hostile pictures becomes a picture or one of our errors."""

from __future__ import annotations

import csv
import io
import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill.codecs import probe, read
from pixelmill.pixels import Image, to_rgb
from tests.corpus.worker import outcome
from tests.pictures import difference

CORPORA = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
MANIFEST = CORPORA / "manifest.tsv"
READ = ("jpeg", "png", "webp", "avif", "gif", "tiff", "bmp", "ico")
HANGS_S = 240
"""No result after that long means that something hangs; the whole takes a tenth of it."""

pytestmark = pytest.mark.skipif(not MANIFEST.is_file(), reason="the pictures to test with are not here")

UNREADABLE = {
    # Whole TIFFs of kinds that libvips does not read.
    "libvips/ojpeg-strip.tif": "UnsupportedFormat",
    "libvips/ojpeg-tile.tif": "UnsupportedFormat",
    "pillow/old-style-jpeg-compression-no-samplesperpixel.tif": "UnsupportedFormat",
    "pillow/old-style-jpeg-compression.tif": "UnsupportedFormat",
    "pillow/12bit.cropped.tif": "UnsupportedFormat",
    "pillow/hopper.Lab.tif": "UnsupportedFormat",
    "pillow/lab-green.tif": "UnsupportedFormat",
    "pillow/lab-red.tif": "UnsupportedFormat",
    "pillow/lab.tif": "UnsupportedFormat",
    "pillow/hopper_lzma.tif": "UnsupportedFormat",
    "pillow/tiff_tiled_planar_16bit_RGB.tiff": "UnsupportedFormat",
    "pillow/tiff_tiled_planar_16bit_RGBa.tiff": "UnsupportedFormat",
    "pillow/tiff_tiled_planar_lzw.tiff": "UnsupportedFormat",
    "pillow/tiff_tiled_planar_raw.tif": "UnsupportedFormat",
    # The tag that says what the numbers mean is missing; required by TIFF 6.0.
    "pillow/10ct_32bit_128.tiff": "CorruptImage",
    # The second plane's strip has no bytes.
    "pillow/separate_planar_extra_samples.tiff": "CorruptImage",
    # Ends after 10 of 2688 rows; Pillow says so too.
    "pillow/ultrahdr.jpg": "CorruptImage",
}
"""Files that the manifest calls valid, and what they are refused with; each was looked at by hand."""

STILL = {
    # An acTL chunk of one frame beside the default picture, which is what every viewer without APNG shows.
    "pillow/chunk_repeat_fctl.png",
    "pillow/dispose_op_background_p_mode.png",
    "pillow/single_frame_default.png",
    "pillow/split_fdat.png",
    "pillow/split_fdat_zero_chunk.png",
    "pillow/syntax_num_frames_low.png",
    # The second frame lies half outside the canvas; libvips' reader does not count it.
    "pillow/test_extents_transparency.gif",
}
"""Files of which the manifest counts more frames than there are to see."""


ANIMATED = ("gif", "webp", "avif")
PUT_TOGETHER_OTHERWISE = {
    # A disposed frame leaves the background's color in Pillow, and nothing in browsers and here.
    "pillow/dispose_bgnd.gif",
    "pillow/dispose_bgnd_rgba.gif",
    # Frames reach beyond the canvas, which grows for them in Pillow.
    "pillow/test_extents.gif",
}


@pytest.fixture(scope="module")
def entries() -> dict[str, dict[str, str]]:
    with MANIFEST.open(encoding="utf-8", newline="") as file:
        return {row["path"]: row for row in csv.DictReader(file, delimiter="\t")}


@pytest.fixture(scope="module")
def outcomes(entries: dict[str, dict[str, str]]) -> dict[str, str]:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        paths = [str(CORPORA / path) for path in entries]
        return dict(zip(entries, pool.map(outcome, paths, timeout=HANGS_S, chunksize=8), strict=True))


def test_nothing_but_pictures_and_our_errors(outcomes: dict[str, str]) -> None:
    assert len(outcomes) > 1000
    assert {path: result for path, result in outcomes.items() if result.startswith("FOREIGN")} == {}


def test_what_is_valid_decodes(entries: dict[str, dict[str, str]], outcomes: dict[str, str]) -> None:
    refused = {
        path: outcomes[path]
        for path, entry in entries.items()
        if entry["kind"] == "valid" and entry["format"] in READ and outcomes[path] != "picture"
        if int(entry["frames"] or 1) == 1 and path not in UNREADABLE
    }
    assert refused == {}


def test_every_exception_is_one(outcomes: dict[str, str]) -> None:
    assert {path: outcomes[path].partition(":")[0] for path in UNREADABLE} == UNREADABLE


def test_no_frame_is_lost(entries: dict[str, dict[str, str]], outcomes: dict[str, str]) -> None:
    """Animated GIF, WebP and AVIF keep all of their frames; several pictures in another file are refused."""
    several = {
        path: int(entry["frames"])
        for path, entry in entries.items()
        # A JPEG's further pictures (MPO) are previews and other views of the first.
        if entry["format"] in READ and not path.endswith(".mpo") and int(entry["frames"] or 1) > 1
    }
    assert {path for path in several if outcomes[path] == "picture"} == STILL
    moving = {path: outcomes[path] for path in several if outcomes[path].startswith("animation")}
    assert moving == {path: f"animation {several[path]}" for path in moving}
    assert len(moving) > 30
    refused = {
        path: outcomes[path]
        for path, entry in entries.items()
        if path in several and entry["kind"] == "valid" and entry["format"] in ANIMATED and path not in STILL
        if not outcomes[path].startswith("animation")
    }
    assert refused == {}


def test_frames_are_what_pillow_shows(entries: dict[str, dict[str, str]]) -> None:
    """Pixel by pixel, for all whose way of being put together both readers agree on."""
    compared = 0
    for path, entry in entries.items():
        if entry["kind"] != "valid" or entry["format"] not in ANIMATED or int(entry["frames"] or 1) < 2:
            continue
        if path in STILL | PUT_TOGETHER_OTHERWISE:
            continue
        data = (CORPORA / path).read_bytes()
        frames = read(data, probe(data)).frames
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(io.BytesIO(data)) as file:
                for number, frame in enumerate(frames):
                    file.seek(number)
                    wanted = np.asarray(file.convert("RGBA"))
                    assert difference(shown(frame), shown(wanted)) == 0, (path, number)
                    compared += 1
    assert compared > 300


def shown(frame: Image) -> Image:
    """Return RGBA pixels, those that do not show in one color."""
    color = to_rgb(frame)
    alpha = frame[:, :, 3:] if frame.shape[2] == 4 else np.full((*frame.shape[:2], 1), 255, np.uint8)
    return np.concatenate([color[:, :, :3] * (alpha > 0), alpha], axis=2)
