"""Pictures where fsspec reads: object stores, mainly."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from inspect import iscoroutinefunction
from time import monotonic
from typing import Any

import fsspec
from fsspec.exceptions import FSTimeoutError

from pixelmill.errors import ImageTooLarge, PixelmillError, SourceFailed, SourceForbidden, SourceNotFound, expected
from pixelmill.limits import Limits
from pixelmill.web.ondemand.source import Fetched
from pixelmill.web.ondemand.threads import Threads

for _library in ("botocore", "aiobotocore"):  # below this level they log requests with signatures and session tokens
    logging.getLogger(_library).setLevel(logging.INFO)


class Storage:
    """Reads through fsspec, whose calls wait: each in a thread. Those of asynchronous stores, S3 among them, end in time.

    Args:
        limits: how large a picture may be.
        timeout_s: time for a picture, seconds.
        fetches: calls at a time, and how many more may go on that were given up.
    """

    def __init__(self, limits: Limits, timeout_s: float, fetches: int) -> None:
        self._limits = limits
        self._timeout_s = timeout_s
        self._threads = Threads("the stores of sources", fetches, fetches)

    async def fetch(self, url: str, known: str) -> Fetched | None:
        """Return what is at a URL; None where it is still the version that `known` names.

        Raises:
            SourceError, ImageTooLarge: it cannot be had.
            Overloaded: too many calls have not ended.
        """
        try:
            return await self._threads.run(partial(self._read, url, known), self._timeout_s)
        except TimeoutError:
            raise SourceFailed(f"expected the source within {self._timeout_s:g} s, got no answer for {url}") from None

    def _read(self, url: str, known: str) -> Fetched | None:
        most = self._limits.max_input_bytes
        until = monotonic() + self._timeout_s
        try:
            system, path = fsspec.core.url_to_fs(url)
            system.invalidate_cache()  # of listings, which may be of any age
            found = _call(system.info, path, until=until)
            if found.get("type") == "directory":
                raise SourceNotFound(expected("a file", "the source", url))
            size = found.get("size")
            if size is not None:
                self._limits.check_input(int(size))
            validator = sha256(str(found).encode()).hexdigest()  # what ukey() is, which would ask the store again
            if validator == known:
                return None
            # An empty one has no first byte that could be asked for.
            data = b"" if size == 0 else bytes(_call(system.cat_file, path, until=until, start=0, end=most + 1))
        except (PixelmillError, FSTimeoutError):
            raise
        except FileNotFoundError:
            raise SourceNotFound(expected("a file that is there", "the source", url)) from None
        except PermissionError:
            raise SourceForbidden(expected("a file that may be read", "the source", url)) from None
        except Exception as error:  # each kind of store has errors of its own
            raise SourceFailed(f"expected to read {url}, got: {type(error).__name__}") from error
        if len(data) > most:
            raise ImageTooLarge(f"expected at most {most} bytes for the source, got more")
        return Fetched(data, validator)


def _call(method: Callable[..., Any], path: str, *, until: float, **given: int) -> Any:
    """Call a method of a store. The coroutine behind it, where there is one, is cancelled when the clock is at `until`."""
    if iscoroutinefunction(getattr(method, "__wrapped__", None)):
        return method(path, timeout=max(until - monotonic(), 0.001), **given)
    return method(path, **given)


@dataclass(frozen=True)
class StoredSource:
    """A picture in an object store."""

    url: str
    storage: Storage
    is_near = False

    @property
    def location(self) -> str:
        """Its URL."""
        return self.url

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rpartition("/")[2]

    async def fetch(self, known: str = "") -> Fetched | None:
        """Return the picture; None where it is still the version that `known` names."""
        return await self.storage.fetch(self.url, known)
