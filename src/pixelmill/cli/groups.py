"""Options that several commands have in common: declared once, as the fields of a dataclass."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import fields
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any, ClassVar, get_args, get_type_hints

Command = Callable[..., None]


class Group:
    """The base of dataclasses whose fields are options: `NAME: Annotated[TYPE, typer.Option(…)] = DEFAULT`.

    Args:
        panel: the heading that help shows them under.
    """

    panel: ClassVar[str]

    def __init_subclass__(cls, *, panel: str) -> None:
        cls.panel = panel


def grouped(command: Command) -> Command:
    """Return a command for typer that has all options of the groups that `command` takes, each in its group's place."""
    signature = inspect.signature(command, eval_str=True)
    groups: dict[str, Any] = {
        name: one.annotation
        for name, one in signature.parameters.items()
        if isinstance(one.annotation, type) and issubclass(one.annotation, Group)
    }
    parameters: list[Parameter] = []
    for name, one in signature.parameters.items():
        parameters += _options(groups[name]) if name in groups else [one.replace(kind=Parameter.KEYWORD_ONLY)]

    @wraps(command)
    def called(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        command(**given)

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
