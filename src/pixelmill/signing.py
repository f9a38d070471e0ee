"""Signatures of addresses: who has a key decides which pictures are made.

An address is `/i/SIGNATURE/REST`. The signature is the HMAC-SHA-256 of REST exactly as it stands in the address, bytes as
they are sent, nothing decoded; in URL-safe base64 without padding. Source: RFC 2104, RFC 4648 section 5.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime
from typing import TYPE_CHECKING

from pixelmill.errors import InvalidPipeline
from pixelmill.segments import EXPIRES, PRESET, pipeline_segment, source_segment, split_presets, with_bars

if TYPE_CHECKING:
    from pixelmill.pipeline import Pipeline

ROOT = "/i/"
MIN_LENGTH = 32
_FORM = re.compile(rf"[A-Za-z0-9._~+/=-]{{{MIN_LENGTH},1024}}")


def check_key(key: str, where: str) -> str:
    """Return a key as it is. Raises `InvalidPipeline` where it is none; the message does not show it."""
    if not _FORM.fullmatch(key):
        wanted = f"a key of at least {MIN_LENGTH} characters, letters, digits and -._~+/= only,"
        raise InvalidPipeline(f"expected {wanted} in {where}, got {len(key)} characters")
    return key


def signature(key: str, rest: bytes) -> str:
    """Return the signature of what follows it in an address."""
    digest = hmac.new(key.encode(), rest, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def sign_url(
    pipeline: Pipeline | str, source: str, *, key: str, base: str = "", expires: datetime | float | None = None
) -> str:
    """Return the address of a picture that is made when somebody opens it.

        pixelmill.sign_url("resize:300x200,fit=cover | webp:80", "photos/cat.jpg", key=key, base="https://img.example.com")

    Args:
        pipeline: what is done; as text, stages may be apart by semicolons as they are in the address, and the
            first ones may be `preset:NAME`, which the orchestrator knows.
        source: what it is done to: a path, or a URL, as the orchestrator's settings allow it.
        key: one of the orchestrator's keys (PIXELMILL_URL_KEYS).
        base: scheme and host in front; without, the path alone is returned.
        expires: when the address stops working, as a time with a zone, or in seconds since 1970.

    Raises:
        InvalidPipeline: the pipeline is refused, the key is too short, or the source is empty.
    """
    if not source:
        raise InvalidPipeline("expected a path or a URL for the source, got none")
    rest = f"{pipeline_segment(_canonical(pipeline))}/{source_segment(source)}"
    if expires is not None:
        rest = f"{EXPIRES}{_seconds(expires)}/{rest}"
    return f"{base.rstrip('/')}{ROOT}{signature(check_key(key, 'key'), rest.encode())}/{rest}"


def _canonical(pipeline: Pipeline | str) -> str:
    """Return the shortest text of a pipeline, so that equal ones have equal addresses."""
    from pixelmill.pipeline import Pipeline

    if isinstance(pipeline, str):
        presets, more = split_presets(with_bars(pipeline))
    else:
        presets, more = [], pipeline.to_text()
    made = Pipeline.parse(more)
    if made.renditions:
        raise InvalidPipeline("expected a pipeline without renditions for an address, got one with renditions")
    stages = [*(PRESET + name for name in presets), *([made.to_text()] if more.strip() else [])]
    return "|".join(stages) or made.output.format


def _seconds(expires: datetime | float) -> int:
    if not isinstance(expires, datetime):
        return int(expires)
    if expires.tzinfo is None:
        raise InvalidPipeline("expected a time with a time zone for expires, got one without")
    return int(expires.timestamp())
