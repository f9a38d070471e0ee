#!/usr/bin/env python
"""Write docs/operations.md, and the tables in docs/formats.md and docs/observability.md, from what the code declares.

With --check, write nothing, and fail where a file is not what the code says. The pictures beside them are drawn by
`python -m scripts.draw_docs`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from pixelmill.cli.describe import default_in_words, kind_in_words
from pixelmill.codecs import FORMATS, Output
from pixelmill.limits import Limits
from pixelmill.operations import operation_class
from pixelmill.operations.base import built_in_names
from pixelmill.schema import operation_schema
from pixelmill.settings import ServerSettings
from pixelmill.telemetry.catalog import CATALOG, Metric

DOCS = Path(__file__).parent.parent / "docs"
HEAD = """<!-- Written by scripts/generate_docs.py from the operations' own declarations. Do not edit. -->

# Operations

What each operation takes and does. All are written alike in Python, on the command line and as text:

```python
import pixelmill

pipeline = pixelmill.Pipeline().resize(300, 200, fit="cover").sepia(0.7).to("webp")
assert pipeline == pixelmill.Pipeline.parse("resize:300x200,fit=cover | sepia:0.7 | webp")
```

```sh
pixelmill run examples/photos -o output --op resize:300x200,fit=cover --op sepia:0.7 -f webp
```

Parameters come in the order of the tables, or by name. In text, those in **bold** need no name. A color is `#RRGGBB` or
`#RGB`, with or without the `#`; the `background` of an operation may also be `#RRGGBBAA`, `transparent` or a name in CSS,
such as `navy`. A value with a comma, a semicolon, a brace or a `|` in it goes in double quotes. `pixelmill ops NAME` shows
the same in a terminal, `pixelmill ops --json` as a JSON Schema.

Whatever an operation does, it does to gray pictures, to color and to pictures with alpha, and to each frame of an animation
alone; those that measure the picture measure all its frames, and do the same to each. Transparent
pixels' colors show nowhere. A value out of range, NaN or infinity is an error before anything is decoded.

The operations of a plugin are not here: see [Operations of your own](custom-operations.md).
"""
EXAMPLES: dict[str, dict[str, tuple[str, ...]]] = {
    "Size and shape": {
        "resize": (
            "resize:120x120",
            "resize:120x120,fit=cover,gravity=attention",
            "resize:120x120,fit=contain,background=#cccccc",
            "resize:120x120,fit=fill",
            "resize:50%",
        ),
        "crop": ("crop:120x120,attention", "crop:150x90,left=10,top=40"),
        "rotate": ("rotate:90", "rotate:-12,background=transparent"),
        "flip": ("flip",),
        "flop": ("flop",),
        "extend": ("extend:16,background=#aa3322", "extend:16,mode=mirror"),
        "trim": ("extend:30 | trim:20",),
    },
    "Color and tone": {
        "grayscale": ("grayscale", "grayscale:0.6"),
        "sepia": ("sepia",),
        "duotone": ("duotone:#1d2b53,#ffd9a0",),
        "tint": ("tint:#ff8800",),
        "saturation": ("saturation:1.8",),
        "hue": ("hue:120",),
        "brightness": ("brightness:1.3",),
        "contrast": ("contrast:1.4",),
        "gamma": ("gamma:1.8",),
        "auto_level": ("auto_level:0.01,by=channel",),
        "negative": ("negative",),
        "opacity": ("opacity:0.4",),
    },
    "Detail and effects": {
        "blur": ("blur:4",),
        "sharpen": ("sharpen:2",),
        "unsharp": ("unsharp:2,1.5,4",),
        "median": ("median:4",),
        "edge_detect": ("edge_detect",),
        "convolve": ('convolve:"-2 -1 0, -1 1 1, 0 1 2"',),
        "vignette": ("vignette:0.8",),
        "pixelate": ("pixelate:10",),
        "rounded_corners": ("rounded_corners:24", "rounded_corners:share=0.5"),
    },
    "Text and logos": {
        "text": (
            'text:"© Pixelmill",size=20',
            'text:"Café, שלום, 🦊",position=top-left,relative_size=0.14,font=serif',
            'text:"PROOF",tile=true,rotation=-30,size=24,opacity=0.5',
            'text:"Lines are wrapped",position=center,size=28,relative_width=0.6,outline=0.06',
            'text:"Shadow",position=center,size=44,font=sans-bold,shadow=0.8,opacity=1',
        ),
        "logo": (
            "logo:@logo.png",
            "logo:@logo.png,position=top-left,scale=0.3,rotation=-15,opacity=1",
            "logo:@logo.png,tile=true,scale=0.12,opacity=0.6",
            "logo:@logo.png,position=center,scale=0.5,blend=multiply,opacity=1",
        ),
    },
}
"""Each family's operations, and for each one or more examples, which the pictures show."""
PICTURES = {family: family.lower().replace(" ", "-") + ".jpg" for family in EXAMPLES}
SHOWN = 3
"""So many of an operation's examples stand in the text."""


