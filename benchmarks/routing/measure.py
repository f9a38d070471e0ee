"""An orchestrator of its own over workers that do nothing, and how much it costs to route a request."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import grpc
import numpy as np
from PIL import Image

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from benchmarks.fleet.load import Processes

PIPELINE = 'resize:16x16 | blur:2 | sharpen | sepia | text:"© me",size=8 | png'
TIMEOUT_S = 60.0
PAGE = os.sysconf("SC_PAGE_SIZE")
WARM_UP_S = 1.0


@dataclass(frozen=True)
class Routed:
    """One load: what was done, and what it cost the orchestrator alone.

    Attributes:
        instances: workers behind it.
        clients: requests in flight.
        requests: that came back.
        failures: that did not.
        seconds: wall time.
        cpu_s: the orchestrator's processor time, seconds.
        memory: the orchestrator's resident memory under the load, bytes.
        shares: calls of each instance.
    """

    instances: int
    clients: int
    requests: int
    failures: int
    seconds: float
    cpu_s: float
    memory: int
    shares: dict[str, int]

    @property
    def per_core_s(self) -> float:
        """Requests for each second of one core."""
        return self.requests / self.cpu_s

    def to_json(self) -> dict[str, object]:
        """Return the figures as JSON's types."""
        return {**asdict(self), "per_core_s": self.per_core_s}


class Routing:
    """The orchestrator and its workers, until the context ends.

    Args:
        instances: how many workers.
        delay_s: how long each takes to answer, seconds.
    """

    def __init__(self, instances: int, delay_s: float = 0.0) -> None:
        self.instances = instances
        self._delay_s = delay_s

    def __enter__(self) -> Self:
        self._workers = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.routing.noop", str(self.instances), "--delay", str(self._delay_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._workers.stdout
        hosts = self._workers.stdout.readline().strip()
        ready, for_child = os.pipe()
        arguments = (
            "--worker",
            hosts,
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--http-port",
            "-1",
            "--ready-fd",
            str(for_child),
        )
        self._orchestrator = subprocess.Popen(
            [sys.executable, "-m", "pixelmill", "orchestrator", *arguments],
            pass_fds=(for_child,),
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PIXELMILL_QUIET": "true", "PIXELMILL_RUNNING": "5000", "PIXELMILL_LOG_LEVEL": "error"},
        )
        os.close(for_child)
        with os.fdopen(ready) as reader:
            ports = json.loads(reader.readline())
        self.port, self.http_port = ports["port"], ports["http"]
        return self

    def __exit__(self, *exc: object) -> None:
        self._orchestrator.kill()
        self._orchestrator.wait()
        self._workers.communicate("")

    def measure(self, clients: int, seconds: float) -> Routed:
        """Put it under the load of so many clients, each of whom sends the next request when the last one is back."""
        return asyncio.run(self._measure(clients, seconds))

    async def _measure(self, clients: int, seconds: float) -> Routed:
        async with AsyncExitStack() as stack:
            options = [("grpc.use_local_subchannel_pool", 1)]  # a connection for each client, up to 64
            target = f"127.0.0.1:{self.port}"
            channels = [grpc.aio.insecure_channel(target, options=options) for _ in range(min(clients, 64))]
            stubs = [rpc.OrchestratorServiceStub(await stack.enter_async_context(channel)) for channel in channels]
            request = pb.RunPipelineRequest(image_data=picture(), pipeline_text=PIPELINE, placement="fused")
            shares: Counter[str] = Counter()
            failures = 0
            numbers = iter(range(10**9))

            async def client(stub: rpc.OrchestratorServiceAsyncStub, until: float) -> None:
                nonlocal failures
                while time.monotonic() < until:
                    metadata = (("x-request-id", f"{id(stub):x}-{next(numbers)}"),)
                    try:
                        answer = await stub.RunPipeline(request, timeout=TIMEOUT_S, metadata=metadata)
                    except grpc.RpcError:
                        failures += 1
                    else:
                        shares[answer.trace.hops[0].instance] += 1

            async def load(length: float) -> None:
                until = time.monotonic() + length
                await asyncio.gather(*(client(stubs[number % len(stubs)], until) for number in range(clients)))

            await load(WARM_UP_S)
            shares.clear()
            cpu, began = self.cpu_s(), time.monotonic()
            running = asyncio.ensure_future(load(seconds))
            await asyncio.sleep(0.8 * seconds)
            memory = self._memory()
            await running
            took, used = time.monotonic() - began, self.cpu_s() - cpu
        return Routed(self.instances, clients, shares.total(), failures, took, used, memory, dict(shares))

    def cpu_s(self) -> float:
        """Return the orchestrator's processor time so far, seconds."""
        return Processes(self._orchestrator.pid).cpu_s()[0]

    def _memory(self) -> int:
        return int(Path(f"/proc/{self._orchestrator.pid}/statm").read_text().split()[1]) * PAGE


def picture() -> bytes:
    """Return a small PNG."""
    stream = io.BytesIO()
    Image.fromarray(np.arange(32 * 24 * 3, dtype=np.uint8).reshape(24, 32, 3)).save(stream, "PNG")
    return stream.getvalue()
