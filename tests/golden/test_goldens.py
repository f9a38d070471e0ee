"""Small pictures that were looked at once and must not change unnoticed.

`pytest tests/golden --update-goldens` writes them; look at each before committing it.
"""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import Pipeline, run
from pixelmill.pixels import Image, without_hidden
from tests.pictures import by_pillow, encoded, photo

HERE = Path(__file__).parent
FAILURES = HERE.parent / "failures"
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
EXACT, BLURRED, RESIZED = 0, 1, 2
"""Tolerances in levels: filters of whole numbers are exact; the rest may round differently on another kind of processor."""

GOLDENS = {
    "grayscale": ("grayscale", 3, EXACT),
    "sepia": ("sepia", 3, EXACT),
    "negative": ("negative:0.8", 3, EXACT),
    "brightness": ("brightness:1.4", 3, EXACT),
    "contrast": ("contrast:1.8", 3, EXACT),
    "gamma": ("gamma:1.8", 3, EXACT),
    "tint": ("tint:#ff6020", 3, EXACT),
    "auto-level": ("auto_level:0.02", 3, EXACT),
    "auto-level-channels": ("auto_level:0.02,by=channel", 3, EXACT),
    "opacity": ("opacity:0.5", 3, EXACT),
    "saturation": ("saturation:2.5", 3, BLURRED),
    "hue": ("hue:120", 3, BLURRED),
    "duotone": ("duotone", 3, BLURRED),
    "unsharp": ("unsharp:3,1.5,6", 3, BLURRED),
    "convolve": ('convolve:"-2 -1 0, -1 1 1, 0 1 2"', 3, BLURRED),
    "convolve-transparent": ("convolve:0 1 0 1 1 1 0 1 0,offset=20", 4, BLURRED),
    "median": ("median:3", 3, EXACT),
    "median-transparent": ("median:4", 4, BLURRED),
    "vignette": ("vignette:0.8", 3, BLURRED),
    "pixelate": ("pixelate:10", 3, BLURRED),
    "pixelate-transparent": ("pixelate:9", 4, BLURRED),
    "rounded-corners": ("rounded_corners:30", 3, BLURRED),
    "sharpen": ("sharpen:3", 3, BLURRED),
    "edge-detect": ("edge_detect", 3, BLURRED),
    "blur": ("blur:2", 3, BLURRED),
    "blur-wide-transparent": ("blur:9", 4, BLURRED),
    "resize-inside": ("resize:80x80", 3, RESIZED),
    "resize-cover": ("resize:64x64,fit=cover,gravity=right", 3, RESIZED),
    "resize-enlarged-transparent": ("resize:160x100,fit=fill,enlarge=true", 4, RESIZED),
    "resize-contain": ("resize:100x100,fit=contain,gravity=bottom,background=#204060", 3, RESIZED),
    "resize-nearest": ("resize:36x27,kernel=nearest | resize:180x,enlarge=true,kernel=nearest", 3, EXACT),
    "resize-cubic": ("resize:50%,kernel=cubic | resize:scale=2.5,kernel=cubic", 3, RESIZED),
    "resize-attention": ("resize:64x64,fit=cover,gravity=attention", 3, RESIZED),
    "crop-entropy": ("crop:60x60,entropy", 3, EXACT),
    "crop-box": ("crop:60x50,left=50,top=20", 3, EXACT),
    "rotate": ("rotate:20,background=#204060", 3, BLURRED),
    "rotate-transparent": ("rotate:-70,background=transparent", 4, BLURRED),
    "rotate-quarter": ("rotate:90 | flop", 3, EXACT),
    "extend-mirror": ("extend:30,mode=mirror,bottom=0", 3, EXACT),
    "extend-transparent": ("extend:12,top=30,background=#ff000080", 4, EXACT),
    "trim": ("extend:20,background=#204060 | trim:60,background=#204060", 3, EXACT),
    "text": ('text:"© Pixelmill <b> 漢",size=16,opacity=1', 3, BLURRED),
    "text-lines": ('text:"right\\naligned",position=right,size=20,color="#ff8000"', 3, BLURRED),
    "text-arabic": ('text:"مرحبا بالعالم\\nسطر ثان ١٢٣ (ab)",position=top-left,size=13,opacity=1', 3, BLURRED),
    "text-hebrew": ('text:"שלום עולם\\nשורה שנייה ארוכה",position=right,size=14,font=serif,opacity=1', 3, BLURRED),
    "text-emoji": ('text:"😀🚀❤️\\n👩‍💻🇩🇪1️⃣",position=center,size=28,opacity=1', 3, BLURRED),
    "text-tiled": ('text:"© draft",size=12,font=sans-bold,tile=true,rotation=-30,opacity=0.6', 3, BLURRED),
    "text-outline": ('text:"Out Ä",size=40,position=center,opacity=1,outline=0.08,outline_color="#c00"', 3, BLURRED),
    "text-shadow": ('text:"Shadow",size=30,position=center,opacity=1,shadow=0.9,color="#fe8"', 4, BLURRED),
    "text-rotated": ("text:turned,relative_size=0.25,position=top-right,rotation=35,margin=0,outline=0.05", 3, BLURRED),
    "text-wrapped": (
        'text:"A text is wrapped where it gets wide, unbreakablewordstoo",relative_width=0.6,size=12,font=mono',
        3,
        BLURRED,
    ),
    "logo": ("logo", 3, RESIZED),
    "logo-tiled": ("logo:tile=true,rotation=15,scale=0.15,spacing=0.4", 4, RESIZED),
    "logo-multiply": ("logo:blend=multiply,opacity=1,scale=0.6,position=center,rotation=-20", 3, RESIZED),
    "everything": ("resize:96x96 | blur:1.5 | sharpen | sepia | text:done,position=top-left,size=14", 3, RESIZED),
}
CUTTING = ("opacity", "rounded-corners")
"""What gives a picture without alpha one."""


