"""The requests of the load: several pipelines, pictures, placements and renditions, each with a known result."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

import pixelmill
from pixelmill import Pipeline
from pixelmill.result import Rendered
from tests.fleet.pictures import jpeg, noise, png, scene


@dataclass(frozen=True)
class Work:
    """One kind of request: a picture, and what is to be made of it."""

    name: str
    pipeline: str
    picture: bytes = field(repr=False)
    placement: str


def _mixed() -> tuple[Work, ...]:
    tiny, photo, clear = png(scene(32, 24)), jpeg(scene(160, 120)), png(noise(40, 30, 4))
    pipelines = {
        "classic": ('resize:24x24 | blur:2 | sharpen | sepia | text:"me",size=8 | png', tiny),
        "photo": ("resize:80x | blur:1 | contrast:1.2 | jpeg", photo),
        "clear": ("negative | blur:1 | webp:lossless=true", clear),
        "several": (
            'resize:60x | { bare = sepia | jpeg; small = resize:9x | blur:1 | png; marked = text:"x" | webp }',
            photo,
        ),
    }
    placements = {"classic": ("spread", "grouped", "fused"), "several": ("spread", "grouped")}
    return tuple(
        Work(f"{name}, {placement}", text, picture, placement)
        for name, (text, picture) in pipelines.items()
        for placement in placements.get(name, ("grouped", "fused"))
    )


MIX = _mixed()


def digest(outputs: Iterable[Rendered]) -> str:
    """Return what tells one result from another: of the names and the bytes of all pictures."""
    total = hashlib.sha256()
    for output in outputs:
        for part in (output.name.encode(), output.data):
            total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


@cache
def expected() -> dict[str, str]:
    """Return the digest of each kind of request, as this process makes it without any fleet."""
    return {work.name: digest(pixelmill.run(work.picture, Pipeline.parse(work.pipeline)).outputs) for work in MIX}
