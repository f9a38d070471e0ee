"""Lists of hosts, and the addresses that they stand for."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from pixelmill.errors import InvalidPipeline, expected

LOOKUP_TIMEOUT_S = 2.0


class Host(NamedTuple):
    """A host's name or literal address, and a port."""

    name: str
    port: int

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


def parse_hosts(text: str, name_of_it: str, wanted: str = "host:port items separated by commas") -> tuple[Host, ...]:
    """Read `host:port` items separated by commas: IPv4, IPv6 in brackets, or DNS names.

    Raises:
        InvalidPipeline: an item is none of these; the message says that `wanted` was expected for `name_of_it`.
    """
    items = (item.strip() for item in text.split(",") if item.strip())
    return tuple(dict.fromkeys(parse_host(item, name_of_it, wanted) for item in items))


def parse_host(item: str, name_of_it: str, wanted: str = "HOST:PORT") -> Host:
    """Read one `host:port`. Raises `InvalidPipeline`, whose message says that `wanted` was expected for `name_of_it`."""
    name, _, port = item.rpartition(":")
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    elif ":" in name:
        name = ""
    if not _can_be_looked_up(name) or not (port.isascii() and port.isdecimal()) or not 0 < int(port[:6]) < 65536:
        raise InvalidPipeline(expected(wanted, name_of_it, item))
    return Host(name, int(port))


def _can_be_looked_up(name: str) -> bool:
    try:
        return bool(name.encode("idna"))
    except UnicodeError:
        return False


class Resolver:
    """Resolves host names off the event loop; a name that cannot be looked up for the moment keeps its last addresses."""

    def __init__(self) -> None:
        self._known: dict[Host, tuple[Host, ...]] = {}
        self._running: dict[Host, asyncio.Future[tuple[Host, ...] | None]] = {}

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
        await asyncio.wait((self._lookup(host),), timeout=LOOKUP_TIMEOUT_S)
        return self._known.get(host, ())

    def _lookup(self, host: Host) -> asyncio.Future[tuple[Host, ...] | None]:
        """Return the running lookup of a host, or start one.

        Each has a thread of its own, which neither the others' lookups nor the process's end have to wait for.
        """
        if host not in self._running:
            loop = asyncio.get_running_loop()
            lookup: asyncio.Future[tuple[Host, ...] | None] = loop.create_future()
            lookup.add_done_callback(lambda done: self._take(host, done.result()))
            self._running[host] = lookup
            threading.Thread(target=_look_up_for, args=(lookup, loop, host), name=f"resolve {host}", daemon=True).start()
        return self._running[host]

    def _take(self, host: Host, found: tuple[Host, ...] | None) -> None:
        del self._running[host]
        if found is not None:
            self._known[host] = found


def _look_up_for(lookup: asyncio.Future[tuple[Host, ...] | None], loop: asyncio.AbstractEventLoop, host: Host) -> None:
    try:
        found = _look_up(host)
    except OSError:
        found = None
    with suppress(RuntimeError):  # where the loop is closed, nobody wants to know any more
        loop.call_soon_threadsafe(lookup.set_result, found)


def _look_up(host: Host) -> tuple[Host, ...]:
    """Return a host's addresses, sorted. Raises OSError where that cannot be told for the moment."""
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
