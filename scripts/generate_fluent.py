#!/usr/bin/env python
"""Write src/pixelmill/_fluent.pyi: the typed signatures of the operations as methods of `Pipeline`.

With --check, write nothing, and fail where the file is not what the operations declare.
"""

from __future__ import annotations

import re
import sys
import textwrap
import types
import typing
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pixelmill.codecs import Output
from pixelmill.geometry import Anchor, Gravity
from pixelmill.operations import operation_class
from pixelmill.operations.base import built_in_names

STUB = Path(__file__).parent.parent / "src" / "pixelmill" / "_fluent.pyi"
HEAD = '''"""Written by scripts/generate_fluent.py from the operations' own declarations. Do not edit."""

from collections.abc import Sequence
from typing import Literal

from pixelmill.geometry import Anchor, Gravity
from pixelmill.operations.convolve import KernelRows
from pixelmill.pipeline import Pipeline

class Fluent:
'''
WIDTH = 125
ALIASES: dict[object, str] = {Anchor: "Anchor", Gravity: "Gravity", tuple[float, ...]: "KernelRows"}
"""Types that the stub has a name for; a kernel may be given in more ways than it is kept."""


def stub() -> str:
    """Return the text that the stub should have."""
    methods = [method(name, operation_class(name), operation_class(name).model_fields) for name in built_in_names()]
    options = {name: field for name, field in Output.model_fields.items() if name != "format"}
    to = method("to", Output, options, first="self, format: str, *")
    return HEAD + "\n".join([*methods, to])


def method(name: str, cls: type[BaseModel], fields: dict[str, FieldInfo], first: str = "self") -> str:
    """Return one method's signature and its documentation."""
    types_ = typing.get_type_hints(cls)
    parameters = [first] + [parameter(field_name, types_[field_name], field) for field_name, field in fields.items()]
    head = f"    def {name}({', '.join(parameters)}) -> Pipeline:"
    if len(head) > WIDTH:
        lines = "".join(line(one) for one in ", ".join(parameters[:1]).split(", ") + parameters[1:])
        head = f"    def {name}(\n{lines}    ) -> Pipeline:"
    summary = (cls.__doc__ or "").strip().splitlines()[0]
    described = "".join(argument(field_name, field) for field_name, field in fields.items())
    return f'{head}\n        """{summary}\n\n        Args:\n{described}        """\n'


def argument(name: str, field: FieldInfo) -> str:
    """Return one parameter's lines of documentation."""
    text = f"{name}: {field.description}"
    return textwrap.fill(text, WIDTH, initial_indent=12 * " ", subsequent_indent=16 * " ", break_on_hyphens=False) + "\n"


def parameter(name: str, kind: object, field: FieldInfo) -> str:
    """Return one parameter as a signature has it."""
    default = "" if field.is_required() else " = " + quoted(field.default)
    return f"{name}: {spelled(kind)}{default}"


def line(parameter: str) -> str:
    """Return a parameter on a line of its own, or on several where it has too many values, as ruff formats it."""
    whole = f"        {parameter},\n"
    if len(whole) <= WIDTH + 1:
        return whole
    head, values, tail = re.fullmatch(r"(.*\[)(.*)(\].*)", parameter).groups()  # type: ignore[union-attr]
    return f"        {head}\n" + "".join(f"            {value},\n" for value in values.split(", ")) + f"        {tail},\n"


def spelled(kind: object) -> str:
    """Return a type as an annotation spells it."""
    if kind in ALIASES:
        return ALIASES[kind]
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return " | ".join(spelled(part) for part in typing.get_args(kind))
    if typing.get_origin(kind) is tuple:
        return f"Sequence[{spelled(typing.get_args(kind)[0])}]"
    if typing.get_origin(kind) is typing.Literal:
        return f"Literal[{', '.join(quoted(value) for value in typing.get_args(kind))}]"
    return "None" if kind is type(None) else str(getattr(kind, "__name__", kind))


def quoted(value: object) -> str:
    """Return a value as source code, text in double quotes."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


def main() -> int:
    """Write or check the stub."""
    text = stub()
    if "--check" not in sys.argv[1:]:
        STUB.write_text(text, encoding="utf-8")
        return 0
    if STUB.is_file() and STUB.read_text(encoding="utf-8") == text:
        return 0
    print(f"expected {STUB} as scripts/generate_fluent.py writes it, got another text: run the script", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
