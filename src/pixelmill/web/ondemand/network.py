"""Connections that go only where the guard lets them: decided on the very address that is connected to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

import certifi
import httpcore

from pixelmill.errors import SourceFailed, SourceForbidden
from pixelmill.web.ondemand.addresses import may_connect, parse_address
from pixelmill.web.ondemand.threads import Threads

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, as text."""
LOOKUPS = 16
"""Names that are looked up at a time."""
LOOKUP_S = 10.0
ALLOWED_AT_ONCE_S = 3.0
"""Time for one of several addresses, seconds: the next one may answer."""


class Resolver:
    """The system's, which also knows odd spellings of addresses: what they mean is what is checked.

    In threads of its own, so that nothing else has to wait while a name server does not answer.
    """

    def __init__(self) -> None:
        self._threads = Threads("the name servers of sources' hosts", LOOKUPS, LOOKUPS)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return a host's addresses. Raises `OSError` where there are none in time."""
        found = await self._threads.run(partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM), LOOKUP_S)
        return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Looks a host up, checks what comes out, and connects to that: the name is never looked up a second time.

    Names for TLS and the Host header stay those of the URL; httpcore takes them from there.

    Args:
        is_internal: tells whether a host and port may be in one's own network.
        resolve: looks hosts up; the system's resolver where None.
        plain: connects to addresses.
    """

    def __init__(
        self,
        is_internal: Callable[[str, int], bool],
        resolve: Resolve | None = None,
        plain: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._is_internal = is_internal
        self._resolve = resolve or Resolver()
        self._plain = plain or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to one of a host's addresses.

        Raises:
            SourceForbidden: the host has only addresses that may not be connected to.
            SourceFailed: it has none.
            httpcore.ConnectError, httpcore.ConnectTimeout: nobody answers.
        """
        allowed = await self._allowed(host, port)
        for address in allowed[:-1]:
            try:
                patience = min(timeout or ALLOWED_AT_ONCE_S, ALLOWED_AT_ONCE_S)
                return await self._plain.connect_tcp(address, port, patience, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._plain.connect_tcp(allowed[-1], port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Refuse. Raises `SourceForbidden`."""
        raise SourceForbidden("expected a host for the source, got a socket's path")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _allowed(self, host: str, port: int) -> list[str]:
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise SourceFailed(f"expected a host that has an address for the source, got {host}")
        internal = self._is_internal(host, port)
        allowed = [text for text in found if may_connect(parse_address(text), internal)]
        if not allowed:
            raise SourceForbidden(
                f"expected a public address for the source's host, or that PIXELMILL_SOURCE_INTERNAL names it, got {host}"
            )
        return allowed


def client_tls() -> ssl.SSLContext:
    """Return TLS for fetching: servers' certificates are checked against the system's CAs and certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context
