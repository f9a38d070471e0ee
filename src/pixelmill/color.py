"""Colors as people write them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field


def _parse_color(value: str) -> str:
    digits = value.removeprefix("#")
    if len(digits) not in (3, 6) or any(c not in "0123456789abcdefABCDEF" for c in digits):
        raise ValueError(f"expected #RRGGBB or #RGB for a color, got {value[:20]!r}")
    if len(digits) == 3:
        digits = "".join(2 * c for c in digits)
    return "#" + digits.lower()


Color = Annotated[str, Field(max_length=32), AfterValidator(_parse_color)]
"""An sRGB color, `#RRGGBB` or `#RGB`."""


def rgb(color: str) -> tuple[int, int, int]:
    """Return a normalized color's red, green and blue, 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
