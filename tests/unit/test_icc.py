"""Pictures with an ICC profile come out in sRGB, as Pillow's own color management (littleCMS) converts them."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import Image as Pillow
from PIL import ImageCms

from pixelmill.pixels import Image
from tests.pictures import decoded, difference, encoded, photo

D50 = (0.9642, 1.0, 0.8249)
SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
"""Red, green and blue in XYZ, adapted to D50."""
COLOR = photo(96, 64)
OPTIONS: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}, "AVIF": {"quality": 90}}
PILLOW_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def profile(primaries: Sequence[Sequence[float]] | None, gamma: float) -> bytes:
    """Return an ICC v2 profile of a display: RGB by its primaries, or gray where there are none.

    Source: ICC.1:2001-04, File Format for Color Profiles.
    """

    def xyz(values: Sequence[float]) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))

    curve = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(gamma * 256))
    text = b"test\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    tags = {b"desc": description, b"wtpt": xyz(D50), b"cprt": b"text\0\0\0\0none\0"}
    if primaries is None:
        tags[b"kTRC"] = curve
    else:
        for name, primary in zip("rgb", primaries, strict=True):
            tags[name.encode() + b"XYZ"] = xyz(primary)
            tags[name.encode() + b"TRC"] = curve
    table, data, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name_, value in tags.items():
        table += name_ + struct.pack(">II", start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    space = b"RGB " if primaries else b"GRAY"
    header = bytes(8) + struct.pack(">I", 0x02100000) + b"mntr" + space + b"XYZ " + bytes(12) + b"acsp" + bytes(28)
    header += struct.pack(">3i", *(round(value * 65536) for value in D50)) + bytes(48)
    whole = header + struct.pack(">I", len(tags)) + table + data
    return struct.pack(">I", len(whole)) + whole[4:]


PROFILES = {
    "Display P3": profile(DISPLAY_P3, 2.2),
    "channels swapped": profile(SRGB[::-1], 2.2),
    "gamma 1.0": profile(SRGB, 1.0),
    "gamma 1.8": profile(SRGB, 1.8),
}


def converted(pixels: Image, icc: bytes) -> Image:
    picture = Pillow.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    result = ImageCms.profileToProfile(picture, source, PILLOW_SRGB, intent, outputMode="RGB", flags=flags)
    assert result is not None
    return np.asarray(result)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_a_color_profile_is_applied(name: str, format: str) -> None:
    options = OPTIONS.get(format, {})
    plain, tagged = encoded(COLOR, format, **options), encoded(COLOR, format, icc_profile=PROFILES[name], **options)
    wanted = converted(decoded(plain), PROFILES[name])
    assert difference(decoded(tagged), wanted) <= 2
    assert difference(decoded(plain), wanted) > 10


def test_alpha_stays_while_color_is_converted() -> None:
    image = np.dstack([COLOR, photo(96, 64, 4)[:, :, 3]])
    got = decoded(encoded(image, icc_profile=PROFILES["Display P3"]))
    assert np.array_equal(got[:, :, 3], image[:, :, 3])
    assert difference(got[:, :, :3], converted(COLOR, PROFILES["Display P3"])) <= 2


def test_16_bit_color_is_converted() -> None:
    image = pyvips.Image.new_from_array(COLOR.astype(np.uint16) * 257, interpretation="rgb16").copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", PROFILES["gamma 1.0"])
    got = decoded(image.pngsave_buffer(bitdepth=16))
    assert difference(got, converted(COLOR, PROFILES["gamma 1.0"])) <= 2


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_a_gray_profile_is_applied_and_gray_stays_gray(format: str) -> None:
    icc = profile(None, 1.0)
    gray = photo(96, 64, 1)
    plain = decoded(encoded(gray, format))
    got = decoded(encoded(gray, format, icc_profile=icc))
    assert got.shape == gray.shape
    assert difference(np.repeat(got, 3, axis=2), converted(plain, icc)) <= 2
    assert difference(got, plain) > 10


def test_gray_with_alpha_and_a_gray_profile() -> None:
    image = photo(96, 64, 4)
    picture = Pillow.merge("LA", [Pillow.fromarray(image[:, :, 0]), Pillow.fromarray(image[:, :, 3])])
    got = decoded(encoded(picture, icc_profile=profile(None, 1.0)))
    assert np.array_equal(got[:, :, 3], image[:, :, 3])
    assert difference(got[:, :, :3], converted(image[:, :, :1], profile(None, 1.0))) <= 2


@pytest.mark.parametrize(
    ("pixels", "icc"),
    [
        (photo(96, 64, 1), PROFILES["gamma 1.0"]),
        (COLOR, profile(None, 1.0)),
        (COLOR, PROFILES["gamma 1.0"][:200]),
        (COLOR, b"no profile"),
    ],
    ids=["RGB profile on gray", "gray profile on RGB", "truncated", "nonsense"],
)
def test_a_profile_that_does_not_fit_is_passed_over(pixels: Image, icc: bytes) -> None:
    assert difference(decoded(encoded(pixels, icc_profile=icc)), pixels) == 0


def test_an_srgb_profile_leaves_the_pixels_alone() -> None:
    assert difference(decoded(encoded(COLOR, icc_profile=PILLOW_SRGB.tobytes())), COLOR) == 0
