"""Draw the pictures of docs/operations.md: what each of its examples makes of a photograph.

python -m scripts.draw_docs

They are looked at and committed, and drawn anew where an example or what it makes has changed.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np

from pixelmill import Pipeline, run
from pixelmill.cli.pipelines import load
from pixelmill.codecs import decode, encode, probe
from pixelmill.pipeline import make_output
from pixelmill.pixels import Image, channels, to_rgb
from scripts.generate_docs import DOCS, EXAMPLES, PICTURES

PHOTOS = DOCS.parent / "examples" / "photos"
SOURCES = {
    "Size and shape": ("coffee.png", "resize:216x144"),
    "Color and tone": ("coffee.png", "resize:240x160"),
    "Detail and effects": ("chelsea.png", "resize:240x160"),
    "Text and logos": ("rocket.jpg", "resize:248x165"),
}
LOGO = "crop:300x300,attention | resize:160x160 | rounded_corners:share=0.5 | png"
COLUMNS = 4
CELL, CAPTION, GAP = 264, 52, 8
"""Width of the place for a picture, height of its caption, and what is between them, px."""
LETTERS = 36
"""So many are in a line of a caption."""
BACKGROUND, SQUARES = 246, (255, 214)


def main() -> None:
    """Draw all of them."""
    with tempfile.TemporaryDirectory() as folder:
        logo = Path(folder) / "logo.png"
        logo.write_bytes(run((PHOTOS / "chelsea.png").read_bytes(), LOGO).data)
        for family, names in EXAMPLES.items():
            photo, smaller = SOURCES[family]
            source = run((PHOTOS / photo).read_bytes(), f"{smaller} | png").data
            examples = ["", *(example for some in names.values() for example in some)]
            shown = [made(source, example, logo) for example in examples]
            height = max(len(picture) for picture in shown) + GAP
            cells = [framed(picture, example, height) for picture, example in zip(shown, examples, strict=True)]
            jpeg = make_output("jpeg", {"quality": 82, "effort": "small"})
            (DOCS / PICTURES[family]).write_bytes(encode(sheet(cells), jpeg))


def made(source: bytes, example: str, logo: Path) -> Image:
    """Return what an example makes of a picture."""
    pipeline = load(example.replace("@logo.png", f"@{logo}")) if example else Pipeline()
    return on_squares(pixels(run(source, pipeline.to("png")).data))


def framed(picture: Image, example: str, height: int) -> Image:
    """Return a picture in the middle of a cell, with the example below it."""
    canvas = np.full((height + CAPTION, CELL, 3), BACKGROUND, np.uint8)
    left, top = (CELL - picture.shape[1]) // 2, (height - picture.shape[0]) // 2
    canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    words = Pipeline().text(caption(example), position="top", size=11, color="#222222", opacity=1, margin=4, font="mono")
    strip = encode(canvas[height:], make_output("png", {}))
    canvas[height:] = pixels(run(strip, words.to("png")).data)
    return canvas


def caption(example: str) -> str:
    """Return an example in lines that end after commas."""
    lines = [""]
    for part in re.findall(r'(?:"[^"]*"|[^,"])+,?', example or "the photograph"):
        if len(lines[-1] + part) > LETTERS:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines).strip()


def pixels(data: bytes) -> Image:
    """Return an encoded picture's pixels."""
    return decode(data, probe(data))


def on_squares(image: Image) -> Image:
    """Return a picture over a checkerboard where it is transparent."""
    if channels(image) < 4:
        return to_rgb(image)
    down, across = np.indices(image.shape[:2]) // 8
    squares = np.where((down + across) % 2, *SQUARES)[:, :, None]
    alpha = image[:, :, 3:].astype(np.float64) / 255
    return np.rint(image[:, :, :3] * alpha + squares * (1 - alpha)).astype(np.uint8)


def sheet(cells: list[Image]) -> Image:
    """Return all the cells on one canvas."""
    height, width = cells[0].shape[:2]
    rows = -(-len(cells) // COLUMNS)
    canvas = np.full((rows * (height + GAP) + GAP, COLUMNS * (width + GAP) + GAP, 3), 255, np.uint8)
    for number, picture in enumerate(cells):
        row, column = divmod(number, COLUMNS)
        top, left = GAP + row * (height + GAP), GAP + column * (width + GAP)
        canvas[top : top + height, left : left + width] = picture
    return canvas


if __name__ == "__main__":
    main()
