"""PBM, PGM, PPM and PAM, plain and binary, of up to 16 bits.

Sources: the Netpbm manual pages pbm(5), pgm(5), ppm(5) and pam(5).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pixelmill.codecs.foreign import Stored
from pixelmill.codecs.formats import Format
from pixelmill.codecs.header import Header
from pixelmill.errors import CorruptImage, ImageTooLarge, UnsupportedFormat
from pixelmill.geometry import Size
from pixelmill.pixels import Image

if TYPE_CHECKING:
    from pixelmill.limits import Limits

_TOKEN = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])+(\d{1,10})")
_PAM_LINE = re.compile(rb"[ \t]*(?:#[^\n]*|(\w+)[ \t]+([^\n]*?)|(ENDHDR)|)[ \t\r]*\n")
_COMMENT = re.compile(rb"#[^\r\n]*")
MAX_PAM_LINES = 100
MAX_HEADER = 16_384
"""Bytes of a header with its comments; the expressions above take memory for all that they pass over."""
MAX_COMMENTS = 10_000
SPACES = b" \t\n\v\f\r"


class Layout(NamedTuple):
    """What a header says; the samples begin at `start`."""

    kind: int
    width: int
    height: int
    depth: int
    most: int
    start: int
    has_alpha: bool = False


def header(data: bytes, entry: Format, limits: Limits) -> Header:
    """Read the header."""
    found = _layout(data)
    bits = 16 if found.most > 255 else 8
    return Header(entry, Size(found.width, found.height), bands=found.depth, depth=bits, has_alpha=found.has_alpha)


def read(data: bytes, header: Header) -> Stored:
    """Return the pixels, scaled to 8 bits."""
    found = _layout(data)
    values = _plain(data, found) if found.kind <= 3 else _binary(data, found)
    if values.size and int(values.max()) > found.most:
        raise CorruptImage(f"expected samples up to {found.most} in a pnm, got {int(values.max())}")
    if found.kind in (1, 4):
        values = 1 - values  # 1 is black
    if found.most != 255:
        levels = (np.arange(found.most + 1, dtype=np.uint32) * 255 + found.most // 2) // found.most
        values = levels.astype(np.uint8)[values]
    pixels: Image = values.astype(np.uint8, copy=False).reshape(found.height, found.width, found.depth)
    if found.depth == 2:
        pixels = np.ascontiguousarray(pixels[:, :, [0, 0, 0, 1]])
    return Stored(pixels)


def write(image: object, output: object, metadata: object) -> bytes:
    raise NotImplementedError


def _layout(data: bytes) -> Layout:
    kind = data[1] - ord("0")
    if kind == 7:
        return _pam(data)
    numbers, at = [], 2
    for _ in range(2 if kind in (1, 4) else 3):
        token = _TOKEN.match(data, at, MAX_HEADER)
        if not token:
            raise CorruptImage("expected a width, a height and a largest value in the header of a pnm, got something else")
        numbers.append(int(token[1]))
        at = token.end()
    # One space and no more: what follows may look like one.
    return _checked(Layout(kind, numbers[0], numbers[1], 3 if kind in (3, 6) else 1, (*numbers, 1)[2], at + 1))


def _pam(data: bytes) -> Layout:
    fields: dict[bytes, bytes] = {}
    at = 3
    for _ in range(MAX_PAM_LINES):
        line = _PAM_LINE.match(data, at, MAX_HEADER)
        if not line:
            break
        at = line.end()
        if line[3]:
            try:
                width, height, depth, most = (int(fields[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
            except (KeyError, ValueError):
                break
            alpha = depth in (2, 4)
            return _checked(Layout(7, width, height, depth, most, at, alpha))
        if line[1]:
            fields[line[1]] = line[2]
    raise CorruptImage("expected WIDTH, HEIGHT, DEPTH and MAXVAL in the header of a pam, got something else")


def _checked(layout: Layout) -> Layout:
    if min(layout.width, layout.height) < 1 or not 1 <= layout.most <= 65_535:
        raise CorruptImage(f"expected a size and a largest value up to 65535 in the header of a pnm, got {layout[1:5]}")
    if not 1 <= layout.depth <= 4:
        raise UnsupportedFormat(f"expected 1 to 4 channels in a pam, got {layout.depth}")
    return layout


def _binary(data: bytes, layout: Layout) -> NDArray[np.unsignedinteger]:
    if layout.kind == 4:
        row = -(-layout.width // 8)
        packed = np.frombuffer(_enough(data, layout, row * layout.height), np.uint8).reshape(layout.height, row)
        return np.unpackbits(packed, axis=1, count=layout.width)
    samples = np.dtype(">u2" if layout.most > 255 else "u1")
    count = layout.width * layout.height * layout.depth
    return np.frombuffer(_enough(data, layout, count * samples.itemsize), samples)


def _enough(data: bytes, layout: Layout, wanted: int) -> bytes:
    found = data[layout.start : layout.start + wanted]
    if len(found) < wanted:
        raise CorruptImage(f"expected a whole picture while decoding a pnm, got {len(found)} bytes of {wanted}")
    return found


def _plain(data: bytes, layout: Layout) -> NDArray[np.unsignedinteger]:
    text, comments = _COMMENT.subn(b" ", data[layout.start - 1 :], MAX_COMMENTS)
    if comments == MAX_COMMENTS:
        raise ImageTooLarge(f"expected at most {MAX_COMMENTS} comments in a plain pnm, got more")
    count = layout.width * layout.height * layout.depth
    if layout.kind == 1:
        digits = np.frombuffer(text.translate(None, SPACES)[:count], np.uint8) - ord("0")
        found: NDArray[np.unsignedinteger] = digits
    else:
        if text.translate(None, SPACES + b"0123456789"):
            raise CorruptImage("expected numbers in a plain pnm, got something else")
        # Each sample takes two bytes or more, so that few bytes cannot claim many.
        found = (
            np.fromstring(text.decode("ascii"), np.uint32, count=min(count, len(text) // 2), sep=" ")
            if text.strip()
            else np.empty(0, np.uint32)
        )
    if found.size < count:
        raise CorruptImage(f"expected a whole picture while decoding a pnm, got {found.size} samples of {count}")
    return found
