"""SVG from strangers: read only where the limits say so, and then bounded before libvips (librsvg) sees it.

librsvg follows no reference to another file or host, as it is given bytes and not told where they came from. What it may
take without bound is time and memory: for entities, pictures inside, filters, and elements that use others that use others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from xml.parsers import expat

from pixelmill.codecs.vips import set_up
from pixelmill.errors import CorruptImage, ImageTooLarge, UnsupportedFormat, expected
from pixelmill.geometry import Size
from pixelmill.limits import Limits

MAX_BYTES = 4 * 1024 * 1024
MAX_ELEMENTS = 20_000
MAX_DEPTH = 100
MAX_PIXELS = 4_000_000
MAX_WORK = 500_000_000
"""Elements, each as often as it is drawn, times the drawing's pixels; half-transparent ones take up to 10 ns each."""
BYTES_AN_ELEMENT = 100
"""So many bytes, of a path's points say, count as another element."""
REFUSED = {"image", "feImage", "filter", "marker", "pattern", "foreignObject", "script"}
_REFERENCE = re.compile(r"^#(\S+)|url\(\s*[\"']?#([^)\"'\s]+)")
# Filters also have names in style sheets, and a style sheet can spell any name with backslashes.
_FILTERED = re.compile(r"filter|\\", re.IGNORECASE)


def check_svg(data: bytes, limits: Limits) -> int:
    """Hold a drawing's source against the limits, let libvips draw it, and return how many elements will be drawn.

    Raises:
        UnsupportedFormat: SVG is not allowed, or it uses what may cost without bound.
        ImageTooLarge: it is larger, or has more elements, than is drawn.
        CorruptImage: it is no well-formed XML.
    """
    if not limits.allow_svg:
        raise UnsupportedFormat("expected a picture made of pixels, got an SVG, which Limits(allow_svg=True) would allow")
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(expected(f"at most {MAX_BYTES} bytes", "an SVG", len(data)))
    drawing = _Drawing()
    drawing.read(data)
    _unblock()
    return drawing.drawn() + len(data) // BYTES_AN_ELEMENT


def check_svg_size(size: Size, drawn: int) -> None:
    """Raise `ImageTooLarge` where a drawing of `size` pixels and so many elements is more than is drawn."""
    pixels = size.width * size.height
    if pixels > MAX_PIXELS or pixels * drawn > MAX_WORK:
        raise ImageTooLarge(
            f"expected at most {MAX_PIXELS} pixels for an SVG, and {MAX_WORK} pixels × elements, "
            f"got {size.width}×{size.height} of {drawn}"
        )


@cache
def _unblock() -> None:
    """Let libvips' loader for SVG run; no other code reaches it, as a loader is always called by its name."""
    set_up()
    import pyvips

    pyvips.operation_block_set("VipsForeignLoadSvg", False)


class _Drawing:
    """The elements of an SVG, counted as often as references make them be drawn."""

    def __init__(self) -> None:
        self.open: list[str | None] = []
        self.elements = 0
        self.inside: dict[str | None, int] = {None: 0}
        self.references: dict[str | None, list[str]] = {None: []}
        self.styles: list[str] = []
        self.in_style = False

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.EntityDeclHandler, parser.CharacterDataHandler = self._entity, self._text
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise CorruptImage(f"expected a whole SVG, got: {error}") from None

    def drawn(self) -> int:
        """Return how many elements are drawn, with those that others refer to."""
        costs: dict[str | None, int] = {}
        common = sum(self._cost(name, costs, ()) for name in self._named("".join(self.styles)))
        return self._cost(None, costs, ()) + self.elements * common

    def _cost(self, name: str | None, costs: dict[str | None, int], above: tuple[str | None, ...]) -> int:
        if name in above or len(above) > MAX_DEPTH:
            raise UnsupportedFormat("expected an SVG whose elements do not use themselves, got one that does")
        if name not in costs:
            used = (self._cost(each, costs, (*above, name)) for each in self.references.get(name, ()))
            costs[name] = self.inside.get(name, 0) + sum(used)
        return costs[name]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag in REFUSED:
            raise UnsupportedFormat(expected(f"none of {', '.join(sorted(REFUSED))}", "an SVG", tag))
        if "filter" in attributes or _FILTERED.search(attributes.get("style", "")):
            raise UnsupportedFormat("expected no filters for an SVG, got one")
        self.elements += 1
        self.open.append(attributes.get("id"))
        self.in_style = tag == "style"
        if len(self.open) > MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise ImageTooLarge(f"expected an SVG of at most {MAX_ELEMENTS} elements, {MAX_DEPTH} deep, got more")
        references = [found for value in attributes.values() for found in self._named(value)]
        for each in {None, *self.open}:
            self.inside[each] = self.inside.get(each, 0) + 1
            self.references.setdefault(each, []).extend(references)

    def _end(self, name: str) -> None:
        self.open.pop()
        self.in_style = False

    def _text(self, text: str) -> None:
        if self.in_style:
            self.styles.append(text)
            if _FILTERED.search("".join(self.styles[-2:])):
                raise UnsupportedFormat("expected no filters for an SVG, got one")

    @staticmethod
    def _named(value: str) -> Iterable[str]:
        return (plain or linked for plain, linked in _REFERENCE.findall(value))

    @staticmethod
    def _entity(*declaration: object) -> None:
        raise UnsupportedFormat(expected("no entities", "an SVG", declaration[0]))
