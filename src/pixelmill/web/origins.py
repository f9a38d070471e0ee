"""Which web pages may have somebody's browser send requests here. Other programs are not asked: they could say anything.

A browser sends what any page wants to any server that it reaches, this machine's own included. Two things are refused:
requests that change or cost something and that a page of another origin sends; and, where only this machine is listened to,
every request to a host's name that is not this machine's, as it may be a page's own name that has come to mean 127.0.0.1.

Source: WHATWG, Fetch, 3.1, Origin header; W3C, Fetch Metadata Request Headers.
"""

from __future__ import annotations

import re
import socket
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.types import Scope

from pixelmill.errors import InvalidPipeline, expected
from pixelmill.fleet.exposure import is_loopback, is_protected
from pixelmill.settings import OrchestratorSettings
from pixelmill.signing import ROOT
from pixelmill.web.heads import Fault, host_of
from pixelmill.web.ondemand.allowlist import Host, items, parse_host

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OWN = (b"same-origin", b"none")
"""What a browser says in Sec-Fetch-Site of requests by pages of the same origin, and of what people type."""
PROBES = ("/livez", "/readyz")
SHARED: dict[str, Any] = {
    "allow_methods": ("GET", "HEAD", "POST"),
    "allow_headers": ("*",),
    "expose_headers": (
        *("ETag", "Server-Timing", "X-Request-Id", "X-Pixelmill-Instances"),
        *("X-Pixelmill-Width", "X-Pixelmill-Height", "X-Pixelmill-Frames"),
    ),
}
"""What pages of the origins that are named may send and read."""
_ORIGIN = re.compile(r"https?://[^/?#@\\\s]+")


class Origins:
    """Judges where requests come from.

    Args:
        settings: name the origins of pages, and the hosts that this server is called by.

    Raises:
        InvalidPipeline: one of them cannot be read.
    """

    def __init__(self, settings: OrchestratorSettings) -> None:
        self.allowed = [_origin(item) for item in items(settings.http_origins)]
        self._hosts = [Host(parse_host(item, "PIXELMILL_HTTP_HOSTS").name) for item in items(settings.http_hosts)]
        # Of tokens and certificates a page has none, whatever its name means.
        is_open = is_loopback(settings.host) and not is_protected(settings)
        self._asks_hosts = bool(self._hosts) or is_open
        self._unasked = PROBES if settings.url_unsafe else (*PROBES, ROOT)

    def fault_of(self, scope: Scope) -> Fault | None:
        """Return why a request is refused; None where it is not."""
        return self._host_fault(scope) or (None if scope["method"] in SAFE_METHODS else self._page_fault(scope))

    def _host_fault(self, scope: Scope) -> Fault | None:
        if not self._asks_hosts or scope["path"].startswith(self._unasked):
            return None
        host = host_of(scope)
        if _is_own(host) or any(one.covers(host, 0) for one in self._hosts):
            return None
        text = expected("a name of this server, or that PIXELMILL_HTTP_HOSTS names it,", "the header Host", host)
        return Fault(421, "MISDIRECTED_REQUEST", text)

    def _page_fault(self, scope: Scope) -> Fault | None:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin in self.allowed or "*" in self.allowed:
            return None
        site = headers.get(b"sec-fetch-site")
        if site is None and not origin:
            return None  # no browser
        if site in OWN if site is not None else urlsplit(origin).netloc == headers.get(b"host", b"").decode("latin-1"):
            return None
        text = expected("a page of this server, or that PIXELMILL_HTTP_ORIGINS names it,", "the header Origin", origin)
        return Fault(403, "FORBIDDEN", text)


def _origin(item: str) -> str:
    if item != "*" and not _ORIGIN.fullmatch(item):
        raise InvalidPipeline(expected("https://HOST or https://HOST:PORT, or *,", "PIXELMILL_HTTP_ORIGINS", item))
    return item.lower()


def _is_own(host: str) -> bool:
    """Tell whether a host is this machine by whatever a page's name cannot be made to mean: an address, or its own names."""
    if not host or host == "localhost" or host.endswith(".localhost") or host == socket.gethostname().lower():
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