def operations_page() -> str:
    """Return what docs/operations.md should be."""
    listed = [name for family in EXAMPLES.values() for name in family]
    if sorted(listed) != sorted(built_in_names()):
        differing = ", ".join(sorted(set(listed) ^ set(built_in_names())))
        raise SystemExit(
            f"expected every operation once in EXAMPLES of scripts/generate_docs.py, got otherwise: {differing}"
        )
    contents = "".join(
        f"- [{family}](#{family.lower().replace(' ', '-')}): {', '.join(f'[{name}](#{name})' for name in names)}\n"
        for family, names in EXAMPLES.items()
    )
    return "\n".join([HEAD, contents, *(_family(family, names) for family, names in EXAMPLES.items())])


def _family(family: str, examples: dict[str, tuple[str, ...]]) -> str:
    picture = f"![What each of these operations does to a photograph]({PICTURES[family]})\n"
    return "\n".join([f"## {family}\n", picture, *(_operation(name, some) for name, some in examples.items())])


def _operation(name: str, examples: tuple[str, ...]) -> str:
    schema = operation_schema(operation_class(name))
    positional = {part for place in operation_class(name).positional for part in place.split("×")}
    parameters = {key: value for key, value in schema["properties"].items() if key != "op"}
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", schema["description"]).replace("*", "\\*")
    shown = "\n".join(examples[:SHOWN])
    table = "\n" + _parameters(parameters, schema["required"], positional) if parameters else ""
    return f"### {name}\n\n{text}\n{table}\n```\n{shown}\n```\n"


def _parameters(parameters: dict[str, dict[str, Any]], required: Iterable[str], bold: Iterable[str] = ()) -> str:
    rows = []
    for name, schema in parameters.items():
        label = f"**{name}**" if name in bold else name
        default = "required" if name in required else _default(schema)
        rows.append((label, kind_in_words(schema), default, schema.get("description", "")))
    return _table(("parameter", "values", "default", ""), rows)


def _default(schema: dict[str, Any]) -> str:
    return default_in_words(schema.get("default")).removeprefix("default ")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _formats() -> str:
    def row(name: str) -> tuple[str, ...]:
        entry = FORMATS[name]
        out = "yes" if entry.writable else "no: PNG instead"
        side = f"{entry.max_side:,}" if entry.writable else ""
        metadata = ", ".join(entry.keeps) or ("none" if entry.writable else "")
        needs = f"`pixelmill[{entry.extra}]`" if entry.extra else "`allow_svg`" if entry.opt_in else ""
        return (name, " ".join(entry.extensions), out, "yes" if entry.animated else "", metadata, side, needs)

    head = ("format", "files", "out", "animated", "`keep`", "longest side out, px", "needs")
    return _table(head, map(row, FORMATS))


def _options() -> str:
    def formats(option: str) -> str:
        some = ", ".join(name for name in FORMATS if option in FORMATS[name].options)
        return {"accept": "auto", "effort": "all but tiff"}.get(option, some or "all")

    def row(name: str, schema: dict[str, Any]) -> tuple[str, ...]:
        return (f"`{name}`", formats(name), kind_in_words(schema), _default(schema), schema.get("description", ""))

    options = {name: schema for name, schema in Output.model_json_schema()["properties"].items() if name != "format"}
    return _table(("option", "formats", "values", "default", ""), (row(*option) for option in options.items()))


def _limits() -> str:
    described = dict(re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)$", Limits.__doc__ or "", re.MULTILINE))

    def row(name: str, default: object) -> tuple[str, ...]:
        variable = f"`PIXELMILL_{name.upper()}`" if name in ServerSettings.model_fields else ""
        shown = str(default).lower() if isinstance(default, bool) else f"{default:,}"
        return (f"`{name}`", variable, shown, " ".join(described[name].split()).rstrip("."))

    head = ("`Limits`", "variable of servers", "default", "")
    return _table(head, (row(field.name, field.default) for field in fields(Limits)))


def _metrics() -> str:
    def row(metric: Metric) -> tuple[str, ...]:
        return (f"`{metric.name}`", metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.help)

    return _table(("metric", "type", "labels", ""), map(row, CATALOG))


TABLES: dict[str, dict[str, Callable[[], str]]] = {
    "formats.md": {"formats": _formats, "options": _options, "limits": _limits},
    "observability.md": {"metrics": _metrics},
}
"""The pages that are written by hand, but for these tables."""


def page_with_tables(page: str) -> str:
    """Return a page with its tables as they should be; what is around them is written by hand."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, make in TABLES[page].items():
        start, end = f"<!-- table: {name}, written by scripts/generate_docs.py -->\n", f"<!-- end of {name} -->"
        if text.count(start) != 1 or text.count(end) != 1:
            raise SystemExit(f"expected {start.strip()} and {end} once in docs/{page}, got otherwise")
        before, rest = text.split(start)
        text = f"{before}{start}\n{make()}\n{end}{rest.split(end)[1]}"
    return text


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each page and the text that it should have."""
    yield DOCS / "operations.md", operations_page()
    for page in TABLES:
        yield DOCS / page, page_with_tables(page)


def main() -> int:
    """Write or check the pages."""
    failed = 0
    for path, text in pages():
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            print(
                f"expected {path} as scripts/generate_docs.py writes it, got another text: run the script", file=sys.stderr
            )
            failed = 1
    for name in PICTURES.values():
        if not (DOCS / name).is_file():
            print(f"expected {DOCS / name}, got no such file: run `python -m scripts.draw_docs`", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
