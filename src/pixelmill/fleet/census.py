"""Who is in the fleet, and how each instance is: asked directly, one by one, all at the same time."""

from __future__ import annotations

import asyncio

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.fleet.addresses import Host, target
from pixelmill.fleet.channels import Pools, open_channel
from pixelmill.limits import Limits

TIMEOUT_S = 1.0


class Census:
    """Asks every instance of every pool. Holds one channel for each address that it has asked."""

    def __init__(self, pools: Pools, limits: Limits) -> None:
        self._pools = pools
        self._limits = limits
        self._channels: dict[Host, grpc.aio.Channel] = {}

    async def take(self) -> list[pb.InstanceInfo]:
        """Return one entry for each configured instance, in the order of the pools and their hosts."""
        asked = []
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
        if address not in self._channels:
            self._channels[address] = open_channel(target([address]), self._limits)
        stub: rpc.StageServiceAsyncStub = rpc.StageServiceStub(self._channels[address])
        try:
            info: pb.InstanceInfo = await stub.DescribeInstance(pb.DescribeInstanceRequest(), timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            problem = f"{error.code().name}: {error.details()}"
            return pb.InstanceInfo(pool=pool, name=host.name, address=str(host), problem=problem)
        info.pool, info.address = pool, str(host)
        if not info.healthy:
            info.problem = "shutting down"
        return info

    async def close(self) -> None:
        """Close the channels."""
        await asyncio.gather(*(channel.close() for channel in self._channels.values()))
