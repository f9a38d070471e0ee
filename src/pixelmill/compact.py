"""The compact text form of a pipeline.

    pipeline   = stages | [ stages "|" ] "{" rendition *( ";" rendition ) "}"
    rendition  = name "=" [ stages ]
    stages     = stage *( "|" stage )
    stage      = name [ ":" item *( "," item ) ]
    item       = [ name "=" ] value
    value      = a JSON string in double quotes, or any text without , | = " ; { } and without spaces at its ends

A value without a name takes the operation's next positional parameter; `1280x720`, `1280x` and `x720` give a width, a
height or both, `50%` a scale of 0.5. The last stage may name a format: `webp:80`. Renditions make several pictures of one:
`sepia | { small = resize:320x | webp; large = resize:1280x | avif }`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel

from pixelmill.codecs import WRITABLE, Output
from pixelmill.codecs.output import ALIASES, AUTO, SOURCE
from pixelmill.errors import InvalidPipeline, expected, shown
from pixelmill.operations import Operation, operation_class

OUTPUTS = {*WRITABLE, *ALIASES, SOURCE, AUTO}
_SPACE = re.compile(r"\s*")
_KEY = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=")
_NAME = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_-]*)\s*")
_BARE = re.compile(r'[^|,=";{}\s:](?:[^|,=";{}]*[^|,=";{}\s])?')
_RENDITION = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9_-]*)\s*=")
_NUMBER = re.compile(r"[-+.\d]+")
_PAIR = re.compile(r"(\d*)x(\d*)|(\d+)")
_PERCENT = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)%")


class Stage(NamedTuple):
    """An operation's or a format's name and its parameters, not yet checked."""

    name: str
    parameters: dict[str, Any]


class Parsed(NamedTuple):
    """What a text says: operations, the output where there is one, and renditions by their names."""

    operations: list[Stage]
    output: Stage | None
    renditions: list[tuple[str, Parsed]]


def parse(text: str) -> Parsed:
    """Read the compact form.

    Raises:
        InvalidPipeline: the text does not follow the grammar, or names an operation that does not exist.
    """
    return _Reader(text).pipeline() if text.strip() else Parsed([], None, [])


def starts_with_rendition(text: str) -> bool:
    """Tell `{ name = …` from JSON."""
    return bool(_RENDITION.match(text, 1))


def _parted(stages: list[Stage]) -> tuple[list[Stage], Stage | None]:
    outputs = [number for number, stage in enumerate(stages) if stage.name in OUTPUTS]
    if outputs and outputs[0] != len(stages) - 1:
        raise InvalidPipeline(expected("the output format as the last stage", "the pipeline", stages[outputs[0]].name))
    return (stages[:-1], stages[-1]) if outputs else (stages, None)


class _Reader:
    """A cursor over the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def pipeline(self) -> Parsed:
        stages = list(self._stages())
        led = not stages or self.text[: self.at].rstrip().endswith("|")
        renditions = list(self._renditions()) if led and self._take("{") else []
        if not self._at_end():
            raise self._refusal("the end after the renditions" if renditions else "'|' between two stages")
        operations, output = _parted(stages)
        return Parsed(operations, output, renditions)

    def _stages(self) -> Iterator[Stage]:
        """Yield stages up to what follows them: the end, or a brace or semicolon."""
        while not self._at("{"):
            name = self._name("an operation's or a format's name")
            positional = (Output if name in OUTPUTS else operation_class(name)).positional
            yield Stage(name, dict(self._parameters(name, positional)) if self._take(":") else {})
            if not self._take("|"):
                return

    def _renditions(self) -> Iterator[tuple[str, Parsed]]:
        while True:
            match = _RENDITION.match(self.text, self.at)
            if not match:
                raise self._refusal("NAME = for a rendition")
            self.at = match.end()
            stages = [] if self._at(";") or self._at("}") else list(self._stages())
            yield match[1], Parsed(*_parted(stages), [])
            if not self._take(";"):
                break
        if not self._take("}"):
            raise self._refusal("';' or '}' after a rendition")

    def _parameters(self, stage: str, positional: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        places = iter(positional)
        seen: set[str] = set()
        while True:
            for name, value in self._item(stage, places):
                if name in seen:
                    raise InvalidPipeline(f"expected {name} of {stage} once, got it twice")
                seen.add(name)
                yield name, value
            if not self._take(","):
                return

    def _item(self, stage: str, places: Iterator[str]) -> Iterable[tuple[str, Any]]:
        named = _KEY.match(self.text, self.at)
        if named:
            self.at = named.end()
            return [(named[1], self._value(f"a value for {named[1]}"))]
        place = next(places, None)
        value = self._value("a parameter")
        if place is None:
            hint = "" if _NUMBER.fullmatch(value) else "; a value with a comma goes in double quotes"
            raise InvalidPipeline(f"expected NAME=VALUE for another parameter of {stage}, got {shown(value)}{hint}")
        return _pair(stage, value) if "×" in place else [(place, value)]

    def _name(self, wanted: str) -> str:
        match = _NAME.match(self.text, self.at)
        if not match:
            raise self._refusal(wanted)
        self.at = match.end()
        return match[1].replace("-", "_").lower()

    def _value(self, wanted: str) -> str:
        self._skip()
        if self.text[self.at : self.at + 1] == '"':
            try:
                value, end = json.JSONDecoder(strict=False).raw_decode(self.text, self.at)
            except ValueError:
                raise self._refusal("a closing quote") from None
            self.at = end
            return str(value)
        match = _BARE.match(self.text, self.at)
        if not match:
            raise self._refusal(wanted)
        self.at = match.end()
        return match[0]

    def _at(self, mark: str) -> bool:
        self._skip()
        return self.text.startswith(mark, self.at)

    def _at_end(self) -> bool:
        self._skip()
        return self.at == len(self.text)

    def _take(self, mark: str) -> bool:
        found = self._at(mark)
        self.at += found
        return found

    def _skip(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at

    def _refusal(self, wanted: str) -> InvalidPipeline:
        self._skip()
        rest = self.text[self.at : self.at + 40]
        got = shown(rest) if rest else "the end"
        return InvalidPipeline(f"expected {wanted} at character {self.at + 1} of the pipeline, got {got}")


def _pair(stage: str, value: str) -> list[tuple[str, Any]]:
    percent = _PERCENT.fullmatch(value)
    if percent:
        return [("scale", float(percent[1]) / 100)]
    match = _PAIR.fullmatch(value)
    if not match or value == "x":
        raise InvalidPipeline(expected("WIDTHxHEIGHT, WIDTHx or xHEIGHT", stage, value))
    sides = (("width", match[1] or match[3]), ("height", match[2]))
    return [(name, side) for name, side in sides if side]


def format(operations: Iterable[Operation], output: Output, renditions: Iterable[tuple[str, str]] = ()) -> str:
    """Return the compact form of operations and their output; parameters at their default are left out.

    Args:
        renditions: names and compact forms.
    """
    stages = [_stage(item.name, item, item.positional) for item in operations]
    if output != Output():
        stages.append(_stage(output.format, output, output.positional))
    several = "; ".join(f"{name} = {text}".rstrip() for name, text in renditions)
    if several:
        stages.append(f"{{ {several} }}")
    return " | ".join(stages)


def _stage(name: str, values: BaseModel, positional: tuple[str, ...]) -> str:
    given = values.model_dump(mode="json", exclude_defaults=True, exclude={"format"})
    given.pop("op", None)
    items = []
    for place in positional:
        if "×" in place and {"width", "height"} & given.keys():
            items.append(f"{given.pop('width', '')}x{given.pop('height', '')}")
        elif place in given:
            items.append(_written(given.pop(place)))
        else:
            break
    items += [f"{key}={_written(value)}" for key, value in given.items()]
    return f"{name}:{','.join(items)}" if items else name


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    text = " ".join(map(_written, value)) if isinstance(value, (list, tuple)) else str(value)
    return text if _BARE.fullmatch(text) and text.isprintable() else json.dumps(text, ensure_ascii=False)
