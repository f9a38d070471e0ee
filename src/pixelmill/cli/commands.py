"""How commands are made: their options, also those that several have in common, and their help."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import fields
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any, ClassVar, get_args, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

Function = Callable[..., None]
VALUES = {"<bool>": "", "<str>": "TEXT", **dict.fromkeys(("<int>", "<int range>", "<float>", "<float range>"), "N")}
"""What help calls a value, and what we do: a flag has none."""


class Group:
    """The base of dataclasses whose fields are options: `NAME: Annotated[TYPE, typer.Option(…)] = DEFAULT`.

    A command that takes such a dataclass has all of its options.

    Args:
        panel: the heading that help shows them under.
    """

    panel: ClassVar[str]

    def __init_subclass__(cls, *, panel: str) -> None:
        cls.panel = panel


def add(app: typer.Typer, function: Function, panel: str, *examples: str, note: str = "") -> None:
    """Add a command that calls `function`.

    Args:
        app: what it is added to.
        function: its parameters are the options, its docstring is the help.
        panel: the heading that it stands under in the list of commands.
        examples: command lines without the program's name.
        note: what help ends with.
    """
    app.command(cls=Command, epilog=epilog(*examples, note=note), rich_help_panel=panel)(_ungrouped(function))


def epilog(*examples: str, note: str = "") -> str:
    """Return the end of help: each example, and the note, on a line of its own."""
    return "\n\n".join(["Examples:", *(f"pixelmill {each}" for each in examples), *([note] if note else [])])


class Command(TyperCommand):
    """A command with short help."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return its parameters."""
        return _named(super().get_params(ctx), ctx)


class Commands(TyperGroup):
    """Commands that share such help."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters that come before a command."""
        return _named(super().get_params(ctx), ctx)


def _named(parameters: list[Any], context: Any) -> list[Any]:
    for one in parameters:
        if one.metavar is None and one.param_type_name == "option":
            one.metavar = VALUES.get(one.display_type(context))
    return parameters


def _ungrouped(function: Function) -> Function:
    """Return a function with the options of all groups that `function` takes, each in its group's place."""
    signature = inspect.signature(function, eval_str=True)
    groups: dict[str, Any] = {
        name: one.annotation
        for name, one in signature.parameters.items()
        if isinstance(one.annotation, type) and issubclass(one.annotation, Group)
    }
    parameters: list[Parameter] = []
    for name, one in signature.parameters.items():
        parameters += _options(groups[name]) if name in groups else [one.replace(kind=Parameter.KEYWORD_ONLY)]

    @wraps(function)
    def called(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        function(**given)

    called.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in parameters}
    return called


def _options(group: Any) -> list[Parameter]:
    types = get_type_hints(group, include_extras=True)
    made = []
    for field in fields(group):
        kind, option = get_args(types[field.name])
        option = copy(option)
        option.rich_help_panel = group.panel
        made.append(Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=Annotated[kind, option]))
    return made
