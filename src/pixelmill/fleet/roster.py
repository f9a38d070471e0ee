"""Which operations each instance has: asked when it can be reached, and again and again, as its program may change."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.fleet.addresses import Host
from pixelmill.fleet.reach import Reach
from pixelmill.operations.foreign import learn

TIMEOUT_S = 1.0


class Roster:
    """What each instance last told of its operations. Call `look` to have those asked that have come up since."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._told: dict[Host, frozenset[str]] = {}
        self._cores: dict[Host, tuple[str, int, int]] = {}
        """The machine of each, how many cores that has, and how many of them the instance may use."""
        self._ids: dict[Host, str] = {}
        self._memory: dict[Host, str] = {}
        """What each calls the shared memory that it sees."""
        self._certain: set[Host] = set()
        self._asking: dict[Host, asyncio.Task[None]] = {}

    def has(self, address: Host, operations: Collection[str]) -> bool:
        """Tell whether an instance has all these operations, by their names."""
        return self._told.get(address, frozenset()).issuperset(operations)

    def knows_any(self, addresses: Iterable[Host]) -> bool:
        """Tell whether any of these instances has ever answered."""
        return any(address in self._told for address in addresses)

    def look(self, up: Collection[Host]) -> None:
        """Start asking those that can be reached, and have not been asked since they can be."""
        self._certain.intersection_update(up)
        for address in set(up) - self._certain - self._asking.keys():
            self._asking[address] = asyncio.create_task(self._ask(address))

    def doubt(self) -> None:
        """Have all asked again, at the next look; until they answer, what they told last is taken for true."""
        self._certain.clear()

    async def settle(self) -> None:
        """Wait until all that are being asked have answered, or have had enough time to."""
        if self._asking:
            await asyncio.wait(self._asking.values())

    def forget(self, kept: Collection[Host]) -> None:
        """Forget all other addresses."""
        self._told = {address: names for address, names in self._told.items() if address in kept}
        self._cores = {address: cores for address, cores in self._cores.items() if address in kept}
        self._ids = {address: id for address, id in self._ids.items() if address in kept}
        self._memory = {address: memory for address, memory in self._memory.items() if address in kept}

    def ids(self) -> dict[str, Host]:
        """Return where each instance was when it last answered, by its id."""
        return {id: address for address, id in self._ids.items()}

    def all_see(self, addresses: Iterable[Host], memory: str) -> bool:
        """Tell whether all these instances see the same shared memory, by its name; an empty one nobody sees."""
        return bool(memory) and all(self._memory.get(address) == memory for address in addresses)

    def cores(self, addresses: Iterable[Host]) -> int:
        """Return how many cores these instances have in all. Those of one machine share what it has."""
        used: Counter[str] = Counter()
        there: dict[str, int] = {}
        for address in addresses:
            machine, all_of_it, cores = self._cores.get(address, ("", 0, 0))
            used[machine] += cores
            there[machine] = all_of_it
        return sum(min(cores, there[machine]) for machine, cores in used.items())

    def close(self) -> None:
        """Stop asking."""
        for task in self._asking.values():
            task.cancel()

    async def _ask(self, address: Host) -> None:
        stub: rpc.StageServiceAsyncStub = rpc.StageServiceStub(self._reach.channel(address))
        try:
            info = await stub.DescribeInstance(pb.DescribeInstanceRequest(), timeout=TIMEOUT_S)
        except grpc.RpcError:
            # It is asked again at the next look.
            return
        finally:
            del self._asking[address]
        for each in info.custom:
            learn(each.name, each.pool, each.parameters)
        self._told[address] = frozenset(info.operations)
        self._ids[address] = info.id
        self._cores[address] = (info.machine or str(address), info.machine_cores, info.cores)
        self._memory[address] = info.shared_memory
        self._certain.add(address)
