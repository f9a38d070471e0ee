"""Workers that do nothing: each answers every hop after a set time. Many of them are one process.

    python -m benchmarks.routing.noop COUNT [--delay SECONDS]

prints the addresses that they listen on, separated by commas, and runs until its standard input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.fleet.options import SERVER_OPTIONS
from pixelmill.operations import operation_names

CORES = 64
"""What each says it has, so that the orchestrator lets everything in."""


class Noop(rpc.StageServiceServicer):
    """One worker."""

    def __init__(self, name: str, delay_s: float) -> None:
        self.name = name
        self.delay_s = delay_s
        self.calls = 0
        self.operations = operation_names()

    async def RunStage(self, request: pb.StageRequest, context: Any) -> pb.StageResponse:  # noqa: N802
        """Answer with one byte for a picture."""
        self.calls += 1
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        report = pb.HopReport(instance=self.name, operations=[operation.name for operation in request.operations])
        return pb.StageResponse(encoded=b"x", format="png", width=1, height=1, report=report)

    async def DescribeInstance(self, request: pb.DescribeInstanceRequest, context: Any) -> pb.InstanceInfo:  # noqa: N802
        """Tell who this is."""
        return pb.InstanceInfo(
            pool="worker",
            name=self.name,
            pid=os.getpid(),
            healthy=True,
            calls=self.calls,
            operations=self.operations,
            machine=self.name,
            machine_cores=CORES,
            cores=CORES,
        )


async def start(count: int, delay_s: float) -> tuple[list[grpc.aio.Server], list[str]]:
    """Start that many; returns their servers and addresses."""
    servers, addresses = [], []
    for number in range(count):
        server = grpc.aio.server(options=SERVER_OPTIONS)
        rpc.add_StageServiceServicer_to_server(Noop(f"noop-{number + 1}", delay_s), server)
        health = health_aio.HealthServicer()
        await health.set("", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(health, server)
        addresses.append(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
        await server.start()
        servers.append(server)
    return servers, addresses


async def serve(count: int, delay_s: float) -> None:
    """Run them until standard input ends."""
    servers, addresses = await start(count, delay_s)
    print(",".join(addresses), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await asyncio.gather(*(server.stop(None) for server in servers))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Workers that do nothing.")
    parser.add_argument("count", type=int, help="how many")
    parser.add_argument("--delay", type=float, default=0.0, help="time that each call takes, seconds (%(default)s)")
    arguments = parser.parse_args(argv)
    asyncio.run(serve(arguments.count, arguments.delay))


if __name__ == "__main__":
    main()
