"""An internet of our own: names resolve as a test says, and public addresses lead to servers on this machine."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence

import httpcore

from pixelmill.limits import Limits
from pixelmill.web.ondemand.allowlist import AllowList
from pixelmill.web.ondemand.network import GuardedNetwork
from pixelmill.web.ondemand.remote import Web

PUBLIC = "93.184.216.34"
PUBLIC_6 = "2606:2800:21f::1"


class Internet(httpcore.AnyIOBackend):
    """Every address that is connected to is noted, and is this machine in truth; those in `dead` refuse."""

    def __init__(self, names: dict[str, Sequence[str]]) -> None:
        self.names = names
        self.asked: list[str] = []
        self.dialed: list[str] = []
        self.dead: set[str] = set()

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return a name's addresses."""
        self.asked.append(host)
        if host not in self.names:
            raise OSError("no such name")
        return self.names[host]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to this machine."""
        self.dialed.append(host)
        if host in self.dead:
            raise httpcore.ConnectError("nobody is there")
        return await super().connect_tcp("127.0.0.1", port, timeout, local_address, socket_options)

    def web(
        self,
        urls: str,
        internal: str = "",
        *,
        limits: Limits | None = None,
        timeout_s: float = 30,
        tls: ssl.SSLContext | None = None,
    ) -> Web:
        """Return what fetches over it."""
        allowed = AllowList(urls, internal)
        network = GuardedNetwork(allowed.is_internal, self.resolve, self)
        return Web(allowed, limits or Limits(), timeout_s, network, tls)
