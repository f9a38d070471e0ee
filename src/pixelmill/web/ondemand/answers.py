"""What goes out with a picture: how long it may be kept, what it is called, and what it must not be taken for."""

from __future__ import annotations

import re
from urllib.parse import quote

from fastapi.responses import Response

from pixelmill.codecs.formats import FORMATS
from pixelmill.web.ondemand.gallery import Shown

SAFETY = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}
_TAG = re.compile(r'(?:W/)?("[^"]*")')
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,100}")


def picture_answer(shown: Shown, name: str, max_age_s: int, if_none_match: str, varies: bool) -> Response:
    """Return the response with a picture; without it where the client has it.

    Args:
        name: of the source's file.
        max_age_s: how long it may be kept, seconds.
        if_none_match: what the client has, in the words of the header, or of several.
        varies: whether the same address gives others another picture.
    """
    picture = shown.picture
    entry = FORMATS[picture.format]
    headers = {
        **SAFETY,
        "Cache-Control": f"public, max-age={max_age_s}" if max_age_s else "no-cache",
        "Cache-Status": f"pixelmill; {shown.came}",
        "ETag": f'"{picture.digest[:32]}"',
    }
    if shown.age_s >= 1:
        headers["Age"] = str(int(shown.age_s))
    if varies:
        headers["Vary"] = "Accept"
    if shown.request_id:
        headers["X-Request-Id"] = shown.request_id
    if shown.times:
        headers["Server-Timing"] = ", ".join(f"{what};dur={took * 1000:.1f}" for what, took in shown.times.items())
    if is_known(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = _disposition(name, entry.extensions[0])
    return Response(picture.data, media_type=entry.media_type, headers=headers)


def is_known(if_none_match: str, tag: str) -> bool:
    """Tell whether a client has what a tag names. Source: RFC 9110, section 13.1.2."""
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)


def _disposition(name: str, extension: str) -> str:
    """Return the name that a browser saves a picture under. Source: RFC 6266."""
    stem = name.rpartition(".")[0] or name or "picture"
    file = stem + extension
    if _PLAIN.fullmatch(file):
        return f'inline; filename="{file}"'
    return f"inline; filename*=UTF-8''{quote(file[-100:], safe='')}"
