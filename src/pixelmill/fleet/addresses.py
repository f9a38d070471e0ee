"""Lists of hosts, and the addresses that they stand for."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from pixelmill.errors import InvalidPipeline, expected

LOOKUP_TIMEOUT_S = 2.0


class Host(NamedTuple):
    """A host's name or literal address, and a port."""

    name: str
    port: int

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


def parse_hosts(text: str, variable: str) -> tuple[Host, ...]:
    """Read `host:port` items separated by commas: IPv4, IPv6 in brackets, or DNS names.

    Raises:
        InvalidPipeline: an item is none of these; the message names `variable`.
    """
    return tuple(dict.fromkeys(_parse_host(item.strip(), variable) for item in text.split(",") if item.strip()))


def _parse_host(item: str, variable: str) -> Host:
    name, _, port = item.rpartition(":")
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    elif ":" in name:
        name = ""
    if not _can_be_looked_up(name) or not (port.isascii() and port.isdecimal()) or not 0 < int(port[:6]) < 65536:
        raise InvalidPipeline(expected("host:port items separated by commas", variable, item))
    return Host(name, int(port))


def _can_be_looked_up(name: str) -> bool:
    try:
        return bool(name.encode("idna"))
    except UnicodeError:
        return False


class Resolver:
    """Resolves host names off the event loop; a name that cannot be looked up for the moment keeps its last addresses."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(32, thread_name_prefix="resolve")
        self._known: dict[Host, tuple[Host, ...]] = {}
        self._running: dict[Host, asyncio.Future[tuple[Host, ...]]] = {}

    async def resolve(self, hosts: Iterable[Host]) -> dict[Host, tuple[Host, ...]]:
        """Return the addresses of each host, sorted; none where its name does not exist (yet)."""
        hosts = list(hosts)
        found = await asyncio.gather(*(self._one(host) for host in hosts))
        return dict(zip(hosts, found, strict=True))

    async def _one(self, host: Host) -> tuple[Host, ...]:
        try:
            ipaddress.ip_address(host.name)
        except ValueError:
            pass
        else:
            return (host,)
        await asyncio.wait([self._lookup(host)], timeout=LOOKUP_TIMEOUT_S)
        return self._known.get(host, ())

    def _lookup(self, host: Host) -> asyncio.Future[tuple[Host, ...]]:
        """Return the running lookup of a host, or start one: a slow name server must not fill up the threads."""
        if host not in self._running:
            lookup = asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host)
            self._running[host] = lookup
            lookup.add_done_callback(lambda done: self._take(host, done))
        return self._running[host]

    def _take(self, host: Host, lookup: asyncio.Future[tuple[Host, ...]]) -> None:
        del self._running[host]
        if not lookup.cancelled() and lookup.exception() is None:
            self._known[host] = lookup.result()

    def close(self) -> None:
        """Stop looking up."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: Host) -> tuple[Host, ...]:
    try:
        found = socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
            return ()
        raise
    by_family: dict[int, set[Host]] = {}
    for family, _, _, _, address in found:
        by_family.setdefault(family, set()).add(Host(str(address[0]), host.port))
    # A host that has both families is one instance, not two.
    return tuple(sorted(by_family.get(socket.AF_INET) or by_family.get(socket.AF_INET6) or ()))


def target(addresses: Iterable[Host]) -> str:
    """Return gRPC's target for a list of literal addresses; IPv4 ones are mapped where there are IPv6 ones too."""
    addresses = list(addresses)
    if all(":" not in address.name for address in addresses):
        return "ipv4:" + ",".join(map(str, addresses))
    mapped = (address if ":" in address.name else Host(f"::ffff:{address.name}", address.port) for address in addresses)
    return "ipv6:" + ",".join(map(str, mapped))
