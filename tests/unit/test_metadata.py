"""Metadata is stripped unless it is to be kept; what is kept says that the picture is upright."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from pixelmill import InvalidPipeline, Pipeline, UnsupportedFormat, run
from pixelmill.codecs import probe
from pixelmill.codecs.exif import fitted
from pixelmill.geometry import Size
from pixelmill.plan import Placement, plan
from tests.metadata import SIDEWAYS, SRGB, XMP, exif_of_a_camera, wide_profile
from tests.pictures import by_pillow, decoded, encoded, photo, psnr

KEEPING = ("jpeg", "png", "webp", "avif", "tiff")


def source(format: str = "JPEG", icc: bytes | None = None) -> bytes:
    exif = Pillow.Exif()
    exif[0x0112] = SIDEWAYS
    exif[0x010F] = "Camera & Co"
    exif[0x8298] = "somebody"
    if format == "TIFF":
        exif[700] = XMP
    options: dict[str, Any] = {"exif": exif.tobytes(), "xmp": XMP}
    if format == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode())
    if icc:
        options["icc_profile"] = icc
    if format == "JPEG":
        options |= {"quality": 95, "subsampling": 0}
    buffer = io.BytesIO()
    Pillow.fromarray(photo(60, 40)).save(buffer, format, **options)
    return buffer.getvalue()


def seen(data: bytes) -> dict[str, Any]:
    file = Pillow.open(io.BytesIO(data))
    file.load()
    exif = file.getexif()
    return {
        "orientation": exif.get(0x0112),
        "make": exif.get(0x010F),
        "rights": exif.get(0x8298),
        "xmp": file.info.get("xmp") or file.info.get("XML:com.adobe.xmp"),
        "icc": file.info.get("icc_profile"),
        "size": file.size,
    }


@pytest.mark.parametrize("output", KEEPING)
def test_nothing_is_kept_unasked(output: str) -> None:
    made = seen(run(source(icc=SRGB), output).data)
    assert (made["make"], made["rights"], made["xmp"], made["icc"]) == (None, None, None, None)
    assert made["orientation"] in (None, 1)
    assert made["size"] == (40, 60)


@pytest.mark.parametrize("output", KEEPING)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_exif_and_xmp_are_kept_and_say_upright(format: str, output: str) -> None:
    made = seen(run(source(format), f"resize:20x30 | sepia | {output}:keep=exif+xmp").data)
    assert (made["make"], made["rights"]) == ("Camera & Co", "somebody")
    assert made["orientation"] in (None, 1)
    assert made["size"] == (20, 30)
    assert b"A. Uthor" in (made["xmp"] if isinstance(made["xmp"], bytes) else made["xmp"].encode())
    assert b'tiff:Orientation="6"' not in (made["xmp"] if isinstance(made["xmp"], bytes) else made["xmp"].encode())
    assert made["icc"] is None


@pytest.mark.parametrize("output", KEEPING)
def test_a_kept_profile_goes_with_its_own_colors(output: str) -> None:
    profile = wide_profile()
    data = source("PNG", icc=profile)
    options = {"webp": ",lossless=true", "avif": ",lossless=true", "jpeg": ",subsampling=4:4:4"}.get(output, "")
    kept = run(data, f"{output}:keep=icc{options}").data
    assert seen(kept)["icc"] == profile
    stored = np.rot90(photo(60, 40), -1)
    assert psnr(by_pillow(kept), stored) > 30
    converted = run(data, "png").data
    assert seen(converted)["icc"] is None
    exchanged = stored[:, :, [1, 0, 2]]
    assert psnr(by_pillow(converted), exchanged) > 30
    assert psnr(by_pillow(converted), stored) < 30


def test_gray_pixels_with_a_kept_profile_stay_rgb() -> None:
    data = source("PNG", icc=wide_profile())
    made = run(data, "grayscale | png:keep=icc").data
    assert seen(made)["icc"] == wide_profile()
    assert Pillow.open(io.BytesIO(made)).mode == "RGB"


def test_a_profile_for_other_pixels_is_not_kept() -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(photo(40, 30)).convert("CMYK").save(buffer, "JPEG", icc_profile=SRGB.replace(b"RGB ", b"CMYK", 1))
    assert seen(run(buffer.getvalue(), "jpeg:keep=icc").data)["icc"] is None


def test_animations_keep_it_too() -> None:
    frames = [Pillow.fromarray(photo(40, 30, seed=seed)) for seed in range(3)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], icc_profile=wide_profile(), xmp=XMP, duration=50)
    for output in ("webp", "avif"):
        made = seen(run(buffer.getvalue(), f"resize:20x | {output}:keep=icc+xmp").data)
        assert made["icc"] == wide_profile()
        assert b"A. Uthor" in made["xmp"]


def test_a_gif_keeps_no_metadata() -> None:
    with pytest.raises(
        InvalidPipeline, match=r"expected keep only for jpeg, png, webp, avif, tiff, heic, jxl, got \('exif',\) for gif"
    ):
        run(source(), "gif:keep=exif")


def test_what_is_too_large_for_a_jpeg_is_refused() -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(photo(20, 10)).save(buffer, "PNG", exif=b"MM\0*\0\0\0\x08\0\0" + bytes(70_000))
    with pytest.raises(UnsupportedFormat, match="expected at most 65527 bytes of EXIF to keep in a jpeg, got 7"):
        run(buffer.getvalue(), "jpeg:keep=exif")
    assert run(buffer.getvalue(), "png:keep=exif").info.format == "png"


def test_a_profile_of_many_segments() -> None:
    profile = (len(SRGB) + 200_000).to_bytes(4, "big") + SRGB[4:] + bytes(200_000)
    data = source("PNG", icc=profile)
    assert seen(run(data, "jpeg:keep=icc").data)["icc"] == profile


@pytest.mark.parametrize("exif", [b"", b"MM", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"nonsense"])
def test_what_is_no_exif_stays_as_it_is(exif: bytes) -> None:
    assert fitted(exif, Size(2, 3)) == exif


@pytest.mark.parametrize("exif", [b"nonsense", b"II*\0\x08\0\0", b"\xff\xff*\0\x08\0\0\0\0\0"])
@pytest.mark.parametrize("output", KEEPING)
def test_what_is_no_exif_is_left_out(exif: bytes, output: str) -> None:
    """Readers of some formats take a file with it for damaged."""
    data = encoded(photo(20, 10), exif=exif)
    assert run(data, f"{output}:keep=exif").data == run(data, output).data


@pytest.mark.parametrize("lossless", ["true", "false"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("size", [(31, 17), (32, 18)])
def test_a_webp_shows_the_same_with_metadata(lossless: str, channels: int, size: tuple[int, int]) -> None:
    data = encoded(photo(*size, channels), icc_profile=SRGB)
    bare, full = (run(data, f"webp:lossless={lossless}{keep}").data for keep in ("", ",keep=icc"))
    assert len(full) > len(bare)
    assert Pillow.open(io.BytesIO(full)).info["icc_profile"] == SRGB
    for made in (bare, full):
        assert Pillow.open(io.BytesIO(made)).mode == ("RGBA" if channels == 4 else "RGB")
    np.testing.assert_array_equal(by_pillow(full), by_pillow(bare))
    np.testing.assert_array_equal(decoded(full), decoded(bare))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_each_rendition_keeps_what_it_says(channels: int) -> None:
    data = encoded(photo(60, 40, channels), icc_profile=wide_profile(), exif=exif_of_a_camera("<"))
    text = "{ all = png:keep=icc+exif; bare = png; place = png:keep=exif }"
    made = {name: one.data for name, one in run(data, text).renditions.items()}
    assert {name: seen(one)["make"] for name, one in made.items()} == {"all": "Canon", "bare": None, "place": "Canon"}
    assert [seen(one)["icc"] is None for one in made.values()] == [channels == 1, True, True]
    for name, keep in (("all", ":keep=icc"), ("bare", ""), ("place", "")):
        np.testing.assert_array_equal(by_pillow(made[name]), by_pillow(run(data, f"png{keep}").data))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("format", ["PNG", "TIFF", "JXL"])
def test_renditions_with_and_without_a_profile_are_what_each_is_alone(channels: int, format: str) -> None:
    if format == "JXL":
        pytest.importorskip("pillow_jxl")
    data = encoded(photo(60, 40, channels), format, **({} if format == "JXL" else {"icc_profile": wide_profile()}))
    shared, own = (
        "sepia | resize:50x",
        {"own": "brightness:1.2 | png:keep=icc", "bare": "png", "other": "tint:#ff0000 | webp:90"},
    )
    made = run(data, f"{shared} | {{ {'; '.join(f'{name} = {text}' for name, text in own.items())} }}")
    assert list(made.renditions) == list(own)
    for name, text in own.items():
        assert made.renditions[name].data == run(data, f"{shared} | {text}").data
    assert (seen(made.renditions["own"].data)["icc"] == wide_profile()) == (format != "JXL")


@pytest.mark.parametrize("placement", ["spread", "grouped", "fused"])
def test_outputs_in_two_color_spaces_are_made_in_one_hop(placement: Placement) -> None:
    pipeline = Pipeline.parse("resize:50x | blur:2 | { own = png:keep=icc; bare = png }")
    with_profile, without = (probe(encoded(photo(60, 40), icc_profile=icc)) for icc in (wide_profile(), None))
    assert plan(pipeline, with_profile, placement=placement).count == 1
    assert (plan(pipeline, without, placement=placement).count > 1) == (placement != "fused")
