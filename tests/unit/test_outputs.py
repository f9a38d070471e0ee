"""What an output's options do to the file."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import InvalidPipeline, Output, UnsupportedFormat, run
from pixelmill.codecs import encode, encode_picture
from pixelmill.codecs.choice import is_graphic
from pixelmill.picture import Picture
from pixelmill.pixels import Image, to_rgb, to_rgba, without_hidden
from tests.pictures import by_pillow, decoded, difference, encoded, photo, psnr


def opened(data: bytes) -> Any:
    file = Pillow.open(io.BytesIO(data))
    file.load()
    return file


def drawing(channels: int = 3) -> Image:
    image = np.zeros((60, 80, channels), np.uint8)
    image[10:40, 20:60] = (200, 30, 40, 255)[:channels]
    image[30:50, 50:75] = (10, 180, 90, 120)[:channels]
    return image


@pytest.mark.parametrize("channels", [1, 3])
def test_a_progressive_jpeg(channels: int) -> None:
    image = photo(200, 150, channels)
    plain, progressive = (encode(image, Output(format="jpeg", progressive=p)) for p in (False, True))
    assert "progression" not in opened(plain).info
    assert opened(progressive).info["progression"] == 1
    assert psnr(by_pillow(plain), by_pillow(progressive)) > 40
    assert len(progressive) < len(plain)


@pytest.mark.parametrize(("subsampling", "layout"), [("4:2:0", (2, 2)), ("4:2:2", (2, 1)), ("4:4:4", (1, 1))])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_subsampling_of_a_jpeg(subsampling: str, layout: tuple[int, int], progressive: bool) -> None:
    options = {"format": "jpeg", "subsampling": subsampling, "progressive": progressive}
    file = Pillow.open(io.BytesIO(encode(photo(64, 48), Output.model_validate(options))))
    assert file.layer[0][1:3] == layout  # type: ignore[attr-defined]
    assert file.layer[1][1:3] == (1, 1)  # type: ignore[attr-defined]


def test_finer_color_is_nearer_to_the_original() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, ::2] = (255, 0, 0)
    image[:, 1::2] = (0, 0, 255)
    for name in ("jpeg", "avif"):
        made = [encode(image, Output.model_validate({"format": name, "subsampling": s})) for s in ("4:2:0", "4:4:4")]
        coarse, fine = (psnr(by_pillow(data), image) for data in made)
        assert fine > coarse + 5


@pytest.mark.parametrize(("subsampling", "layout"), [("4:2:0", (1, 1)), ("4:2:2", (1, 0)), ("4:4:4", (0, 0))])
@pytest.mark.parametrize("quality", [30, 95])
@pytest.mark.parametrize("channels", [3, 4])
def test_the_subsampling_of_an_avif(subsampling: str, layout: tuple[int, int], quality: int, channels: int) -> None:
    """Whether color has half as many columns, and rows, is told in a byte of AV1's configuration."""
    image = photo(301, 205, channels)
    data = encode(image, Output.model_validate({"format": "avif", "subsampling": subsampling, "quality": quality}))
    flags = data[data.index(b"av1C") + 6]
    assert (flags >> 3 & 1, flags >> 2 & 1) == layout
    assert psnr(decoded(data)[:, -70:, :3], image[:, -70:, :3]) > (30 if quality == 95 else 20)
    assert difference(decoded(data)[:, :, 3:], image[:, :, 3:]) < 60 if channels == 4 else decoded(data).shape[2] == 3


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "avif"])
def test_effort_buys_fewer_bytes_and_nothing_else(name: str) -> None:
    image = photo(300, 200)
    made = [encode(image, Output.model_validate({"format": name, "effort": e})) for e in ("speed", "balanced", "small")]
    sizes = [len(data) for data in made]
    assert sizes[2] < sizes[0]
    assert sizes[1] <= sizes[0]
    if name == "png":
        assert all(np.array_equal(by_pillow(data), image) for data in made)
    else:
        assert min(psnr(by_pillow(data), image) for data in made) > psnr(by_pillow(made[0]), image) - 1.5


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("colors", [2, 3, 4, 5, 8, 16, 17, 100, 256])
def test_a_palette(colors: int, channels: int) -> None:
    data = run(encoded(photo(90, 60, channels)), f"png:colors={colors}").data
    file = opened(data)
    assert len(np.unique(np.asarray(file.convert("RGBA")).reshape(-1, 4), axis=0)) <= colors
    if channels > 1:
        assert len(data) < len(encode(photo(90, 60, channels), Output(format="png")))
    if channels < 4:
        # At least about as close as Pillow's median cut.
        image = to_rgb(photo(90, 60, channels))
        wanted = np.asarray(Pillow.fromarray(image).quantize(colors).convert("RGB"))
        assert psnr(by_pillow(data), image) > min(psnr(wanted, image) - 2, 50)
    np.testing.assert_array_equal(to_rgba(decoded(data)) if channels < 4 else decoded(data), by_pillow(data, "RGBA"))


