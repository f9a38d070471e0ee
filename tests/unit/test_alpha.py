"""The color under transparent pixels never shows, whatever is done."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import run
from pixelmill.operations import make_operation
from pixelmill.pixels import Image
from tests.pictures import by_pillow, encoded, photo

HIDDEN = [(0, 0, 0), (255, 0, 255), (255, 255, 255)]
OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "shrink": ("resize", {"width": 37}),
    "shrink and enlarge": ("resize", {"width": 37, "height": 150, "fit": "fill", "enlarge": True}),
    "enlarge": ("resize", {"width": 200, "enlarge": True}),
    "shrink by cubic": ("resize", {"width": 37, "kernel": "cubic"}),
    "enlarge by cubic": ("resize", {"width": 200, "enlarge": True, "kernel": "cubic"}),
    "enlarge by nearest": ("resize", {"width": 200, "enlarge": True, "kernel": "nearest"}),
    "attention": ("resize", {"width": 30, "height": 30, "fit": "cover", "gravity": "attention"}),
    "entropy": ("crop", {"width": 30, "height": 30, "gravity": "entropy"}),
    "contain": ("resize", {"width": 30, "height": 30, "fit": "contain", "background": "#ff000080"}),
    "quarter turn": ("rotate", {"angle": 90}),
    "turn": ("rotate", {"angle": 33}),
    "turn on nothing": ("rotate", {"angle": -120.5, "background": "transparent"}),
    "extend": ("extend", {"border": 9, "mode": "mirror"}),
    "trim": ("trim", {}),
    "trim to nothing": ("trim", {"threshold": 40, "background": "transparent"}),
    "blur": ("blur", {"sigma": 2}),
    "wide blur": ("blur", {"sigma": 13}),
    "sharpen": ("sharpen", {"amount": 3}),
    "edge_detect": ("edge_detect", {}),
    "contrast": ("contrast", {"factor": 2}),
    "sepia": ("sepia", {}),
    "grayscale": ("grayscale", {"amount": 0.5}),
    "saturation": ("saturation", {"factor": 3}),
    "hue": ("hue", {"degrees": 70}),
    "duotone": ("duotone", {}),
    "gamma": ("gamma", {"gamma": 0.5}),
    "tint": ("tint", {"color": "#00ff88"}),
    "auto_level by luma": ("auto_level", {}),
    "auto_level by channel": ("auto_level", {"by": "channel"}),
    "opacity": ("opacity", {"factor": 0.7}),
    "unsharp": ("unsharp", {"sigma": 3, "amount": 2, "threshold": 3}),
    "wide unsharp": ("unsharp", {"sigma": 17}),
    "convolve": ("convolve", {"kernel": "1 2 1, 0 3 0, -1 -2 -1", "offset": 9}),
    "wide convolve": ("convolve", {"kernel": [1] * 225}),
    "median": ("median", {"radius": 1}),
    "wide median": ("median", {"radius": 12}),
    "vignette": ("vignette", {}),
    "pixelate": ("pixelate", {"size": 7}),
    "rounded_corners": ("rounded_corners", {"share": 0.5}),
    "text": ("text", {"text": "over it", "size": 20, "opacity": 0.5, "position": "center"}),
}


def hiding(color: tuple[int, int, int]) -> Image:
    """Return a picture with soft alpha that hides `color` where it is fully transparent."""
    image = photo(90, 70, 4).copy()
    y, x = np.mgrid[0:70, 0:90]
    image[:, :, 3] = np.clip(255 - 12 * np.abs(np.hypot(x - 45, y - 35) - 20), 0, 255)
    image[image[:, :, 3] == 0] = (*color, 0)
    return image


def seen(image: Image) -> Image:
    """Return colors as they count, over black."""
    result: Image = (image[:, :, :3].astype(np.uint32) * image[:, :, 3:] // 255).astype(np.uint8)
    return result


@pytest.mark.parametrize("name", OPERATIONS)
def test_hidden_color_does_not_leak(name: str) -> None:
    operation = make_operation(*OPERATIONS[name])
    first, *others = (operation.apply(hiding(color)) for color in HIDDEN)
    for other in others:
        assert np.array_equal(first[:, :, 3], other[:, :, 3])
        assert np.array_equal(seen(first), seen(other))


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("pipeline", ["", "resize:33x33 | "])
def test_hidden_color_does_not_leak_into_files(pipeline: str, format: str) -> None:
    results = [run(encoded(hiding(color)), f"{pipeline}{format}").data for color in HIDDEN]
    wanted = seen(by_pillow(results[0], "RGBA"))
    for data in results[1:]:
        assert np.abs(seen(by_pillow(data, "RGBA")).astype(int) - wanted).max() <= (0 if format != "webp" else 40)


@pytest.mark.parametrize("background", ["#ffffff", "#204060"])
def test_jpeg_shows_the_background_under_transparent_pixels(background: str) -> None:
    image = hiding((255, 0, 255))
    canvas = Pillow.new("RGBA", (90, 70), background)
    canvas.alpha_composite(Pillow.fromarray(image))
    result = run(encoded(image), f'jpeg:95,background="{background}"')
    wanted = Pillow.open(io.BytesIO(encoded(canvas.convert("RGB"), "JPEG", quality=95, subsampling="4:2:0")))
    assert np.abs(by_pillow(result.data).astype(int) - np.asarray(wanted)).mean() < 1


def test_composite_is_pillows_over() -> None:
    image = hiding((9, 9, 9))
    logo = photo(30, 20, 4, seed=5)
    result = make_operation(
        "logo", {"image": encoded(logo), "scale": 30 / 90, "opacity": 1, "position": "center", "margin": 0}
    ).apply(image)
    canvas = Pillow.fromarray(image)
    canvas.alpha_composite(Pillow.fromarray(logo), (30, 25))
    wanted = np.asarray(canvas)
    assert np.abs(seen(result).astype(int) - seen(wanted)).max() <= 2
    assert np.abs(result[:, :, 3].astype(int) - wanted[:, :, 3]).max() <= 1
