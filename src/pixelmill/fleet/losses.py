"""Calls whose connection was lost after an instance had begun: whether that one has died of what it worked on."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.errors import DecoderCrash, NoHealthyInstance
from pixelmill.fleet.addresses import Host
from pixelmill.fleet.reach import Reach

BEGUN = "pixelmill-begun"
"""Initial metadata of an answer: the id of the instance, which has begun, and whose end the picture may be to blame for."""
DEATH_S = 3.0
"""How long it may take to find out whether an instance has died: a container's address may be gone with it for a while."""
CONNECT_S = 0.5
ASKED_S = 1.0
POLL_S = 0.05


class CallLost(NoHealthyInstance):
    """The connection to an instance was lost after it had begun to work on a picture."""

    def __init__(self, message: str, instance: str) -> None:
        super().__init__(message)
        self.instance = instance


class WorkersLost(DecoderCrash):
    """Two instances have died, one after the other, of the same picture."""


async def has_died(instance: str, addresses: Collection[Host], reach: Reach, within_s: float = DEATH_S) -> bool:
    """Tell whether an instance, by its id, lives no more at any of these addresses.

    At an address that answers with another id, or refuses connections, it is not. One that does neither tells nothing: the
    instance there may be stopped, or cut off. It is asked again for `within_s` seconds.
    """
    until = asyncio.get_running_loop().time() + within_s
    while True:
        found = await asyncio.gather(*(_instance_at(address, reach) for address in addresses))
        if instance in found:
            return False
        if None not in found:
            return True
        if asyncio.get_running_loop().time() >= until:
            return False
        await asyncio.sleep(POLL_S)


async def _instance_at(address: Host, reach: Reach) -> str | None:
    """Return the id of the instance at an address, "" where connections are refused, and None where that cannot be told."""
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(address.name, address.port)
            writer.close()
    except ConnectionRefusedError:
        return ""
    except (OSError, TimeoutError):
        return None
    stub: rpc.StageServiceAsyncStub = rpc.StageServiceStub(reach.channel(address))
    try:
        return str((await stub.DescribeInstance(pb.DescribeInstanceRequest(), timeout=ASKED_S)).id)
    except grpc.RpcError:
        return None