@pytest.mark.parametrize("colors", [2, 3, 7, 16, 17, 255])
@pytest.mark.parametrize("width", [1, 7, 64])
@pytest.mark.parametrize("name", ["png", "gif"])
def test_a_picture_of_few_colors_keeps_them(colors: int, width: int, name: str) -> None:
    rng = np.random.default_rng(colors)
    palette = rng.integers(0, 256, (colors, 3)).astype(np.uint8)
    image = palette[rng.integers(0, colors, (40, width))]
    made = by_pillow(run(encoded(image), f"{name}:colors={colors}").data)
    assert difference(made, image) <= (0 if name == "png" else 2)  # libvips' quantizer rounds


@pytest.mark.parametrize("colors", [3, 4, 5, 8, 100])
def test_a_gif_of_few_colors(colors: int) -> None:
    few, many = (run(encoded(photo(90, 60)), f"gif:colors={count}").data for count in (colors, 256))
    assert colors // 2 < len(np.unique(by_pillow(few).reshape(-1, 3), axis=0)) <= colors
    assert len(few) < len(many)
    assert psnr(by_pillow(many), photo(90, 60)) > 25


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_tiff_is_exact(channels: int) -> None:
    image = without_hidden(photo(70, 50, channels))
    data = encode(image, Output(format="tiff"))
    assert np.array_equal(by_pillow(data, {1: "L", 3: "RGB", 4: "RGBA"}[channels]), image)


@pytest.mark.parametrize(
    ("accept", "photograph", "graphic", "transparent"),
    [
        (None, "webp", "webp", "webp"),
        ("avif webp jpeg png", "avif", "webp", "avif"),
        ("jpeg png", "jpeg", "png", "png"),
        ("jpeg", "jpeg", "jpeg", "jpeg"),
        ("png", "png", "png", "png"),
        ("gif tiff", "tiff", "gif", "tiff"),
    ],
)
def test_auto_chooses_by_content(accept: str | None, photograph: str, graphic: str, transparent: str) -> None:
    output = "auto" if accept is None else f"auto:accept={accept}"
    wanted = ((photo(90, 60), photograph), (drawing(), graphic), (photo(90, 60, 4), transparent))
    for image, name in wanted:
        result = run(encoded(image), output)
        assert result.info.format == name
        assert opened(result.data).format.lower() == name


def test_auto_keeps_a_drawing_exactly() -> None:
    image = drawing()
    assert np.array_equal(by_pillow(run(encoded(image), "auto").data), image)
    assert not np.array_equal(by_pillow(run(encoded(image), "auto:60").data), image)


