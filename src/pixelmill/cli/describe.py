"""`pixelmill ops` and `explain`: what there is, and what a pipeline would do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pixelmill.cli.choices import PlacementChoice, SourceFormatChoice
from pixelmill.cli.commands import add
from pixelmill.errors import InvalidPipeline, expected

if TYPE_CHECKING:
    from pixelmill.codecs import Header
    from pixelmill.geometry import Size
    from pixelmill.operations import Operation
    from pixelmill.pipeline import Rendition
    from pixelmill.plan import Hop, Plan

PANEL = "Pictures"
TYPES = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text", "array": "numbers"}


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add(app, ops, PANEL, "ops", "ops resize", "ops --json > pipeline.schema.json")
    add(
        app,
        explain,
        PANEL,
        "explain 'resize:1280x720 | blur:2 | sepia | webp' photo.jpg",
        "explain web.yaml --size 6000x4000 --placement spread",
    )


def ops(
    name: Annotated[str | None, typer.Argument(help="Only this operation.", show_default=False)] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the JSON Schema of pipelines, or of the operation.")
    ] = False,
) -> None:
    """List the operations: what each does, its parameters, their ranges and defaults, and an example."""
    from pixelmill.operations import operation_class, operation_names
    from pixelmill.plan import POOLS
    from pixelmill.schema import operation_schema, pipeline_schema

    chosen = operation_class(name.replace("-", "_").lower()) if name else None
    if as_json:
        schema = operation_schema(chosen) if chosen else pipeline_schema()
        typer.echo(json.dumps(schema, indent=2, ensure_ascii=False))
        return
    if chosen:
        _show_operation(operation_schema(chosen), chosen.positional, whole=True)
        return
    for cls in sorted(map(operation_class, operation_names()), key=lambda cls: POOLS.index(cls.pool)):
        _show_operation(operation_schema(cls), cls.positional)
    _show_output()


def _show_operation(schema: dict[str, Any], positional: tuple[str, ...], whole: bool = False) -> None:
    text = schema["description"] if whole else schema["description"].split("\n\n")[0]
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", text)  # lines of source code are no lines of the terminal
    parameters = {name: value for name, value in schema["properties"].items() if name != "op"}
    example = schema["title"]
    if positional:
        example += ":" + ",".join(_sample(place, parameters.get(place, {})) for place in positional)
    _show(schema["title"], text, parameters, schema["required"], f"--op '{example}'")


def _show_output() -> None:
    from pixelmill.codecs import WRITABLE, Output

    schema = Output.model_json_schema()
    parameters = {name: value for name, value in schema["properties"].items() if name != "format"}
    _show(f"formats: {', '.join(WRITABLE)}", schema["description"], parameters, [], "-f webp -q 80, -f webp:lossless=true")


def _show(title: str, text: str, parameters: dict[str, Any], required: list[str], example: str) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(title, "bold"))
    console.print(Padding(Text(text), (0, 0, 0, 2), expand=False))
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in parameters.items():
        default = "required" if name in required else default_in_words(value.get("default"))
        cells = (name, kind_in_words(value), default, value.get("description", ""))
        table.add_row(*(Text(cell) for cell in cells))
    console.print(Padding(table, (0, 0, 0, 4), expand=False))
    console.print(Padding(Text(f"example: {example}", "dim"), (0, 0, 1, 2), expand=False))


def kind_in_words(schema: dict[str, Any]) -> str:
    """Return a parameter's type and range in words."""
    if "anyOf" in schema:
        schema = next(each for each in schema["anyOf"] if each.get("type") != "null")
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if "contentEncoding" in schema:
        return "@FILE"
    if schema["type"] == "array" and "enum" in schema["items"]:
        return f"any of {kind_in_words(schema['items'])}"
    if schema.get("format") == "color":
        return "color"
    words = TYPES[schema["type"]]
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{words}, {low} to {high}"
    bounds = {"at least": low, "above": schema.get("exclusiveMinimum"), "below": schema.get("exclusiveMaximum")}
    told = [f"{side} {bound}" for side, bound in {**bounds, "at most": high}.items() if bound is not None]
    return ", ".join([words, *told])


def default_in_words(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, list):
        return "default " + (" ".join(map(str, value)) or "none")
    return f"default {json.dumps(value) if isinstance(value, bool) else value}"