def source(channels: int) -> bytes:
    return encoded(photo(128, 96, channels))


def result(name: str) -> Image:
    text, channels, _ = GOLDENS[name]
    if text == "logo":
        pipeline = Pipeline().logo(disc(), scale=0.4, position="top-right")
    else:
        logo = base64.b64encode(disc()).decode()
        pipeline = Pipeline.from_text(text.replace("logo:", f'logo:image="{logo}",'))
    return by_pillow(run(source(channels), pipeline).data, "RGBA" if channels == 4 or name in CUTTING else "RGB")


def disc() -> bytes:
    y, x = np.mgrid[0:40, 0:60]
    alpha = np.clip(255 * (20 - np.hypot((x - 30) / 1.5, y - 20)), 0, 255)
    return encoded(np.dstack([np.full((40, 60, 3), (200, 30, 60)), alpha]).astype(np.uint8))


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str, request: pytest.FixtureRequest) -> None:
    path = HERE / f"{name}.png"
    got = result(name)
    if request.config.getoption("--update-goldens"):
        Pillow.fromarray(got).save(path, optimize=True)
        return
    assert path.is_file(), f"expected a golden picture at {path}, got none: look at one written by --update-goldens"
    wanted = without_hidden(by_pillow(path.read_bytes(), MODES[got.shape[2]]))
    tolerance = GOLDENS[name][2]
    if got.shape == wanted.shape and np.abs(got.astype(int) - wanted).max() <= tolerance:
        return
    pytest.fail(f"{name} differs from its golden: {saved(name, got, wanted)}")


def saved(name: str, got: Image, wanted: Image) -> str:
    """Save both pictures and their difference, amplified; return what differs."""
    FAILURES.mkdir(exist_ok=True)
    Pillow.fromarray(got).save(FAILURES / f"{name}-actual.png")
    Pillow.fromarray(wanted).save(FAILURES / f"{name}-expected.png")
    if got.shape != wanted.shape:
        return f"expected a picture of shape {wanted.shape}, got {got.shape}; see {FAILURES}"
    error = np.abs(got.astype(int) - wanted)
    amplified = np.clip(error[:, :, :3] * (255 // max(1, int(error.max()))), 0, 255).astype(np.uint8)
    Pillow.fromarray(amplified).save(FAILURES / f"{name}-difference.png")
    return (
        f"expected at most {GOLDENS[name][2]} levels, got {error.max()} at {np.argwhere(error)[0].tolist()}; see {FAILURES}"
    )


def test_every_golden_has_a_test() -> None:
    assert {path.stem for path in HERE.glob("*.png")} == set(GOLDENS)


def test_a_difference_is_saved_for_people_to_look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.FAILURES", tmp_path / "failures")
    black = np.zeros((4, 6, 3), np.uint8)
    other = black.copy()
    other[1, 2] = 5
    assert "got 5 at [1, 2, 0]" in saved("sepia", other, black)
    names = {path.name for path in (tmp_path / "failures").iterdir()}
    assert names == {"sepia-actual.png", "sepia-expected.png", "sepia-difference.png"}
    assert by_pillow((tmp_path / "failures" / "sepia-difference.png").read_bytes()).max() == 255
