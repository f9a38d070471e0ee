"""Watermarks: a text or a logo drawn over the picture, once or all over it."""

from pixelmill.operations.watermark.logo import MAX_LOGO_BYTES, Logo
from pixelmill.operations.watermark.text import Text

__all__ = ["MAX_LOGO_BYTES", "Logo", "Text"]
