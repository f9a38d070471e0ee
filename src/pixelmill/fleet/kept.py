"""What is made of files, and made anew when one of them changes."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pixelmill.errors import InvalidPipeline, PixelmillError

Value = TypeVar("Value")
Look = tuple[tuple[int, ...], ...]
log = logging.getLogger("pixelmill.fleet")


class Kept(Generic[Value]):
    """A value made of files. Where they change to something that cannot be used, the last value stays, and the log says so.

    Files that belong together, such as a certificate and its key, are rarely replaced at the same moment: in between, they
    do not fit, which is the case that this is for. The next change is looked at again.

    Args:
        paths: the files.
        make: makes the value of their contents, in order. Raises `InvalidPipeline` where it cannot.
    """

    def __init__(self, paths: Sequence[str], make: Callable[..., Value]) -> None:
        self._paths = tuple(paths)
        self._make = make
        self._lock = threading.Lock()
        self._seen = self._look()
        self._value = self._read()

    def current(self) -> Value:
        """Return the value; the same object until a file changes. May be called from any thread, and often."""
        seen = self._look()
        if seen != self._seen:
            with self._lock:
                self._follow(seen)
        return self._value

    def _follow(self, seen: Look) -> None:
        if seen == self._seen:
            return
        names = ", ".join(self._paths)
        try:
            value = self._read()
        except PixelmillError as error:
            problem: PixelmillError | None = error
        else:
            problem = None
        if self._look() != seen:  # it was changed again meanwhile: the next call reads it
            return
        self._seen = seen
        if problem:
            log.warning("going on with what %s held before: %s", names, problem)
        else:
            self._value = value
            log.info("read %s again", names)

    def _read(self) -> Value:
        contents = []
        for path in self._paths:
            try:
                with open(path, "rb") as file:
                    contents.append(file.read())
            except OSError as error:
                raise InvalidPipeline(f"expected to read {path}, got: {error.strerror or error}") from None
        return self._make(*contents)

    def _look(self) -> Look:
        return tuple(_state(path) for path in self._paths)


def _state(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
