"""Operations made from functions: `@pixelmill.operation` on a function from pixels to pixels."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, overload

import numpy as np
from pydantic import BaseModel, create_model

from pixelmill.codecs import WRITABLE
from pixelmill.codecs.output import ALIASES
from pixelmill.errors import OperationFailed, PixelmillError, expected
from pixelmill.geometry import Size
from pixelmill.operations.base import CUSTOM_NAME, Operation, Pool, add, make_operation, registered
from pixelmill.operations.foreign import Foreign
from pixelmill.operations.signature import described, fields_of
from pixelmill.pixels import Image

MAX_TOLD = 300
OF_PIPELINES = {
    *("operations", "output", "renditions", "then", "rendition", "ends", "first_frame", "to", "parse", "digest"),
    *(f"{way}_{form}" for way in ("from", "to") for form in ("data", "json", "yaml", "text")),
}
RESERVED = OF_PIPELINES | {*WRITABLE, *ALIASES, "source", "auto", "op"} | set(dir(BaseModel))
"""Names that an operation cannot have: in a pipeline they are something else."""
F = TypeVar("F", bound=Callable[..., Any])
Sizer = Callable[..., tuple[int, int]]


class Custom(Operation):
    """The base of operations made from functions."""

    everywhere = False
    function: ClassVar[Callable[..., object]]
    sizer: ClassVar[Sizer | None] = None

    def __reduce__(self) -> tuple[Any, ...]:
        # Its class is made when the function is decorated, so that no other process could import it by name.
        return make_operation, (self.name, self._parameters())

    def _parameters(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}

    def output_size(self, size: Size) -> Size:
        sizer = type(self).sizer
        if sizer is None:
            return size
        made = _called(self.name, sizer, size, self._parameters())
        match made:
            case (int(), int()) if min(made) >= 1:
                return Size(int(made[0]), int(made[1]))
        raise OperationFailed(expected("a width and a height of at least 1 px", f"the output_size of {self.name}", made))

    def apply(self, image: Image) -> Image:
        picture = image.view()
        picture.flags.writeable = False
        made = _called(self.name, type(self).function, picture, self._parameters())
        return _checked(self.name, made, self.output_size(Size(image.shape[1], image.shape[0])))


def _called(name: str, function: Callable[..., object], first: object, parameters: dict[str, Any]) -> object:
    """Call; what the function raises becomes `OperationFailed`, but for our own errors and want of memory."""
    try:
        return function(first, **parameters)
    except (PixelmillError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        text = f"{type(error).__name__}: {error}"[:MAX_TOLD]
        raise OperationFailed(f"expected a picture from the operation {name}, got {text}") from error


def _checked(name: str, made: object, size: Size) -> Image:
    """Return what a function returned as pixels, contiguous.

    Raises:
        OperationFailed: it is no picture, or not of the size that it should be.
    """
    if not isinstance(made, np.ndarray):
        raise OperationFailed(f"expected an array of uint8 from the operation {name}, got {type(made).__name__}")
    pixels = np.asarray(made)
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4):
        raise OperationFailed(
            f"expected uint8 of shape (height, width, channels) with 1, 3 or 4 channels from the operation {name}, "
            f"got {made.dtype} of shape {made.shape}"
        )
    if (pixels.shape[1], pixels.shape[0]) != size:
        wanted = f"{size.width}×{size.height}"
        raise OperationFailed(
            f"expected {wanted} px from the operation {name}, got {pixels.shape[1]}×{pixels.shape[0]}; "
            "where it changes the size, say so by output_size"
        )
    return np.ascontiguousarray(pixels)


@overload
def operation(function: F, /) -> F: ...


@overload
def operation(*, name: str | None = None, pool: Pool = "filter", output_size: Sizer | None = None) -> Callable[[F], F]: ...


def operation(
    function: F | None = None,
    /,
    *,
    name: str | None = None,
    pool: Pool = "filter",
    output_size: Sizer | None = None,
) -> F | Callable[[F], F]:
    """Make an operation of a function, to be used wherever a built-in one can be. Returns the function as it is.

    The function gets a picture and returns one: uint8 of shape (H, W, C), C = 1 (gray), 3 (sRGB) or 4 (sRGB with straight
    alpha), or (H, W) for gray. What it gets is read-only. Its parameters come by name only, and have types: bool, int,
    float, str, bytes, a Literal of texts, or one of these or None. `Annotated[int, Field(ge=2, le=256, description="…")]`
    gives a range and a description, and the section "Args:" of the docstring descriptions too. It may run on several
    threads at a time, and must return the same for the same picture and parameters.

        @pixelmill.operation
        def posterize(image: np.ndarray, *, levels: Annotated[int, Field(ge=2, le=256)] = 4) -> np.ndarray:
            "Reduce each channel to a few levels."

    Args:
        name: of the operation; the function's where None.
        pool: the pool of workers that runs it where pipelines are spread: resize, filter or watermark.
        output_size: from a picture's size, (width, height) in px, and the parameters by name, to the size of the result;
            None where the size stays.

    Raises:
        TypeError: the function's signature, or an argument here, is not as it has to be.
        ValueError: there is an operation of that name already.
    """
    if function is None:
        return lambda decorated: _register(decorated, name, pool, output_size)
    return _register(function, name, pool, output_size)


def _register(function: F, given: str | None, pool: Pool, output_size: Sizer | None) -> F:
    if not inspect.isfunction(function) or inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise TypeError(f"expected a function for an operation, got {function!r}")
    name = function.__name__ if given is None else given
    if not isinstance(name, str) or not CUSTOM_NAME.fullmatch(name):
        raise TypeError(expected("a name in snake case", "an operation", name))
    if name in RESERVED:
        raise TypeError(f"expected another name for the operation {name}: this one is reserved")
    if pool not in typing.get_args(Pool):
        raise TypeError(expected(f"one of {', '.join(typing.get_args(Pool))}", f"the pool of {name}", pool))
    home = (function.__module__, function.__qualname__)
    before = registered(name)
    # The same function once more is a module that is reloaded, or a notebook's cell that runs again.
    if before and not issubclass(before, Foreign) and (before.__module__, before.__qualname__) != home:
        raise ValueError(f"expected another name for {home[0]}.{home[1]}: there is an operation {name} already, {before}")
    text, descriptions = described(function.__doc__ or f"{name}, a custom operation.")
    fields = fields_of(function, name, descriptions)
    _check_sizer(name, output_size, fields)
    made: type[Custom] = create_model(
        name.title().replace("_", ""), __base__=Custom, __module__=function.__module__, __doc__=text, **fields
    )
    made.__qualname__ = function.__qualname__
    made.pool, made.positional = pool, tuple(fields)
    made.function = staticmethod(function)
    made.sizer = staticmethod(output_size) if output_size else None
    add(name, made)
    return function


def _check_sizer(name: str, sizer: Sizer | None, fields: dict[str, Any]) -> None:
    if sizer is None:
        return
    try:
        inspect.signature(sizer).bind(Size(1, 1), **dict.fromkeys(fields))
    except (TypeError, ValueError) as error:
        raise TypeError(f"expected output_size of {name} to take a size and {name}'s parameters, got {error}") from None
