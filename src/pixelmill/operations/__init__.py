"""The operations: what can be done to a picture's pixels, each declared once."""

from pixelmill.operations import blur, colors, convolve, effects, kernels, median, resize, tone, watermark
from pixelmill.operations.base import (
    Operation,
    Pool,
    find,
    hint,
    make_operation,
    operation_class,
    operation_names,
    register,
)

__all__ = [
    "Operation",
    "Pool",
    "blur",
    "colors",
    "convolve",
    "effects",
    "find",
    "hint",
    "kernels",
    "make_operation",
    "median",
    "operation_class",
    "operation_names",
    "register",
    "resize",
    "tone",
    "watermark",
]
