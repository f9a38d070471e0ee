"""Where a source's text leads: into a folder, to a web server or to a store, where the settings allow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pixelmill.errors import InvalidPipeline, Overloaded, SourceForbidden, expected, shown
from pixelmill.limits import Limits
from pixelmill.web.ondemand.allowlist import WEB, AllowList, items
from pixelmill.web.ondemand.buckets import Storage, StoredSource
from pixelmill.web.ondemand.folders import FileSource
from pixelmill.web.ondemand.remote import Web, WebSource
from pixelmill.web.ondemand.source import Fetched, Source

if TYPE_CHECKING:
    from pixelmill.settings import OnDemandSettings

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
VARIABLE = "PIXELMILL_SOURCE_ROOTS"


class Sources:
    """Finds sources.

    Args:
        settings: what is allowed.
        named: folders and URLs by their names, of the configuration file.
        limits: how large a picture may be.
        queue_s: time that a fetch may have to wait for its turn, seconds.

    Raises:
        InvalidPipeline: the settings cannot be read, or name a folder that is not there.
    """

    def __init__(self, settings: OnDemandSettings, named: Mapping[str, str], limits: Limits, queue_s: float) -> None:
        places = {**_roots(settings.source_roots), **named}
        self._folders = {name: _folder(name, place) for name, place in places.items() if "://" not in place}
        self._bases = {name: place.rstrip("/") + "/" for name, place in places.items() if "://" in place}
        allowed = AllowList([*items(settings.source_urls), *self._bases.values()], settings.source_internal)
        self._limits = limits
        self._web = Web(allowed, limits, settings.source_timeout_s)
        self._storage = Storage(limits, settings.source_timeout_s, settings.source_fetches)
        self._places = asyncio.Semaphore(settings.source_fetches)
        self._queue_s = queue_s
        self._allowed = allowed

    def find(self, text: str) -> Source:
        """Return what a source's text means. Raises `SourceForbidden` where that is not allowed."""
        scheme, mark, _ = text.partition("://")
        if mark and "/" not in scheme:
            if scheme.lower() in WEB:
                return WebSource(self._allowed.web(text), self._web)
            return StoredSource(self._allowed.storage(text), self._storage)
        name, _, path = text.partition("/")
        if name in self._bases:
            return self.find(self._bases[name] + path)
        if name in self._folders:
            return FileSource(self._folders[name], path, self._limits)
        if "" in self._folders:
            return FileSource(self._folders[""], text, self._limits)
        names = ", ".join(sorted({*self._folders, *self._bases})) or "none is allowed: PIXELMILL_SOURCE_ROOTS names some"
        raise SourceForbidden(f"expected a URL, or a path below one of the sources ({names}), got {shown(text)}")

    async def fetch(self, source: Source, known: str = "") -> Fetched | None:
        """Fetch a source when it is its turn: a bounded number is being fetched at a time.

        Raises:
            SourceError, ImageTooLarge: it cannot be had.
            Overloaded: its turn did not come in time.
        """
        async with self._turn():
            return await source.fetch(known)

    async def close(self) -> None:
        """Close connections."""
        await self._web.close()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._queue_s):
                await self._places.acquire()
        except TimeoutError:
            raise Overloaded("expected a free place to fetch the source, got none in time") from None
        try:
            yield
        finally:
            self._places.release()


def _roots(text: str) -> dict[str, str]:
    places: dict[str, str] = {}
    for item in filter(None, (item.strip() for item in text.split(","))):
        name, mark, place = item.partition("=")
        if not mark:
            name, place = "", item
        if name in places:
            raise InvalidPipeline(expected("NAME=FOLDER for each of several", VARIABLE, text))
        places[name.strip()] = place.strip()
    return places


def _folder(name: str, place: str) -> Path:
    if not Path(place).is_dir():
        raise InvalidPipeline(expected("a folder", f"the source {name!r}" if name else VARIABLE, place))
    return Path(place)
