"""Writes HTML and SVG: elements from Python values, with all text escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

Value = str | int | float | bool | None


class Markup(str):
    """Text that is markup already, and not to be escaped again."""

    __slots__ = ()


VOID = ("meta", "br", "hr")


def tag(name: str, /, *children: str | Iterable[str] | None, **attributes: Value) -> Markup:
    """Return an element.

    Args:
        name: the element's.
        children: markup, text, which is escaped, or several of them; None is left out.
        attributes: `class_` is class, `stroke_width` is stroke-width; True is an attribute alone, None and False none.
            Numbers are rounded to hundredths.
    """
    inside = "".join(map(_child, children))
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{name}{written}>" if name in VOID else f"<{name}{written}>{inside}</{name}>")


def join(*parts: str | Iterable[str] | None) -> Markup:
    """Return markup and text, one after another."""
    return Markup("".join(map(_child, parts)))


def _child(child: str | Iterable[str] | None) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return escape(child, quote=False)
    return "".join(map(_child, child))


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f' {name}="{escape(shown)}"'
