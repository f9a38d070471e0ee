"""Files that ask for far more than they are get the right error, cost little memory, and harm no picture beside them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import pytest

from tests.hostile import bombs
from tests.hostile.bombs import MIB
from tests.hostile.worker import STATUS, neighbours, outcome
from tests.pictures import encoded, photo

HANGS_S = 120
MOST_MIB = 200
PIPELINE = "resize:64x64 | png"

pytestmark = pytest.mark.skipif(not STATUS.exists(), reason="memory is measured through /proc")


class Case(NamedTuple):
    make: Callable[[], bytes]
    error: str


def picture() -> bytes:
    return encoded(photo(100, 80))


def exif_bomb(format: str) -> bytes:
    return bombs.with_exif(format, bombs.circular_exif())


CASES = {
    "34-byte webp": Case(partial(bombs.webp, 16_383, 16_383), "ImageTooLarge"),
    "1-bit png": Case(bombs.one_bit_png, "ImageTooLarge"),
    "group 4 tiff": Case(bombs.group4_tiff, "ImageTooLarge"),
    "claiming jpeg": Case(partial(bombs.claiming_jpeg, 65_500, 65_500), "ImageTooLarge"),
    "gif of 20,000 frames": Case(partial(bombs.gif, 500, 500, 20_000), "ImageTooLarge"),
    "gif of 20,000 pixels": Case(partial(bombs.gif, 1, 1, 20_000), "ImageTooLarge"),
    "gif of 2,000,000 pixels": Case(partial(bombs.gif, 1, 1, 2_000_000), "ImageTooLarge"),
    "webp of 20,000 pixels": Case(partial(bombs.webp_animation, 20_000), "ImageTooLarge"),
    "webp of 1,000,000 pixels": Case(partial(bombs.webp_animation, 1_000_000), "ImageTooLarge"),
    "webp of chunks": Case(partial(bombs.webp_chunks, 5_000_000), "ImageTooLarge"),
    "tiff of 100,000 pages": Case(partial(bombs.tiff_pages, 100_000), "ImageTooLarge"),
    "png of chunks": Case(partial(bombs.text_chunks, b"tEXt", 0, 1_000_000), "ImageTooLarge"),
    "zTXt": Case(partial(bombs.text_chunks, b"zTXt", 200 * MIB), "ImageTooLarge"),
    "iTXt": Case(partial(bombs.text_chunks, b"iTXt", 200 * MIB), "ImageTooLarge"),
    "iCCP": Case(partial(bombs.text_chunks, b"iCCP", 200 * MIB), "ImageTooLarge"),
    "many zTXt": Case(partial(bombs.text_chunks, b"zTXt", 5 * MIB, 100), "ImageTooLarge"),
    "jpeg of scans": Case(partial(bombs.jpeg_scans, 5_000), "ImageTooLarge"),
    "avif of boxes": Case(partial(bombs.avif_boxes, 1_000_000), "ImageTooLarge"),
    **{
        f"circular exif in {format}": Case(partial(exif_bomb, format), "CorruptImage")
        for format in ("JPEG", "PNG", "WEBP", "AVIF")
    },
    "bmp of runs": Case(partial(bombs.runs_bmp, 10_000, b"\0\2\xff\xff" * 100_000 + b"\0\1"), "ImageTooLarge"),
    "bmp of short runs": Case(partial(bombs.runs_bmp, 2_000, b"\1\1" * 2_000_000 + b"\0\1"), "ImageTooLarge"),
    "pnm of spaces": Case(partial(bombs.spaced_pnm, b" ", 30_000_000), "CorruptImage"),
    "pnm of comments": Case(partial(bombs.spaced_pnm, b"#\n", 15_000_000), "CorruptImage"),
    "pnm of later comments": Case(partial(bombs.commented_pnm, 15_000_000), "ImageTooLarge"),
    "svg entities": Case(bombs.svg_entities, "UnsupportedFormat"),
    "svg uses": Case(partial(bombs.svg_uses, 9), "ImageTooLarge"),
    "svg of 10⁹ px": Case(partial(bombs.svg, "", "30000", "30000"), "ImageTooLarge"),
}
TEXTS = {
    "blur:1e9": "InvalidPipeline",
    "blur:inf": "InvalidPipeline",
    'text:"' + "<b>&" * 262_144 + '"': "InvalidPipeline",
    "text:\"<span size='99999999'>&#0;</i>\"": "picture",
}


@pytest.fixture(scope="module")
def process() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("name", CASES)
def test_a_bomb_gets_its_error_and_little_memory(name: str, process: ProcessPoolExecutor) -> None:
    make, error = CASES[name]
    got = process.submit(outcome, make, PIPELINE).result(HANGS_S)
    assert got.name == error, got
    assert got.message.startswith("expected ")
    assert got.grown_mib < MOST_MIB


@pytest.mark.parametrize("pipeline", TEXTS, ids=lambda text: text[:20])
def test_hostile_parameters_too(pipeline: str, process: ProcessPoolExecutor) -> None:
    got = process.submit(outcome, picture, pipeline).result(HANGS_S)
    assert got.name == TEXTS[pipeline]
    assert len(got.message) < 300
    assert got.grown_mib < MOST_MIB


def test_pictures_beside_them_come_out_as_ever(process: ProcessPoolExecutor) -> None:
    makers = [case.make for case in CASES.values()]
    assert process.submit(neighbours, makers, PIPELINE).result(HANGS_S) > 0
