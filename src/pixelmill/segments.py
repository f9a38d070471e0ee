"""How a pipeline and a source are written in an address, so that little of them has to be escaped."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import quote, unquote_to_bytes

from pixelmill.errors import InvalidPipeline, expected

BASE64 = "base64:"
"""What stands before a source in URL-safe base64."""
EXPIRES = "exp="
PRESET = "preset:"
PLAIN = "!$&'()*+,;=:@"
"""Allowed in a segment of a path beside letters, digits and -._~. Source: RFC 3986, section 3.3."""
_PRESET = re.compile(r"\s*preset:\s*([A-Za-z0-9][A-Za-z0-9_-]{0,63})\s*(\||$)")
_STAGES = re.compile(r'"(?:[^"\\]|\\.)*"|;')
_BARS = re.compile(r'"(?:[^"\\]|\\.)*"| *\| *')


def pipeline_segment(text: str) -> str:
    """Return a pipeline's compact form as a segment of a path: stages apart by semicolons, the rest percent-encoded."""
    return quote(_BARS.sub(lambda found: found[0] if found[0].startswith('"') else ";", text), safe=PLAIN)


def pipeline_text(segment: str) -> str:
    """Return the compact form that a segment of a path spells. Raises `InvalidPipeline` where it is no UTF-8."""
    return with_bars(_decoded(segment, "the pipeline"))


def with_bars(text: str) -> str:
    """Return a compact form whose stages may be apart by semicolons with bars in their place."""
    return _STAGES.sub(lambda found: "|" if found[0] == ";" else found[0], text)


def split_presets(text: str) -> tuple[list[str], str]:
    """Return the names of the presets that a compact form begins with, and what comes after them."""
    names, at = [], 0
    while found := _PRESET.match(text, at):
        names.append(found[1])
        at = found.end()
    return names, text[at:]


def source_segment(source: str) -> str:
    """Return a source as the end of a path: a path percent-encoded, a URL in base64.

    Proxies on the way may take `//` for `/`, or decode what is encoded; base64 they leave alone.
    """
    if "://" not in source and not source.startswith(BASE64):
        return quote(source, safe=PLAIN + "/")
    return BASE64 + base64.urlsafe_b64encode(source.encode()).rstrip(b"=").decode()


def source_text(end: str) -> str:
    """Return the source that the end of a path spells. Raises `InvalidPipeline`."""
    source = _decoded(end, "the source")
    if not source.startswith(BASE64):
        return source
    encoded = source.removeprefix(BASE64).rstrip("=")
    try:
        data = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        return data.decode()
    except (binascii.Error, ValueError):
        raise InvalidPipeline(expected("URL-safe base64 of UTF-8", "the source", encoded)) from None


def _decoded(text: str, name: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise InvalidPipeline(expected("UTF-8, percent-encoded,", name, text)) from None
