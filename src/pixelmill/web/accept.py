"""What a client takes: the Accept header, and what follows from it for formats that are chosen.

Source: RFC 9110, HTTP Semantics, 12.4.2 and 12.5.1.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pixelmill.codecs.formats import FORMATS, WritableName

JSON = "application/json"
MULTIPART = "multipart/mixed"
EVERYTHING = "*/*"
CHOSEN_FROM: tuple[WritableName, ...] = ("avif", "webp", "jpeg", "png", "gif", "tiff")
"""Formats that every instance writes."""
EVERYWHERE: tuple[WritableName, ...] = ("jpeg", "png", "gif")
"""Formats that everything shows which shows pictures."""
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEMBER = re.compile(rf'\s*({_TOKEN})/({_TOKEN})((?:\s*;\s*{_TOKEN}=(?:{_TOKEN}|"[^"]*"))*)\s*')
_QUALITY = re.compile(r";\s*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)")


class Range(NamedTuple):
    """A range of media types, and how much they are wanted: 0, not at all, to 1."""

    type: str
    subtype: str
    quality: float


@lru_cache(256)
def ranges(header: str) -> tuple[Range, ...]:
    """Return what an Accept header names; members that cannot be read, or that want parameters, are left out."""
    found = []
    for member in header.split(","):
        match = _MEMBER.fullmatch(member)
        if not match:
            continue
        kind, subtype, parameters = match[1].lower(), match[2].lower(), match[3]
        weight = _QUALITY.search(parameters)
        only_weight = parameters.strip().lower().startswith(";") and weight and weight.start() == parameters.find(";")
        if parameters.strip() and not only_weight:
            continue
        found.append(Range(kind, subtype, float(weight[1]) if weight else 1.0))
    return tuple(found)


def quality(header: str, media_type: str) -> float:
    """Return how much a media type is wanted, 0 to 1: what names it most exactly counts. Without a header, all are."""
    if not header.strip():
        return 1.0
    kind, _, subtype = media_type.partition("/")
    best, weight = -1, 0.0
    for one in ranges(header):
        if one.type not in (kind, "*") or one.subtype not in (subtype, "*"):
            continue
        exact = (one.type != "*") + (one.subtype != "*")
        if exact > best:
            best, weight = exact, one.quality
    return weight


def prefers(header: str, media_type: str, to: str) -> bool:
    """Tell whether one media type is wanted more than another, which is sent where both are wanted alike."""
    return quality(header, media_type) > quality(header, to)


@lru_cache(256)
def chosen_from(header: str, offered: tuple[WritableName, ...] = CHOSEN_FROM) -> tuple[WritableName, ...]:
    """Return those of the offered formats that `auto` may choose from for a client; none where it takes none of them.

    What everything shows, where the header does not rule it out; all else only where the header names it, as `*/*` and
    `image/*` are also sent by those who know nothing of newer formats. A client that asks for no picture at all, or only for
    what is not offered, gets what everything shows nevertheless.
    """
    named = {f"{one.type}/{one.subtype}" for one in ranges(header)}
    taken = tuple(
        name
        for name in offered
        if quality(header, FORMATS[name].media_type) > 0 and (name in EVERYWHERE or FORMATS[name].media_type in named)
    )
    return taken or tuple(name for name in offered if name in EVERYWHERE)
