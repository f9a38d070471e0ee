"""One gRPC channel per pool: gRPC itself balances, watches health, ejects outliers and retries. We only keep the
channel's list of addresses in step with the host names, and with who can be reached.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Container, Sequence
from typing import Any, NamedTuple

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.errors import NoHealthyInstance, OperationNotInstalled
from pixelmill.fleet.addresses import Host, Resolver
from pixelmill.fleet.balancing import service_config
from pixelmill.fleet.credentials import ClientTls
from pixelmill.fleet.losses import has_died
from pixelmill.fleet.reach import POLL_S, Credentials, Reach, open_channel
from pixelmill.fleet.roster import Roster
from pixelmill.limits import Limits
from pixelmill.settings import Balancing

CONNECT_S = 2.0
TURNS_S = 0.5
"""How long a new channel waits until each of its instances, which can be reached, takes its turn, seconds."""
DRAIN_S = 60.0
MAX_PARTS = 8
"""Channels of a pool to different parts of its instances that are kept open."""
LOOK_S = 0.1
"""Time between two looks at who can be reached, seconds."""
log = logging.getLogger("pixelmill.fleet")


class Line(NamedTuple):
    """A channel to some of a pool's instances, and the calls over it."""

    addresses: tuple[Host, ...]
    channel: grpc.aio.Channel
    stub: rpc.StageServiceAsyncStub
    credentials: Credentials


class Pool:
    """The instances of one pool: one channel to all of them, and one to each part of them that alone has an operation."""

    def __init__(
        self, name: str, hosts: Sequence[Host], limits: Limits, reach: Reach, roster: Roster, config: dict[str, Any]
    ) -> None:
        self.name = name
        self.hosts = tuple(hosts)
        self.addresses: dict[Host, tuple[Host, ...]] = {}
        self._limits = limits
        self._reach = reach
        self._roster = roster
        self._config = config
        self._all: Line | None = None
        self._parts: dict[tuple[Host, ...], Line] = {}
        self._opening = asyncio.Lock()
        self._draining: set[asyncio.Task[None]] = set()

    async def stub(self, operations: frozenset[str]) -> rpc.StageServiceAsyncStub:
        """Return calls that go to the next healthy instance of those that have all these operations, by their names.

        Name only operations that not every instance has.

        Raises:
            NoHealthyInstance: none of its host names exists, or none of its instances can be reached.
            OperationNotInstalled: no instance has the operations.
        """
        if self._all is None:
            raise NoHealthyInstance(f"no host of the {self.name} pool resolves: {', '.join(map(str, self.hosts))}")
        if self._is_down():
            names = ", ".join(map(str, self.known))
            raise NoHealthyInstance(f"no instance of the {self.name} pool answers: none of {names} can be reached")
        if not operations or not self._roster.knows_any(self.known):
            return self._all.stub
        able = [address for address in self.known if self._roster.has(address, operations)]
        if not able:
            names = " and ".join(sorted(operations))
            raise OperationNotInstalled(f"expected an instance of the {self.name} pool that has {names} installed, got none")
        # Those that are down count: whoever has it may be back soon, which is another thing than having it nowhere.
        able = list(self._reach.reachable(able))
        return self._all.stub if set(able) == set(self._all.addresses) else (await self._part(tuple(able))).stub

    def sees(self, memory: str) -> bool:
        """Tell whether all instances that calls go to see the same shared memory, by its name."""
        return self._all is not None and self._roster.all_see(self._all.addresses, memory)

    async def _part(self, addresses: tuple[Host, ...]) -> Line:
        async with self._opening:
            line = self._parts.pop(addresses, None) or await self._connected(addresses)
            self._parts[addresses] = line
            while len(self._parts) > MAX_PARTS:
                self._drain(self._parts.pop(next(iter(self._parts))))
            return line

    async def resolve(self, resolver: Resolver) -> None:
        """Resolve the host names again."""
        self.addresses = await resolver.resolve(self.hosts)

    @property
    def known(self) -> tuple[Host, ...]:
        """All addresses of all its hosts."""
        return tuple(dict.fromkeys(address for found in self.addresses.values() for address in found))

    async def follow(self) -> None:
        """Where other addresses can be reached than before, or with other certificates, change over to a new channel.

        Running calls end on the old one.
        """
        credentials = self._reach.credentials()
        for addresses, part in [*self._parts.items()]:
            same = part.credentials is credentials and self._reach.reachable(addresses) == addresses
            if not same or not {*addresses} <= {*self.known}:
                self._drain(self._parts.pop(addresses))
        current = self._reach.reachable(self.known)
        if current == (self._all.addresses if self._all else ()) and (not self._all or self._all.credentials is credentials):
            return
        log.info("pool %s: %s", self.name, ", ".join(map(str, current)) or "no host resolves")
        line = await self._connected(current) if current else None
        old, self._all = self._all, line
        if old:
            self._drain(old)

    def _drain(self, line: Line) -> None:
        task = asyncio.create_task(line.channel.close(DRAIN_S))
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def _connected(self, addresses: tuple[Host, ...]) -> Line:
        """Return a new channel, once all its instances take their turns, or time is up.

        Otherwise its first calls would all go to whichever instance is connected first. If the old channel has none at
        all, one is enough.
        """
        credentials = self._reach.credentials()
        channel = open_channel(addresses, self._limits, self._reach.tls, self._config)
        stub: rpc.StageServiceAsyncStub = rpc.StageServiceStub(channel)
        seen: set[tuple[str, int]] = set()
        try:
            async with asyncio.timeout(TURNS_S):
                while len(seen) < len(addresses) and not (seen and self._is_broken()):
                    try:
                        info = await stub.DescribeInstance(pb.DescribeInstanceRequest())
                    except grpc.RpcError:
                        break
                    if (info.name, info.pid) in seen:
                        await asyncio.sleep(POLL_S)
                    seen.add((info.name, info.pid))
        except TimeoutError:
            pass
        except BaseException:
            await channel.close()
            raise
        return Line(addresses, channel, stub, credentials)

    def _is_down(self) -> bool:
        """Tell whether it is known that nobody would answer a call; nobody then has to try, and to try again."""
        if self._all is None or self._all.channel.get_state() is not grpc.ChannelConnectivity.TRANSIENT_FAILURE:
            return False
        return not self._reach.up(self.known)

    def _is_broken(self) -> bool:
        return self._all is not None and self._all.channel.get_state() is not grpc.ChannelConnectivity.READY

    async def replaced(self, stub: rpc.StageServiceAsyncStub, operations: frozenset[str], within_s: float) -> bool:
        """Wait for other instances than those that `stub` calls, at most `within_s` seconds, and tell whether there are.

        Raises:
            NoHealthyInstance: there are none at all any more.
            OperationNotInstalled: none of them has the operations.
        """
        until = asyncio.get_running_loop().time() + within_s
        while await self.stub(operations) is stub:
            if asyncio.get_running_loop().time() >= until:
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def close(self) -> None:
        """Close the channels; running calls end."""
        for task in self._draining:
            task.cancel()
        lines = [*self._parts.values(), *([self._all] if self._all else [])]
        await asyncio.gather(*(line.channel.close() for line in lines))


