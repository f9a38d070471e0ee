"""Charts as SVG. Colors are classes that the page's style gives; sizes are in px of the drawing, which the page scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from pixelmill.report.markup import Markup, join, tag
from pixelmill.report.scales import Scale, log_ticks, shown, ticks, upper

WIDTH = 860
CHARACTER = 6.7
"""Width of a character of the charts' type, px: about."""
ROW = 24
BAR = 15
TOP = 8
BOTTOM = 42
_ids = count(1)


@dataclass(frozen=True)
class Bar:
    """One row of bars: parts, each a value and the class of its color, and what is written behind them."""

    label: str
    parts: tuple[tuple[float, str], ...]
    note: str
    dots: tuple[float, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line through points (x, y); where y is None there is a gap. `spread` has the low and the high end for each point."""

    name: str
    points: tuple[tuple[float, float | None], ...]
    color: str
    spread: tuple[tuple[float, float], ...] = ()
    is_dashed: bool = False


@dataclass(frozen=True)
class Span:
    """One row of a waterfall: pieces one after another from `start`, each a length and the class of its color."""

    label: str
    start: float
    pieces: tuple[tuple[float, str], ...]
    note: str


def drawing(width: float, height: float, title: str, description: str, *parts: Markup) -> Markup:
    """Return an SVG picture that has a title and a description for those who do not see it."""
    number = next(_ids)
    names = f"chart-{number}-title chart-{number}-desc"
    return tag(
        "svg",
        tag("title", title, id=f"chart-{number}-title"),
        tag("desc", description, id=f"chart-{number}-desc"),
        parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=names,
    )


def bars(rows: Sequence[Bar], axis: str, title: str, description: str, limit: tuple[float, str] | None = None) -> Markup:
    """Draw horizontal bars.

    Args:
        rows: from top to bottom.
        axis: what is measured, with its unit.
        title, description: for those who do not see it.
        limit: a line across all bars, and what it is.
    """
    left = 14 + CHARACTER * max((len(row.label) for row in rows), default=0)
    right = 16 + CHARACTER * max((len(row.note) for row in rows), default=0)
    totals = [max((sum(value for value, _ in row.parts), *row.dots)) for row in rows]
    most = upper([*totals, *((limit[0],) if limit else ())])
    head = TOP + (16 if limit else 0)
    height = head + ROW * len(rows) + BOTTOM
    x = Scale(0, most, left, WIDTH - right)
    drawn = [_x_axis(x, ticks(0, most), head, height - BOTTOM, axis)]
    for number, row in enumerate(rows):
        middle = head + ROW * (number + 0.5)
        drawn.append(tag("text", row.label, x=left - 8, y=middle + 4, text_anchor="end", class_="label"))
        at = 0.0
        for value, color in row.parts:
            width = max(0.0, x(at + value) - x(at))
            drawn.append(tag("rect", x=x(at), y=middle - BAR / 2, width=width, height=BAR, class_=color))
            at += value
        drawn += [tag("circle", cx=x(dot), cy=middle, r=3, class_="dot") for dot in row.dots]
        end = max(at, *row.dots) if row.dots else at
        drawn.append(tag("text", row.note, x=x(end) + 8, y=middle + 4, class_="value"))
    if limit:
        place, text = x(limit[0]), limit[1]
        drawn.append(tag("line", x1=place, x2=place, y1=head - 4, y2=height - BOTTOM, class_="limit"))
        drawn.append(tag("text", text, x=place, y=head - 8, text_anchor="end", class_="limit-label"))
    return drawing(WIDTH, height, title, description, *drawn)


def lines(
    several: Sequence[Line],
    x_axis: str,
    y_axis: str,
    title: str,
    description: str,
    *,
    x_ticks: Sequence[tuple[float, str]] = (),
    most: float = 0.0,
    width: float = WIDTH,
    height: float = 300,
) -> Markup:
    """Draw lines over a common axis from 0, up to `most` at least."""
    known = [(at, y) for line in several for at, y in line.points if y is not None]
    highs = [y for _, y in known] + [high for line in several for _, high in line.spread]
    end = upper([*highs, most], 5)
    y_ticks = ticks(0, end, 5)
    left = 30 + CHARACTER * max(len(shown(tick)) for tick in y_ticks)
    last = max((at for at, _ in known), default=1.0)
    first = min((at for at, _ in known), default=0.0) if x_ticks else 0.0
    x = Scale(first, last, left, width - (44 if x_ticks else 14))
    y = Scale(0, end, height - BOTTOM, TOP + 6)
    places = x_ticks or [(tick, shown(tick)) for tick in ticks(first, last, max(3, int(width // 90)))]
    drawn = [_y_axis(y, y_ticks, left, width - 14, y_axis)]
    drawn += [
        tag("text", text, x=x(at), y=height - BOTTOM + 16, text_anchor="middle", class_="tick")
        for at, text in _apart(places, x)
    ]
    drawn.append(tag("text", x_axis, x=(left + width) / 2, y=height - 6, text_anchor="middle", class_="axis"))
    for line in several:
        drawn += _line(line, x, y)
    return drawing(width, height, title, description, *drawn)


def histogram(
    bins: Sequence[tuple[float, float, int]],
    marks: Sequence[tuple[float, str]],
    axis: str,
    title: str,
    description: str,
) -> Markup:
    """Draw how often values fell into bins (from, to, how often), on a logarithmic axis, with marks at some values."""
    height = 280
    most = float(upper([how for _, _, how in bins], 5))
    y_ticks = [tick for tick in ticks(0, most, 5) if tick == int(tick)]
    left = 30 + CHARACTER * max(len(shown(tick)) for tick in y_ticks)
    x = Scale(bins[0][0], bins[-1][1], left, WIDTH - 20, is_log=True)
    head = TOP + 20 + 14 * len(marks)
    y = Scale(0, most, height - BOTTOM, head)
    places = log_ticks(bins[0][0], bins[-1][1])
    if len(places) < 2:
        places = ticks(bins[0][0], bins[-1][1])
    drawn = [_y_axis(y, y_ticks, left, WIDTH - 14, "requests")]
    for low, high, how in bins:
        width = max(0.5, x(high) - x(low) - 1)
        drawn.append(tag("rect", x=x(low) + 0.5, y=y(how), width=width, height=y(0) - y(how), class_="c-main"))
    drawn += [
        tag("text", shown(tick), x=x(tick), y=height - BOTTOM + 16, text_anchor="middle", class_="tick") for tick in places
    ]
    drawn.append(tag("text", axis, x=(left + WIDTH) / 2, y=height - 6, text_anchor="middle", class_="axis"))
    tops = [TOP + 10 + 14 * number for number in range(len(marks))]
    drawn += [
        tag("line", x1=x(value), x2=x(value), y1=top - 8, y2=height - BOTTOM, class_="limit")
        for (value, _), top in zip(marks, tops, strict=True)
    ]
    for (value, text), top in zip(marks, tops, strict=True):
        fits = x(value) + 10 + CHARACTER * len(text) < WIDTH
        place, anchor = (x(value) + 5, "start") if fits else (x(value) - 5, "end")
        drawn.append(tag("text", text, x=place, y=top, text_anchor=anchor, class_="value halo"))
    return drawing(WIDTH, height, title, description, *drawn)


def waterfall(rows: Sequence[Span], axis: str, title: str, description: str) -> Markup:
    """Draw what happened after what, one row for each step."""
    left = 14 + CHARACTER * max(len(row.label) for row in rows)
    right = 16 + CHARACTER * max(len(row.note) for row in rows)
    ends = [row.start + sum(length for length, _ in row.pieces) for row in rows]
    most = upper(ends)
    height = TOP + ROW * len(rows) + BOTTOM
    x = Scale(0, most, left, WIDTH - right)
    drawn = [_x_axis(x, ticks(0, most), TOP, height - BOTTOM, axis)]
    for number, (row, end) in enumerate(zip(rows, ends, strict=True)):
        middle, at = TOP + ROW * (number + 0.5), row.start
        drawn.append(tag("text", row.label, x=left - 8, y=middle + 4, text_anchor="end", class_="label"))
        for length, color in row.pieces:
            drawn.append(
                tag("rect", x=x(at), y=middle - BAR / 2, width=max(0.0, x(at + length) - x(at)), height=BAR, class_=color)
            )
            at += length
        drawn.append(tag("text", row.note, x=x(end) + 8, y=middle + 4, class_="value"))
    return drawing(WIDTH, height, title, description, *drawn)


def legend(items: Sequence[tuple[str, str]]) -> Markup:
    """Return what each color means: its class, and in words."""
    keys = [tag("span", tag("i", class_=f"key {color}"), name) for color, name in items]
    return tag("p", join(*keys), class_="legend")


def _apart(places: Sequence[tuple[float, str]], x: Scale) -> list[tuple[float, str]]:
    """Return ticks whose texts do not run into each other: the last one, and before it those that leave room."""
    kept: list[tuple[float, str]] = []
    for at, text in reversed(places):
        room = CHARACTER * (len(text) + len(kept[-1][1])) / 2 + CHARACTER if kept else 0.0
        if not kept or x(kept[-1][0]) - x(at) >= room:
            kept.append((at, text))
    return kept[::-1]


def _x_axis(x: Scale, places: Sequence[float], top: float, bottom: float, name: str) -> Markup:
    drawn = []
    for tick in places:
        drawn.append(tag("line", x1=x(tick), x2=x(tick), y1=top, y2=bottom, class_="grid"))
        drawn.append(tag("text", shown(tick), x=x(tick), y=bottom + 16, text_anchor="middle", class_="tick"))
    drawn.append(tag("text", name, x=(x.start + x.end) / 2, y=bottom + 35, text_anchor="middle", class_="axis"))
    return join(*drawn)


def _y_axis(y: Scale, places: Sequence[float], left: float, right: float, name: str) -> Markup:
    drawn = []
    for tick in places:
        drawn.append(tag("line", x1=left, x2=right, y1=y(tick), y2=y(tick), class_="grid"))
        drawn.append(tag("text", shown(tick), x=left - 6, y=y(tick) + 4, text_anchor="end", class_="tick"))
    middle = (y.start + y.end) / 2
    drawn.append(
        tag("text", name, x=12, y=middle, text_anchor="middle", transform=f"rotate(-90 12 {middle:.1f})", class_="axis")
    )
    return join(*drawn)


def _line(line: Line, x: Scale, y: Scale) -> list[Markup]:
    drawn = []
    for (at, _), (low, high) in zip(line.points, line.spread, strict=False):
        drawn.append(tag("line", x1=x(at), x2=x(at), y1=y(low), y2=y(high), class_=f"{line.color} whisker"))
    pieces: list[list[tuple[float, float]]] = [[]]
    for at, value in line.points:
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((x(at), y(value)))
    color = f"{line.color} line{' dashed' if line.is_dashed else ''}"
    for piece in pieces:
        if len(piece) > 1:
            path = "L".join(f"{across:.1f} {down:.1f}" for across, down in piece)
            drawn.append(tag("path", d=f"M{path}", class_=color))
        elif piece and not line.spread:  # between two gaps: there is nothing to draw a line to
            drawn.append(tag("circle", cx=piece[0][0], cy=piece[0][1], r=2, class_=line.color))
    if line.spread:
        drawn += [
            tag("circle", cx=x(at), cy=y(value), r=4, class_=line.color) for at, value in line.points if value is not None
        ]
    return drawn
