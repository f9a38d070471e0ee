"""Pixelmill processes pictures in parallel: resize → filters → watermark → encode, written once, run anywhere.

The usual way:

    import pixelmill

    pipeline = pixelmill.Pipeline().resize(1280, 720).blur(2).sepia().text("© me").to("webp", quality=80)
    result = pixelmill.run(data, pipeline)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixelmill.codecs import Output
    from pixelmill.errors import (
        Cancelled,
        CorruptImage,
        DeadlineExceeded,
        DecoderCrash,
        Draining,
        ImageTooLarge,
        Internal,
        InvalidPipeline,
        NoHealthyInstance,
        OperationFailed,
        OperationNotInstalled,
        OutOfMemory,
        Overloaded,
        PixelmillError,
        SourceError,
        SourceFailed,
        SourceForbidden,
        SourceNotFound,
        Unauthenticated,
        Unavailable,
        UnsupportedFormat,
    )
    from pixelmill.executors import Executor, open_executor, run
    from pixelmill.limits import Deadline, Limits
    from pixelmill.operations.custom import operation
    from pixelmill.pipeline import Pipeline
    from pixelmill.result import Result, Trace
    from pixelmill.signing import sign_url

__version__ = "0.1.0"

_HOMES = {
    "pixelmill.codecs": ("Output",),
    "pixelmill.errors": (
        "Cancelled",
        "CorruptImage",
        "DeadlineExceeded",
        "DecoderCrash",
        "Draining",
        "ImageTooLarge",
        "Internal",
        "InvalidPipeline",
        "NoHealthyInstance",
        "OperationFailed",
        "OperationNotInstalled",
        "OutOfMemory",
        "Overloaded",
        "PixelmillError",
        "SourceError",
        "SourceFailed",
        "SourceForbidden",
        "SourceNotFound",
        "Unauthenticated",
        "Unavailable",
        "UnsupportedFormat",
    ),
    "pixelmill.executors": ("Executor", "open_executor", "run"),
    "pixelmill.limits": ("Deadline", "Limits"),
    "pixelmill.operations.custom": ("operation",),
    "pixelmill.pipeline": ("Pipeline",),
    "pixelmill.result": ("Result", "Trace"),
    "pixelmill.signing": ("sign_url",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Cancelled",
    "CorruptImage",
    "Deadline",
    "DeadlineExceeded",
    "DecoderCrash",
    "Draining",
    "Executor",
    "ImageTooLarge",
    "Internal",
    "InvalidPipeline",
    "Limits",
    "NoHealthyInstance",
    "OperationFailed",
    "OperationNotInstalled",
    "OutOfMemory",
    "Output",
    "Overloaded",
    "Pipeline",
    "PixelmillError",
    "Result",
    "SourceError",
    "SourceFailed",
    "SourceForbidden",
    "SourceNotFound",
    "Trace",
    "Unauthenticated",
    "Unavailable",
    "UnsupportedFormat",
    "open_executor",
    "operation",
    "run",
    "sign_url",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `import pixelmill` alone loads nothing heavy."""
    if name not in _HOME:
        raise AttributeError(f"module 'pixelmill' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value
