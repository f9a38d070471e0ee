"""Who is in the fleet, and how each instance is: asked directly, one by one, all at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.fleet.addresses import Host
from pixelmill.fleet.channels import Pools

TIMEOUT_S = 1.0


class Census:
    """Asks every instance of every pool, each by the connection that tells whether it can be reached."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._names: dict[Host, str] = {}
        """What the instance at each address called itself when it last answered."""

    async def take(self) -> list[pb.InstanceInfo]:
        """Return one entry for each configured instance, in the order of the pools and their hosts."""
        asked: list[Coroutine[Any, Any, pb.InstanceInfo]] = []
        now = {
            address for pool in self._pools.by_name.values() for several in pool.addresses.values() for address in several
        }
        self._names = {address: name for address, name in self._names.items() if address in now}
        for pool in self._pools.by_name.values():
            if pool.name == "worker" and not self._pools.has_workers:
                continue
            for host in pool.hosts:
                addresses = pool.addresses.get(host, ())
                asked += [self._ask(pool.name, host, address) for address in addresses or (None,)]
        return list(await asyncio.gather(*asked))

    async def _ask(self, pool: str, host: Host, address: Host | None) -> pb.InstanceInfo:
        if address is None:
            return pb.InstanceInfo(pool=pool, name=host.name, address=str(host), problem="its name does not resolve")
        stub: rpc.StageServiceAsyncStub = rpc.StageServiceStub(self._pools.reach.channel(address))
        try:
            info: pb.InstanceInfo = await stub.DescribeInstance(pb.DescribeInstanceRequest(), timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            problem = f"{error.code().name}: {error.details()}"
            name = self._names.get(address, host.name)
            return pb.InstanceInfo(pool=pool, name=name, address=str(host), problem=problem)
        self._names[address] = info.name
        info.pool, info.address = pool, str(host)
        if not info.healthy:
            info.problem = "shutting down"
        return info
