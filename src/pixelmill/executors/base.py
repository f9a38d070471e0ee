"""The seam between what is to be done and where."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, Self

from pixelmill.errors import InvalidPipeline, PixelmillError, expected
from pixelmill.limits import Deadline
from pixelmill.pipeline import Pipeline
from pixelmill.result import Result

Source = bytes | bytearray | memoryview
"""An encoded picture."""


@dataclass(frozen=True)
class Item:
    """One picture of many: the caller's key, and its bytes or a function that reads them when its turn comes."""

    key: str
    source: bytes | Callable[[], bytes]

    def read(self) -> bytes:
        """Return the picture's bytes."""
        return self.source() if callable(self.source) else self.source


@dataclass(frozen=True)
class Outcome:
    """What became of one item: a result or an error, never both."""

    key: str
    result: Result | None = None
    error: PixelmillError | None = None


class Executor(Protocol):
    """Runs pipelines somewhere. A context manager: leaving it frees what it holds."""

    def run(self, source: Source, pipeline: Pipeline | str, *, deadline: Deadline | None = None) -> Result:
        """Run one picture, by a pipeline or its text. Raises a `PixelmillError`."""
        ...

    def map(self, items: Iterable[Item], pipeline: Pipeline | str) -> Iterator[Outcome]:
        """Run many pictures, a bounded number at a time; outcomes come in any order."""
        ...

    def close(self) -> None:
        """Free connections and threads."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


_SCHEMES = {
    "local": "pixelmill.executors.local:LocalExecutor.from_url",
    "grpc": "pixelmill.fleet.client:FleetExecutor.from_url",
    "grpcs": "pixelmill.fleet.client:FleetExecutor.from_url",
}


def open_executor(url: str = "local:") -> Executor:
    """Return the executor that `url` names: `local:` (in process) or `grpc://HOST:PORT` (a fleet's orchestrator).

    Several orchestrators are separated by commas, as in `grpc://a:50055,b:50055`. `grpcs://HOST:PORT` is that with TLS.
    Certificates and a token come from the environment (docs/security.md).

    Raises:
        InvalidPipeline: the URL names no executor, or a certificate or token that the environment names cannot be used.
    """
    scheme = url.partition(":")[0] if isinstance(url, str) else None
    if scheme not in _SCHEMES:
        raise InvalidPipeline(expected("local:, grpc://HOST:PORT or grpcs://HOST:PORT", "the executor", url))
    module, _, path = _SCHEMES[scheme].partition(":")
    made: Any = importlib.import_module(module)
    for part in path.split("."):
        made = getattr(made, part)
    executor: Executor = made(url)
    return executor


def as_bytes(source: Source) -> bytes:
    """Return a picture's bytes. Raises `TypeError` where `source` is something else, a path, say."""
    if not isinstance(source, Source):
        raise TypeError(expected("the bytes of a picture", "source", source))
    return source if isinstance(source, bytes) else bytes(source)


def as_pipeline(pipeline: Pipeline | str) -> Pipeline:
    """Return a pipeline, read from its text where it is text.

    Raises:
        InvalidPipeline: the text cannot be read.
        TypeError: `pipeline` is neither.
    """
    if isinstance(pipeline, Pipeline):
        return pipeline
    if isinstance(pipeline, str):
        return Pipeline.parse(pipeline)
    raise TypeError(expected("a Pipeline, or one as text,", "pipeline", pipeline))
