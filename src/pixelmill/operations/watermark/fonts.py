"""Text as a mask: drawn by Pango, in the fonts that ship with the package and no others."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pixelmill.codecs.vips import set_up
from pixelmill.errors import InvalidPipeline, expected
from pixelmill.pixels import from_vips

ASSETS = files("pixelmill") / "assets"
Font = Literal["sans", "sans-bold", "serif", "mono"]
FAMILIES: dict[Font, str] = {
    "sans": "DejaVu Sans",
    "sans-bold": "DejaVu Sans Bold",
    "serif": "DejaVu Serif, DejaVu Sans",
    "mono": "DejaVu Sans Mono, DejaVu Sans",
}
"""What Pango is asked for: a family, and after it the one to take the characters from that it lacks."""
FILES: dict[Font | Literal["emoji"], str] = {
    "sans": "DejaVuSans.ttf",
    "sans-bold": "DejaVuSans-Bold.ttf",
    "serif": "DejaVuSerif.ttf",
    "mono": "DejaVuSansMono.ttf",
    "emoji": "NotoEmoji.ttf",
}
FONTS: tuple[Font, ...] = get_args(Font)
MAX_INK = 32_768
"""What cairo, which draws the text, can hold, px."""
Alignment = Literal["low", "centre", "high"]

_PARAGRAPHS = re.compile("([\n\u2029])")
_LEFT_TO_RIGHT_MARK, _RIGHT_TO_LEFT_ISOLATE, _END_OF_ISOLATE = "\u200e", "\u2067", "\u2069"


def text_mask(
    text: str, size: int, align: Alignment = "low", font: Font = "sans", width: int | None = None
) -> NDArray[np.uint8]:
    """Return the coverage, 0 to 255, of `text`, cropped to its ink; of shape (0, 0) where it leaves none.

    Scripts are shaped and run right to left where they should. The language is taken from the script alone, never from
    the host's settings.

    Args:
        size: of the font, px.
        align: of the lines, low is left.
        width: where lines are wrapped, px; words that are longer are broken. None: lines end at line breaks only.

    Raises:
        InvalidPipeline: more than can be drawn.
    """
    load_fonts()
    import cv2
    import pyvips

    escaped = html.escape(_aligned_alike(text), quote=False)
    marked_up = f'<span lang="en" insert_hyphens="false">{escaped}</span>'
    wrapping = {} if width is None else {"width": width, "wrap": "word-char"}
    try:
        rendered = pyvips.Image.text(marked_up, font=f"{FAMILIES[font]} {size}", dpi=72, align=align, **wrapping)
    except pyvips.Error as error:
        # libvips has no codes for its errors, only their texts.
        if "no text to render" in str(error.detail):  # only spaces and joiners: nothing that leaves ink
            return np.zeros((0, 0), np.uint8)
        if "too big" in str(error.detail):
            raise InvalidPipeline(expected(f"less than {MAX_INK} px each way", "what text writes", text)) from None
        raise
    mask = from_vips(rendered)[:, :, 0]
    # Pango counts what is left empty around the box of a character that the fonts lack as its ink.
    left, top, across, down = cv2.boundingRect(mask)
    return mask[top : top + down, left : left + across]


@cache
def load_fonts() -> None:
    """Let Pango know all fonts, once, and always in this order, as it looks for lacking characters in this order."""
    set_up()
    import pyvips

    for file in FILES.values():
        pyvips.Image.text("x", font=f"{FAMILIES['sans']} 1", fontfile=str(ASSETS / file), dpi=72)


def _aligned_alike(text: str) -> str:
    """Return `text` so that Pango aligns all lines to the same side.

    Pango swaps left and right for paragraphs that begin right to left. Here such a paragraph begins with a mark that says
    left to right, and the rest of it is an isolate that runs right to left, which changes nothing but that.

    Source: Unicode Standard Annex #9, Unicode Bidirectional Algorithm.
    """
    pieces = _PARAGRAPHS.split(text)
    directions = [_direction(piece) for piece in pieces]
    if "R" not in directions:
        return text
    running = "L"
    for number in range(0, len(pieces), 2):
        # Without a letter, a paragraph runs as the one before it.
        running = directions[number] or running
        if running == "R":
            pieces[number] = _LEFT_TO_RIGHT_MARK + _RIGHT_TO_LEFT_ISOLATE + pieces[number] + _END_OF_ISOLATE
    return "".join(pieces)


def _direction(paragraph: str) -> Literal["L", "R", ""]:
    """Return where the first letter with a direction runs to."""
    for character in paragraph:
        kind = unicodedata.bidirectional(character)
        if kind == "L":
            return "L"
        if kind in ("R", "AL"):
            return "R"
    return ""
