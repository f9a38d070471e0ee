"""Pictures from web servers, fetched with bounds on everything."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from http import HTTPStatus

import httpcore
import httpx

from pixelmill import __version__
from pixelmill.errors import MAX_SHOWN, ImageTooLarge, SourceError, SourceFailed, SourceForbidden, SourceNotFound, expected
from pixelmill.limits import Limits
from pixelmill.web.ondemand.allowlist import AllowList
from pixelmill.web.ondemand.network import GuardedNetwork, client_tls
from pixelmill.web.ondemand.source import Fetched

MAX_REDIRECTS = 4
CONNECT_S = 5.0
IDLE_S = 15.0
"""Time that an unused connection is kept, seconds."""
KEPT = 32
"""Unused connections that are kept."""
REDIRECTS = (301, 302, 303, 307, 308)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
TAG, DATE = "etag ", "date "
NETWORK_ERRORS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError)


class Web:
    """Fetches from web servers. Neither cookies nor credentials are sent, and the environment's proxies are not used.

    Args:
        allowed: what may be fetched; asked anew for every redirect.
        limits: how large a picture may be.
        timeout_s: time for a whole picture, redirects included, seconds.
        network: connects; by default guarded by what may be fetched.
        tls: what servers' certificates are checked by.
    """

    def __init__(
        self,
        allowed: AllowList,
        limits: Limits,
        timeout_s: float,
        network: GuardedNetwork | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.allowed = allowed
        self._limits = limits
        self._timeout_s = timeout_s
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or client_tls(),
            max_connections=None,
            max_keepalive_connections=KEPT,
            keepalive_expiry=IDLE_S,
            network_backend=network or GuardedNetwork(allowed.is_internal),
        )

    async def fetch(self, url: httpx.URL, known: str = "") -> Fetched | None:
        """Return what is at an allowed URL; None where it is still the version that `known` names.

        Raises:
            SourceError: it cannot be had, or leads to where it may not be fetched from.
            ImageTooLarge: it has too many bytes.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                for _ in range(MAX_REDIRECTS + 1):
                    answer = await self._once(url, known)
                    if not isinstance(answer, httpx.URL):
                        return answer
                    url = answer
        except (TimeoutError, httpcore.TimeoutException):
            raise SourceFailed(
                f"expected the source within {self._timeout_s:g} s, got no end of it from {url.host}"
            ) from None
        except NETWORK_ERRORS as error:
            got = str(error)[:MAX_SHOWN] or type(error).__name__
            raise SourceFailed(f"expected to fetch the source from {url.host}, got: {got}") from None
        raise SourceFailed(f"expected at most {MAX_REDIRECTS} redirects for the source, got more")

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._pool.aclose()

    async def _once(self, url: httpx.URL, known: str) -> Fetched | httpx.URL | None:
        """Ask once; return the picture, None where it has not changed, or where it is instead."""
        timeout = {"connect": CONNECT_S, "read": self._timeout_s, "write": self._timeout_s, "pool": self._timeout_s}
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        async with self._pool.stream("GET", target, headers=_headers(known), extensions={"timeout": timeout}) as response:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if response.status in REDIRECTS and "location" in headers:
                return self._followed(url, _location(headers["location"]))
            if response.status == HTTPStatus.NOT_MODIFIED and known:
                return None
            if response.status != HTTPStatus.OK:
                raise _refused(response.status, url.host)
            encoding = headers.get("content-encoding", "identity").strip().lower()
            if encoding not in ("", "identity"):
                raise SourceFailed(expected("no Content-Encoding", f"the source at {url.host}", encoding))
            return Fetched(await self._body(response, headers.get("content-length", "")), _validator(headers))

    def _followed(self, url: httpx.URL, location: str) -> httpx.URL:
        if not _ABSOLUTE.match(location):
            try:
                location = str(url.join(location))
            except (httpx.InvalidURL, ValueError):
                raise SourceFailed(expected("a URL", "a redirect of the source", location)) from None
        return self.allowed.web(location)

    async def _body(self, response: httpcore.Response, length: str) -> bytes:
        most = self._limits.max_input_bytes
        if length.isdigit() and int(length) > most:
            raise ImageTooLarge(f"expected at most {most} bytes for the source, got {length}")
        data = bytearray()  # a list of many tiny chunks would take more memory than the picture
        async for chunk in response.aiter_stream():
            if len(data) + len(chunk) > most:
                raise ImageTooLarge(f"expected at most {most} bytes for the source, got more")
            data += chunk
        return bytes(data)


def _headers(known: str) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"User-Agent", f"Pixelmill/{__version__}".encode()),
        (b"Accept", b"image/*, */*;q=0.5"),
        (b"Accept-Encoding", b"identity"),  # no decoder runs, so nothing can inflate
    ]
    # As they came: a tag may have bytes beyond ASCII.
    if known.startswith(TAG):
        headers.append((b"If-None-Match", known.removeprefix(TAG).encode("latin-1")))
    elif known.startswith(DATE):
        headers.append((b"If-Modified-Since", known.removeprefix(DATE).encode("latin-1")))
    return headers


def _location(header: str) -> str:
    """Return the text of a Location header: some send UTF-8 as it is."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeDecodeError:
        return header


def _validator(headers: dict[str, str]) -> str:
    if tag := headers.get("etag"):
        return TAG + tag
    date = headers.get("last-modified")
    return DATE + date if date else ""


def _refused(status: int, host: str) -> SourceError:
    message = f"expected HTTP 200 for the source from {host}, got {status}"
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return SourceNotFound(message)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return SourceForbidden(message)
    return SourceFailed(message)


@dataclass(frozen=True)
class WebSource:
    """A picture on a web server."""

    url: httpx.URL
    web: Web
    is_near = False

    @property
    def location(self) -> str:
        """Its URL."""
        return str(self.url)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.path.rpartition("/")[2]

    async def fetch(self, known: str = "") -> Fetched | None:
        """Return the picture; None where it is still the version that `known` names."""
        return await self.web.fetch(self.url, known)
