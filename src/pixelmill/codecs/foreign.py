"""The formats that libvips does not read: BMP, ICO and PNM, and, through plugins, HEIC and JPEG XL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from pixelmill.codecs.formats import Format
from pixelmill.errors import CorruptImage, PixelmillError, UnsupportedFormat
from pixelmill.pixels import Image, with_axis

if TYPE_CHECKING:
    from PIL import Image as Pillow

    from pixelmill.codecs.header import Header
    from pixelmill.codecs.output import Output
    from pixelmill.limits import Limits
    from pixelmill.picture import Metadata


@dataclass(frozen=True)
class Stored:
    """What a file holds: pixels, upright and in the color space of `profile`, and metadata."""

    pixels: Image
    profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None


class Codec(Protocol):
    """What a format's module offers; `write` only where pictures are written in it."""

    def header(self, data: bytes, entry: Format, limits: Limits) -> Header: ...
    def read(self, data: bytes, header: Header) -> Stored: ...
    def write(self, image: Image, output: Output, metadata: Metadata) -> bytes: ...


def codec(entry: Format) -> Codec:
    """Return the module that reads and writes a format.

    Raises:
        UnsupportedFormat: it needs a plugin that is not installed.
    """
    try:
        return cast("Codec", import_module(f"pixelmill.codecs.{entry.module}"))
    except ModuleNotFoundError:
        if not entry.extra:
            raise
        needed = f"expected pixelmill[{entry.extra}] to be installed for pictures in {entry.name}, got pixelmill without it"
        raise UnsupportedFormat(needed) from None


@contextmanager
def plugin_errors(name: str) -> Iterator[None]:
    """Turn whatever a plugin raises while it reads a picture into `CorruptImage`, or `UnsupportedFormat` for an odd kind."""
    try:
        yield
    except PixelmillError:
        raise
    except (Exception, SystemError) as error:
        detail = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        if "nsupported" in detail or isinstance(error, NotImplementedError):
            raise UnsupportedFormat(f"expected a common kind of {name}, got: {detail}") from None
        raise CorruptImage(f"expected a whole picture while decoding a {name}, got: {detail}") from None


def pixels_of(picture: Pillow.Image) -> Image:
    """Return a picture of Pillow's as gray, RGB or RGBA pixels."""
    mode = picture.mode
    if mode == "1":
        picture = picture.convert("L")
    elif mode not in ("L", "RGB", "RGBA"):
        transparent = "transparency" in picture.info or mode in ("LA", "PA", "La", "RGBa")
        picture = picture.convert("RGBA" if transparent else "RGB")
    array: Any = np.array(picture)
    return with_axis(array)