def _sample(name: str, schema: dict[str, Any]) -> str:
    """Return a value for an example, as the compact form writes it."""
    if "×" in name:
        return "1280x720"
    if "contentEncoding" in schema:
        return "@logo.png"
    if "examples" in schema:
        return str(schema["examples"][0])
    default = schema.get("default")
    if default is None:
        return '"© me"' if schema.get("type") == "string" else str(schema.get("minimum", 1))
    return f"{default:g}" if isinstance(default, float) else str(default)


def explain(
    pipeline: Annotated[str, typer.Argument(help="A pipeline's file, or its text.", show_default=False)],
    image: Annotated[Path | None, typer.Argument(help="The picture to plan for.", show_default=False)] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="Size to assume where no picture is given.")] = "4000x3000",
    format: Annotated[
        SourceFormatChoice, typer.Option(help="Format to assume where no picture is given.")
    ] = SourceFormatChoice.JPEG,
    placement: Annotated[
        PlacementChoice, typer.Option(help="How steps are spread over workers; `run` is fused.")
    ] = PlacementChoice.FUSED,
) -> None:
    """Show what a pipeline would do with a picture, without doing it: steps, sizes, and which pool does what."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from pixelmill.cli.pipelines import load
    from pixelmill.codecs import probe
    from pixelmill.plan import check_placement, plan
    from pixelmill.storage import read_file

    loaded = load(pipeline)
    header = probe(read_file(image), first_frame=loaded.first_frame) if image else _assumed(size, format)
    planned = plan(loaded, header, placement=check_placement(placement), has_format_pool=False)
    source = f"{image or 'a'} {header.format.name}, {_by(header.size)}"
    table = Table("call", "pool", "step", "picture after it", box=box.SIMPLE_HEAD)
    for row in _rows(planned):
        table.add_row(*(Text(cell) for cell in row))
    console = Console(highlight=False)
    console.print(f"{source}, in {planned.count} call(s)", soft_wrap=True, markup=False)
    console.print(table)


def _assumed(size: str, format: SourceFormatChoice) -> Header:
    from pixelmill.codecs import FORMATS, Header
    from pixelmill.geometry import Size
    from pixelmill.limits import DEFAULT_LIMITS

    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise InvalidPipeline(expected("WIDTHxHEIGHT", "--size", size))
    DEFAULT_LIMITS.check_source(int(width), int(height), 1)
    return Header(FORMATS[format], Size(int(width), int(height)))


def _rows(planned: Plan) -> Iterator[tuple[str, str, str, str]]:
    """Yield the cells of each step; those of a call stand together."""
    numbers = count(1)
    ends = [[*zip(end.operations, own, strict=True)] for end, own in zip(planned.ends, planned.end_sizes, strict=True)]
    trunk = iter(planned.sizes)
    size: Size | None = planned.source
    for hop in planned.hops:
        steps = []
        if hop.reading:
            smaller = f" (shrunk on load from {_by(planned.source)})" if planned.decoded != planned.source else ""
            steps.append(("decode", _by(planned.decoded) + smaller))
        for operation in hop.operations:
            size = next(trunk)
            steps.append((_step(operation), _by(size)))
        for end, own in zip(hop.ends, ends, strict=False):
            steps += _end_steps(end, own, size)
        yield from _call(next(numbers), hop, steps)
    for branch, end, own in zip(planned.branches, planned.ends, ends, strict=False):
        steps = _end_steps(end, own, size)
        for hop in branch.hops:
            taken = len(hop.operations) + len(hop.ends)
            yield from _call(next(numbers), hop, steps[:taken])
            steps = steps[taken:]


def _end_steps(end: Rendition, own: list[tuple[Operation, Size | None]], size: Size | None) -> list[tuple[str, str]]:
    from pixelmill.pipeline import Pipeline

    label = f"{end.name}: " if end.name else ""
    steps = [(label + _step(operation), _by(after)) for operation, after in own]
    last = own[-1][1] if own else size
    encoding = f"encode {Pipeline(output=end.output).to_text()}"
    return [*steps, (label + encoding, f"{_by(last)} {end.output.format}")]


def _step(operation: Operation) -> str:
    from pixelmill.pipeline import Pipeline

    return Pipeline(operations=(operation,)).to_text()


def _call(number: int, hop: Hop, steps: list[tuple[str, str]]) -> Iterator[tuple[str, str, str, str]]:
    for index, (step, after) in enumerate(steps):
        yield ("" if index else str(number), "" if index else hop.pool, step, after)


def _by(size: tuple[int, int] | None) -> str:
    return f"{size[0]}×{size[1]}" if size else "?"
