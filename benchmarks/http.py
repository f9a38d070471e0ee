"""What HTTP costs beside gRPC: the same request to one orchestrator, over both in turn, its own processor time compared.

    python -m benchmarks.http [--rounds 5] [--seconds 2] [--clients 16] [--json]

Workers do nothing (see benchmarks/routing), so that what is left is the orchestrator's own work.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from statistics import median
from urllib.parse import quote

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from benchmarks.options import parser
from benchmarks.routing.measure import PIPELINE, TIMEOUT_S, Routing, picture

INSTANCES = 4
Send = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Compared:
    """Medians over rounds.

    Attributes:
        grpc_us, http_us: the orchestrator's processor time for a request, microseconds.
        cpu_ratio: HTTP's by gRPC's.
        rate_ratio: HTTP's requests a second by gRPC's; the clients, which differ, share the machine.
    """

    grpc_us: float
    http_us: float
    cpu_ratio: float
    rate_ratio: float


def main() -> None:
    """Run the benchmark and print what it found."""
    command = parser(__doc__, seconds=2.0, rounds=5)
    command.add_argument("--clients", type=int, default=16, help="requests in flight (%(default)d)")
    arguments = command.parse_args()
    with Routing(INSTANCES) as routing:
        found = asyncio.run(_compare(routing, arguments.rounds, arguments.seconds, arguments.clients))
    if arguments.json:
        print(json.dumps(asdict(found), indent=2))
    else:
        print(f"CPU time of the orchestrator for a request: gRPC {found.grpc_us:.0f} µs, HTTP {found.http_us:.0f} µs")
        print(f"HTTP by gRPC: {found.cpu_ratio:.2f} times the CPU time, {found.rate_ratio:.2f} times the requests a second")


async def _compare(routing: Routing, rounds: int, seconds: float, clients: int) -> Compared:
    figures: dict[str, list[tuple[float, float]]] = {"grpc": [], "http": []}
    async with AsyncExitStack() as stack:
        ways = {
            "grpc": [await _grpc(routing.port, stack) for _ in range(clients)],
            "http": [await _http(routing.http_port, stack) for _ in range(clients)],
        }
        for senders in ways.values():
            await _turn(routing, senders, seconds / 2)  # to warm up
        for _ in range(rounds):
            for name, senders in ways.items():
                figures[name].append(await _turn(routing, senders, seconds))
    cost = {name: [cpu for cpu, _ in several] for name, several in figures.items()}
    rate = {name: [rate for _, rate in several] for name, several in figures.items()}
    return Compared(
        grpc_us=1e6 * median(cost["grpc"]),
        http_us=1e6 * median(cost["http"]),
        cpu_ratio=median(http / own for http, own in zip(cost["http"], cost["grpc"], strict=True)),
        rate_ratio=median(http / own for http, own in zip(rate["http"], rate["grpc"], strict=True)),
    )


async def _turn(routing: Routing, senders: list[Send], seconds: float) -> tuple[float, float]:
    """Send as fast as it goes; returns CPU seconds for a request, and requests a second."""
    done = 0

    async def client(send: Send) -> None:
        nonlocal done
        while time.monotonic() < until:
            await send()
            done += 1

    cpu_s, began = routing.cpu_s(), time.monotonic()
    until = began + seconds
    await asyncio.gather(*map(client, senders))
    return (routing.cpu_s() - cpu_s) / done, done / (time.monotonic() - began)


async def _grpc(port: int, stack: AsyncExitStack) -> Send:
    options = [("grpc.use_local_subchannel_pool", 1)]  # a connection for each client
    channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options))
    stub: rpc.OrchestratorServiceAsyncStub = rpc.OrchestratorServiceStub(channel)
    request = pb.RunPipelineRequest(image_data=picture(), pipeline_text=PIPELINE, placement="fused")
    numbers = iter(range(10**9))

    async def send() -> None:
        await stub.RunPipeline(request, timeout=TIMEOUT_S, metadata=(("x-request-id", f"g-{id(stub):x}-{next(numbers)}"),))

    return send


async def _http(port: int, stack: AsyncExitStack) -> Send:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    body = picture()
    numbers = iter(range(10**9))
    head = (
        f"POST /v1/process?placement=fused&pipeline={quote(PIPELINE)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: image/png\r\nContent-Length: {len(body)}\r\nAccept: */*\r\nX-Request-Id: h-{id(writer):x}-"
    ).encode()

    async def send() -> None:
        writer.write(b"%b%d\r\n\r\n%b" % (head, next(numbers), body))
        lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        if not lines[0].startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"expected the picture, got {lines[0].decode()}")
        length = next(int(line[15:]) for line in lines if line.lower().startswith(b"content-length:"))
        await reader.readexactly(length)

    return send


if __name__ == "__main__":
    main()
