"""Answers orders: from the cache, or by having the picture made once for all who want it at the time."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata
from pathlib import Path

from pixelmill import __version__
from pixelmill.fleet.journey import Request as Job
from pixelmill.fleet.service import FleetService, new_request_id
from pixelmill.limits import MIB, Deadline
from pixelmill.pipeline import Pipeline
from pixelmill.web.ondemand.cache import Cache, Found
from pixelmill.web.ondemand.flights import Flights
from pixelmill.web.ondemand.picture import Picture
from pixelmill.web.ondemand.source import Fetched, Source
from pixelmill.web.ondemand.sources import Sources

MAKERS = (
    "numpy",
    "opencv-python-headless",
    "pyvips-binary",
    "simplejpeg",
    "isal",
    "deflate",
    "pillow-heif",
    "pillow-jxl-plugin",
)
"""Packages on which it depends which bytes come out."""
AT_ONCE = 256 * 1024
"""Sources of up to that many bytes are digested on the event loop."""


@dataclass(frozen=True)
class Shown:
    """A picture that is ready.

    Attributes:
        age_s: how long ago its source was looked at, seconds.
        came: how it came to be, as the Cache-Status header says it.
        request_id: of the request that made it on the fleet; empty where it was there.
        times: what took how long, in seconds, by name.
    """

    picture: Picture
    age_s: float = 0.0
    came: str = "hit"
    request_id: str = ""
    times: dict[str, float] = field(default_factory=dict)


class Gallery:
    """Has pictures made, and keeps them.

    Args:
        service: makes them.
        sources: fetches what they are made of.

    Attributes:
        outcomes: how many requests were answered in which way.
    """

    def __init__(self, service: FleetService, sources: Sources) -> None:
        settings = service.settings
        self._service = service
        self._sources = sources
        self._max_age_s = settings.url_max_age_s
        self._cache = Cache(Path(settings.cache_dir), settings.cache_mib * MIB) if settings.cache_dir else None
        self._fetches: Flights[Fetched | None] = Flights()
        self._makings: Flights[Shown] = Flights()
        self.outcomes: Counter[str] = Counter()

    async def show(self, text: str, pipeline: Pipeline, request_id: str = "") -> Shown:
        """Return the picture that a pipeline makes of a source.

        Args:
            text: of the source.
            pipeline: with one output.
            request_id: for the request to the fleet, where there has to be one.

        Raises:
            PixelmillError: what is wrong with the source, the pipeline or the fleet.
        """
        source = self._sources.find(text)
        key = _key(source, pipeline)
        found = await asyncio.to_thread(self._cache.get, key) if self._cache else None
        if found and not source.is_near and found.age_s < self._max_age_s:
            shown = Shown(found.picture, found.age_s)
        else:
            joined = key in self._makings
            shown = await self._makings.join(key, lambda: self._look(key, source, pipeline, found, request_id))
            if joined and shown.came != "hit":
                shown = replace(shown, came=f"{shown.came}; collapsed")
        self.outcomes[shown.came] += 1
        return shown

    async def close(self) -> None:
        """Free what it holds."""
        await self._sources.close()

    async def _look(self, key: str, source: Source, pipeline: Pipeline, found: Found | None, request_id: str) -> Shown:
        """Look at the source, and make the picture where the one that was found is of another version."""
        known = found.picture.validator if found else ""
        started = time.perf_counter()
        fetched = await self._fetches.join(f"{source.location}\n{known}", lambda: self._sources.fetch(source, known))
        fetched_s = time.perf_counter() - started
        if found and fetched is None:
            if not source.is_near:
                await self._on_disk(lambda cache: cache.renew(key))
            return Shown(found.picture, came="hit" if source.is_near else "fwd=stale; fwd-status=304")
        assert fetched is not None  # nothing was known
        digest = await _digest(fetched.data)
        if found and found.picture.source_digest == digest:
            same = replace(found.picture, validator=fetched.validator)
            await self._on_disk(lambda cache: cache.put(key, same))
            return Shown(same, came="fwd=stale; fwd-status=200; detail=unchanged")
        started = time.perf_counter()
        picture, id = await self._make(fetched, digest, pipeline, request_id)
        times = {"source": fetched_s, "process": time.perf_counter() - started}
        await self._on_disk(lambda cache: cache.put(key, picture))
        return Shown(picture, came=f"fwd={'stale' if found else 'miss'}", request_id=id, times=times)

    async def _make(self, fetched: Fetched, digest: str, pipeline: Pipeline, request_id: str) -> tuple[Picture, str]:
        service = self._service
        id = request_id or new_request_id()
        deadline = Deadline.after(service.limits.timeout_s)
        job = Job(id, fetched.data, pipeline, service.placement, deadline, spelling=pipeline.digest)
        result = await service.run(job, "http")
        return Picture.of(result.data, result.info.format, fetched.validator, digest), id

    async def _on_disk(self, do: Callable[[Cache], object]) -> None:
        if self._cache:
            await asyncio.to_thread(do, self._cache)


async def _digest(data: bytes) -> str:
    """Return the SHA-256 of a source; a small one's takes less time than handing it to a thread."""
    if len(data) <= AT_ONCE:
        return hashlib.sha256(data).hexdigest()
    return await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())


def _key(source: Source, pipeline: Pipeline) -> str:
    return hashlib.sha256(f"{source.location}\n{pipeline.digest}\n{_versions()}".encode()).hexdigest()


@cache
def _versions() -> str:
    installed = {str(one.name).lower(): one.version for one in metadata.distributions()}
    return ",".join([__version__, *(installed.get(name, "") for name in MAKERS)])
