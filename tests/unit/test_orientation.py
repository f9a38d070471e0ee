"""EXIF orientation is undone while decoding, in every format that carries it, with and without a resize."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from pixelmill.codecs import probe
from pixelmill.engine import run_hop
from pixelmill.operations.resize import Resize
from tests.pictures import decoded, difference, encoded, photo, psnr

EXAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "corpora" / "exif-orientation"
TAG = 0x0112
OPTIONS: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}


def oriented(orientation: int, format: str, mode: str = "RGB") -> bytes:
    exif = Pillow.Exif()
    exif[TAG] = orientation
    options = OPTIONS.get(format, {})
    return encoded(Pillow.fromarray(photo(400, 240)).convert(mode), format, exif=exif.tobytes(), **options)


def upright(data: bytes) -> Pillow.Image:
    return ImageOps.exif_transpose(Pillow.open(io.BytesIO(data))).convert("RGB")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_picture_is_turned_as_pillow_turns_it(orientation: int, format: str) -> None:
    data = oriented(orientation, format)
    wanted = np.asarray(upright(data))
    assert probe(data).size == (wanted.shape[1], wanted.shape[0])
    assert psnr(decoded(data), wanted) > 35


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("format", "mode"), [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGBA")])
@pytest.mark.parametrize("width", [40, 130])
def test_resizing_while_decoding_gives_what_resizing_afterwards_gives(
    orientation: int, format: str, mode: str, width: int
) -> None:
    data = oriented(orientation, format, mode)
    resize = Resize(width=width)
    result = run_hop(data, [resize], None)
    assert result.size == resize.output_size(probe(data).size)
    assert isinstance(result.image, np.ndarray)
    assert psnr(result.image, resize.apply(decoded(data))) > 38


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_none(value: int) -> None:
    data = oriented(value, "JPEG")
    assert probe(data).orientation == 1
    assert probe(data).size == (400, 240)


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the pictures to test with are not here")
@pytest.mark.parametrize("orientation", range(9))
@pytest.mark.parametrize("kind", ["Landscape", "Portrait"])
def test_the_known_examples(kind: str, orientation: int) -> None:
    data = (EXAMPLES / f"{kind}_{orientation}.jpg").read_bytes()
    assert difference(decoded(data), np.asarray(upright(data))) <= 1
