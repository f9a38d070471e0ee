"""The operations: what can be done to a picture's pixels, each declared once."""

from pixelmill.operations import blur, kernels, resize, tone, watermark
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
    "find",
    "hint",
    "kernels",
    "make_operation",
    "operation_class",
    "operation_names",
    "register",
    "resize",
    "tone",
    "watermark",
]