def test_auto_takes_a_format_that_keeps_what_is_asked_for() -> None:
    exif = Pillow.Exif()
    exif[0x010F] = "Camera"
    data = encoded(drawing(), "PNG", exif=exif.tobytes())
    assert run(data, "auto:accept=gif+tiff").info.format == "gif"
    kept = run(data, "auto:accept=gif+jpeg,keep=exif")
    assert kept.info.format == "jpeg"
    assert opened(kept.data).getexif()[0x010F] == "Camera"
    with pytest.raises(UnsupportedFormat, match="to be accepted for a graphic with exif, got gif"):
        run(data, "auto:accept=gif,keep=exif")
    assert run(encoded(drawing()), "auto:accept=gif,keep=exif").info.format == "gif"


def test_auto_moves_where_the_picture_does() -> None:
    frames = (drawing(), drawing()[::-1].copy())
    moving = Picture(frames, (50, 50))
    assert encode_picture(moving, Output(format="auto")).format == "webp"
    assert encode_picture(moving, Output(format="auto", accept=("gif", "png"))).format == "gif"
    with pytest.raises(UnsupportedFormat, match="expected one of webp, avif, gif to be accepted for an animation, got png"):
        encode_picture(moving, Output(format="auto", accept=("png",)))


def test_what_is_a_graphic() -> None:
    assert is_graphic(drawing())
    assert is_graphic(np.zeros((5, 5, 1), np.uint8))
    assert not is_graphic(photo(90, 60))
    assert not is_graphic(np.zeros((5, 1, 1), np.uint8))


def test_what_changes_gradually_is_no_graphic() -> None:
    dark = photo(90, 60) // 40
    assert np.mean((dark[:, 1:] == dark[:, :-1]).all(axis=2)) > 0.5
    assert not is_graphic(dark)
    shot = np.full((100, 150, 3), 245, np.uint8)
    shot[20:80, 30:120] = photo(90, 60) // 2
    assert np.mean((shot[:, 1:] == shot[:, :-1]).all(axis=2)) > 0.5
    assert not is_graphic(shot)


def test_auto_holds_transparency_and_metadata() -> None:
    graphic = np.dstack([drawing(), np.full(drawing().shape[:2], 255, np.uint8)])
    graphic[:5, :5, 3] = 0
    assert run(encoded(graphic), "auto:accept=jpeg tiff").info.format == "tiff"
    assert run(encoded(graphic), "auto:accept=jpeg").info.format == "jpeg"
    exif = Pillow.Exif()
    exif[0x010F] = "Canon"
    data = encoded(drawing(), exif=exif.tobytes())
    assert run(data, "auto:accept=jpeg tiff").info.format == "tiff"
    kept = run(data, "auto:accept=jpeg gif,keep=exif+icc")
    assert kept.info.format == "jpeg"
    assert Pillow.open(io.BytesIO(kept.data)).getexif()[0x010F] == "Canon"
    with pytest.raises(UnsupportedFormat, match="to be accepted for a graphic with exif, got gif"):
        run(data, "auto:accept=gif,keep=exif")
    assert run(encoded(drawing()), "auto:accept=gif,keep=exif").info.format == "gif"


def test_what_a_source_cannot_hold_is_not_lost() -> None:
    gif = encoded(drawing(), "GIF")
    assert run(gif, "source:keep=icc+exif+xmp").data == run(gif, "source").data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("png:accept=webp", "expected accept only for auto, got it for png"),
        ("auto:accept=bmp", r"expected one of .* for output.accept"),
        ("jpeg:colors=4", "expected colors only for png, gif, got 4 for jpeg"),
        ("png:colors=1", "expected a number ≥ 2 for output.colors, got '1'"),
        ("gif:colors=257", "expected a number ≤ 256 for output.colors, got '257'"),
        ("webp:progressive=true", "expected progressive only for jpeg, got True for webp"),
        ("png:subsampling=4:4:4", "expected subsampling only for jpeg, avif, heic, got '4:4:4' for png"),
        ("jpeg:subsampling=4:1:1", "for output.subsampling, got '4:1:1'"),
        ("jpeg:keep=iptc", "for output.keep"),
        ("jpeg:effort=most", "for output.effort, got 'most'"),
    ],
)
def test_options_that_mean_nothing_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidPipeline, match=message):
        run(b"", text)