class Pools:
    """All pools, kept in step with their host names and with who can be reached by a task."""

    def __init__(
        self,
        hosts: dict[str, tuple[Host, ...]],
        limits: Limits,
        resolve_s: float,
        tls: ClientTls | None = None,
        balancing: Balancing = "round_robin",
    ) -> None:
        config = service_config(balancing)
        everyone = tuple(dict.fromkeys(host for found in hosts.values() for host in found))
        self.has_workers = "worker" in hosts
        # Every worker can do everything, so without a pool of general workers every instance is one.
        self.reach = Reach(limits, tls)
        self.roster = Roster(self.reach)
        self.by_name = {
            name: Pool(name, found, limits, self.reach, self.roster, config)
            for name, found in ({"worker": everyone} | hosts).items()
        }
        self.cores = 0
        """How many cores there are for all pools, as far as their instances have told."""
        self._resolver = Resolver()
        self._resolve_s = resolve_s
        self._task: asyncio.Task[None] | None = None

    def __getitem__(self, name: str) -> Pool:
        if name not in self.by_name:
            raise NoHealthyInstance(f"no hosts are configured for the {name} pool")
        return self.by_name[name]

    async def open(self) -> None:
        """Resolve all names and connect to who can be reached; go on doing so in the background."""
        await self._resolve()
        await self.reach.settle(self._known(), CONNECT_S)
        await self.ask_again()
        await self._follow()
        self._task = asyncio.create_task(self._keep_fresh())

    async def ask_again(self) -> None:
        """Ask all instances that can be reached which operations they have, and wait for the answers."""
        self.roster.doubt()
        self.roster.look(self.reach.up(self._known()))
        await self.roster.settle()

    async def has_died(self, pool: Pool, instance: str) -> bool:
        """Tell whether an instance of a pool, by its id, has died; where that cannot be told, it has not."""
        address = self.roster.ids().get(instance)
        return await has_died(instance, [address] if address else pool.known, self.reach)

    async def have_others_died(self, lost: Container[str]) -> bool:
        """Tell whether any instance of any pool has died but those that are lost, by their ids."""
        others = {id: address for id, address in self.roster.ids().items() if id not in lost}
        return any(await asyncio.gather(*(has_died(id, [at], self.reach, 0) for id, at in others.items())))

    def _known(self) -> set[Host]:
        return {address for pool in self.by_name.values() for address in pool.known}

    async def _resolve(self) -> None:
        await asyncio.gather(*(pool.resolve(self._resolver) for pool in self.by_name.values()))
        self.roster.forget(self._known())
        self.roster.doubt()
        await self.reach.forget(self._known())

    async def _follow(self) -> None:
        self.reach.look(self._known())
        up = self.reach.up(self._known())
        self.roster.look(up)
        self.cores = self.roster.cores(up)
        await asyncio.gather(*(pool.follow() for pool in self.by_name.values()))

    async def _keep_fresh(self) -> None:
        loop = asyncio.get_running_loop()
        resolved = loop.time()
        while True:
            await asyncio.sleep(min(LOOK_S, self._resolve_s))
            try:
                if loop.time() >= resolved + self._resolve_s:
                    await self._resolve()
                    resolved = loop.time()
                await self._follow()
            except Exception:
                log.exception("keeping up with the fleet's instances failed; it is tried again")

    async def close(self) -> None:
        """Stop resolving and close all channels."""
        if self._task:
            self._task.cancel()
        self.roster.close()
        await asyncio.gather(self.reach.close(), *(pool.close() for pool in self.by_name.values()))
