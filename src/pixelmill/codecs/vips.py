"""libvips, set up for pictures from strangers: only our loaders, one thread a picture, no cache."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pixelmill.codecs.formats import Format
from pixelmill.codecs.tiff import is_tiled
from pixelmill.errors import CorruptImage, UnsupportedFormat

if TYPE_CHECKING:
    import pyvips

# libvips has no codes for its errors, only their texts.
_UNSUPPORTED = re.compile(r"not (supported|configured)|not a whole number of bytes|bad labq format")

MAX_NOTED = 2_000
"""Characters; libvips has room for some 10,000, and then notes nothing more."""


@cache
def set_up() -> None:
    """Set what libvips keeps for the whole process. Parallelism is over pictures, so each has one thread."""
    os.environ["FONTCONFIG_FILE"] = str(files("pixelmill") / "assets" / "fonts.conf")
    os.environ.pop("FONTCONFIG_SYSROOT", None)
    # Or the host's language would choose among a font's forms of a letter.
    os.environ["PANGO_LANGUAGE"] = "en"
    import pyvips

    pyvips.concurrency_set(1)
    logging.getLogger("pyvips").setLevel(logging.WARNING)
    pyvips.cache_set_max(0)
    pyvips.block_untrusted_set(True)
    # What libvips says may quote a damaged file. pyvips reads it as UTF-8, and where it is none, fails in the midst.
    for module in (pyvips, pyvips.error, pyvips.vimage, pyvips.gvalue):
        module._to_string = _text


def _text(pointer: Any) -> str:
    """Return a C string, as pyvips' function of that name does."""
    import pyvips

    return "NULL" if pointer == pyvips.ffi.NULL else pyvips.ffi.string(pointer).decode("utf-8", "replace")


@contextmanager
def vips_errors(doing: str) -> Iterator[None]:
    """Turn libvips' errors while reading a picture into `CorruptImage`, or `UnsupportedFormat` for an odd kind."""
    import pyvips

    before = _noted()
    try:
        yield
    except pyvips.Error as error:
        detail = _detail(error, before)
        if _UNSUPPORTED.search(detail):
            raise UnsupportedFormat(f"expected a common kind of picture while {doing}, got: {detail}") from None
        raise CorruptImage(f"expected a whole picture while {doing}, got: {detail}") from None


def _noted() -> str:
    """Return what libvips has noted of pictures that it read all the same, which it tells with the next error."""
    import pyvips

    noted = _text(pyvips.vips_lib.vips_error_buffer())
    if len(noted) < MAX_NOTED:
        return noted
    pyvips.vips_lib.vips_error_clear()
    return ""


def _detail(error: pyvips.Error, before: str) -> str:
    """Return the first of libvips' lines that was not there before: the later ones only repeat that the operation failed."""
    lines = [line.strip() for line in str(error.detail).removeprefix(before).splitlines() if line.strip()]
    return (lines[0] if lines else str(error.message))[:200]


def load(data: bytes, entry: Format, **options: Any) -> pyvips.Image:
    """Open an encoded picture, without copying it. Only the header is read; pixels come in sequential order.

    A file that is damaged or ends too early is an error when its pixels are read; what a decoder only warns of is not.

    Raises:
        CorruptImage: the header is damaged.
        UnsupportedFormat: it is of a kind that libvips does not read.
    """
    set_up()
    import pyvips

    # Of a tile that cannot be decoded libvips only warns, and leaves it blank.
    fail_on = "warning" if entry.name == "tiff" and is_tiled(data) else "error"
    with vips_errors(f"reading the header of a {entry.name}"):
        source = pyvips.Source.new_from_memory(data)
        image: pyvips.Image = pyvips.Operation.call(entry.loader, source, access="sequential", fail_on=fail_on, **options)
        # As pyvips' own new_from_source does: `data` must live as long as any image made of this one. That function
        # cannot be used, as it picks a loader itself, such as the one for Ultra HDR.
        image._references.append(source)
    return image
