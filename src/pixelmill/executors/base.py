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

    def run(self, source: bytes, pipeline: Pipeline, *, deadline: Deadline | None = None) -> Result:
        """Run one picture. Raises a `PixelmillError`."""
        ...

    def map(self, items: Iterable[Item], pipeline: Pipeline) -> Iterator[Outcome]:
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
}


def open_executor(url: str = "local:") -> Executor:
    """Return the executor that `url` names: `local:` (in process) or `grpc://HOST:PORT` (a fleet's orchestrator).

    Raises:
        InvalidPipeline: the URL names no executor.
    """
    scheme = url.partition(":")[0]
    if scheme not in _SCHEMES:
        raise InvalidPipeline(expected("local: or grpc://HOST:PORT", "the executor", url))
    module, _, path = _SCHEMES[scheme].partition(":")
    made: Any = importlib.import_module(module)
    for part in path.split("."):
        made = getattr(made, part)
    executor: Executor = made(url)
    return executor
