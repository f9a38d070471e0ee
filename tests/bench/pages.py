"""A report as a reader finds it: its elements, the texts of its sections and the cells of its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Self

VOID = {"meta", "br", "hr"}


@dataclass
class Element:
    """An element with what is inside it."""

    name: str
    attributes: Mapping[str, str | None]
    inside: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """Yield it and all elements inside."""
        yield self
        for one in self.inside:
            if isinstance(one, Element):
                yield from one.walk()

    def all(self, name: str) -> list[Element]:
        """Return the elements inside that have a name."""
        return [one for one in self.walk() if one.name == name]

    @property
    def text(self) -> str:
        """All text inside."""
        return "".join(one if isinstance(one, str) else one.text for one in self.inside)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, dict(attrs))
        assert len(made.attributes) == len(attrs), f"an attribute twice in {tag}"
        self.open[-1].inside.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


@dataclass(frozen=True)
class Page:
    """A page whose elements are all closed, in order."""

    source: str
    root: Element

    @classmethod
    def parse(cls, source: str) -> Self:
        """Read a page's source. Raises `AssertionError` where elements are not closed in order."""
        reader = _Reader()
        reader.feed(source)
        reader.close()
        assert [one.name for one in reader.open] == [""]
        return cls(source, reader.root)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a page's file."""
        return cls.parse(path.read_text(encoding="utf-8"))

    def section(self, id: str) -> Element:
        """Return the section of that id."""
        (found,) = (one for one in self.root.all("section") if one.attributes.get("id") == id)
        return found

    def text(self, id: str) -> str:
        """Return all text of a section."""
        return self.section(id).text

    def tables(self, id: str) -> list[list[list[str]]]:
        """Return the cells of a section's tables, the headings first."""
        return [
            [[cell.text for cell in row.walk() if cell.name in ("th", "td")] for row in table.all("tr")]
            for table in self.section(id).all("table")
        ]
