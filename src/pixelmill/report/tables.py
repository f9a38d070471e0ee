"""Tables, and figures: a chart with the table behind it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pixelmill.report.markup import Markup, tag


def table(
    heads: Sequence[str], rows: Sequence[Sequence[object]], *, caption: str = "", words: Collection[int] = ()
) -> Markup:
    """Return a table whose first column names the rows; the columns of `words` are text, and all others are figures."""
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption) if caption else None,
            tag(
                "thead",
                tag(
                    "tr", *[tag("th", head, scope="col", class_=_text(number in words)) for number, head in enumerate(heads)]
                ),
            ),
            tag(
                "tbody",
                *[tag("tr", *[_cell(number, cell, number in words) for number, cell in enumerate(row)]) for row in rows],
            ),
        ),
        class_="scroll",
    )


def facts(rows: Sequence[tuple[str, str | Markup]]) -> Markup:
    """Return a table of names and what they are."""
    return tag(
        "div",
        tag(
            "table",
            tag("tbody", *[tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in rows]),
            class_="words",
        ),
        class_="scroll",
    )


def figure(chart: Markup, caption: str, behind: Markup, *, is_open: bool = True) -> Markup:
    """Return a chart with its caption and the figures behind it."""
    return tag(
        "figure",
        tag("figcaption", caption),
        tag("div", chart, class_="scroll"),
        tag("details", tag("summary", "The figures"), behind, open=is_open),
    )


def _cell(number: int, cell: object, is_text: bool) -> Markup:
    return tag("th", str(cell), scope="row") if number == 0 else tag("td", str(cell), class_=_text(is_text))


def _text(is_text: bool) -> str | None:
    return "text" if is_text else None
