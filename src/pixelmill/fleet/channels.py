"""One gRPC channel per pool: gRPC itself balances, watches health, ejects outliers and retries. We only keep the
channel's list of addresses in step with the host names.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

import grpc

import image_processing_pb2_grpc as rpc
from pixelmill.errors import NoHealthyInstance
from pixelmill.fleet.addresses import Host, Resolver, target
from pixelmill.fleet.server import message_options
from pixelmill.limits import Limits

CONNECT_S = 2.0
DRAIN_S = 60.0
log = logging.getLogger("pixelmill.fleet")

SERVICE_CONFIG = {
    "loadBalancingConfig": [
        {
            "outlier_detection_experimental": {
                "interval": "2s",
                "baseEjectionTime": "5s",
                "maxEjectionTime": "30s",
                "maxEjectionPercent": 50,
                "failurePercentageEjection": {
                    "threshold": 50,
                    "enforcementPercentage": 100,
                    "minimumHosts": 2,
                    "requestVolume": 10,
                },
                "childPolicy": [{"round_robin": {}}],
            }
        }
    ],
    "healthCheckConfig": {"serviceName": ""},
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.02s",
                "maxBackoff": "0.5s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
            },
        }
    ],
}

CHANNEL_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 1),
    # A stopped process answers no ping. Both time-outs are needed, or it costs the whole deadline of a call.
    ("grpc.keepalive_time_ms", 1000),
    ("grpc.keepalive_timeout_ms", 750),
    ("grpc.http2.ping_timeout_ms", 750),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


def open_channel(address: str, limits: Limits, config: dict[str, Any] | None = None) -> grpc.aio.Channel:
    """Open a channel whose calls carry the largest message, also when they are retried (256 KiB by default)."""
    size = limits.max_message_bytes
    options = [
        *CHANNEL_OPTIONS,
        *message_options(size, size),
        ("grpc.per_rpc_retry_buffer_size", size),
        ("grpc.service_config", json.dumps(config or {})),
    ]
    return grpc.aio.insecure_channel(address, options=options)


class Pool:
    """The instances of one pool behind one channel."""

    def __init__(self, name: str, hosts: Sequence[Host], limits: Limits) -> None:
        self.name = name
        self.hosts = tuple(hosts)
        self.addresses: dict[Host, tuple[Host, ...]] = {}
        self._limits = limits
        self._current: tuple[Host, ...] = ()
        self._channel: grpc.aio.Channel | None = None
        self._stub: rpc.StageServiceAsyncStub | None = None
        self._draining: set[asyncio.Task[None]] = set()

    @property
    def stub(self) -> rpc.StageServiceAsyncStub:
        """The pool's calls; each goes to the next healthy instance.

        Raises:
            NoHealthyInstance: none of its host names exists.
        """
        if self._stub is None:
            raise NoHealthyInstance(f"no host of the {self.name} pool resolves: {', '.join(map(str, self.hosts))}")
        return self._stub

    async def refresh(self, resolver: Resolver) -> None:
        """Resolve the host names again; where the addresses have changed, change over to a new channel."""
        self.addresses = await resolver.resolve(self.hosts)
        current = tuple(dict.fromkeys(address for found in self.addresses.values() for address in found))
        if current == self._current:
            return
        log.info("pool %s: %s", self.name, ", ".join(map(str, current)) or "no host resolves")
        self._current = current
        old, self._channel, self._stub = self._channel, None, None
        if current:
            channel = open_channel(target(current), self._limits, SERVICE_CONFIG)
            # Otherwise it connects with the first call, which goes to whichever instance is connected first.
            channel.get_state(try_to_connect=True)
            if old:
                await _connected(channel)
            self._channel = channel
            self._stub = rpc.StageServiceStub(channel)
        if old:
            task = asyncio.create_task(old.close(DRAIN_S))
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)

    async def close(self) -> None:
        """Close the channel; running calls end."""
        for task in self._draining:
            task.cancel()
        if self._channel:
            await self._channel.close()


async def _connected(channel: grpc.aio.Channel) -> None:
    try:
        await asyncio.wait_for(channel.channel_ready(), CONNECT_S)
    except TimeoutError:
        log.warning("no instance of the new list of addresses answers yet")


class Pools:
    """All pools, kept in step with their host names by a task."""

    def __init__(self, hosts: dict[str, tuple[Host, ...]], limits: Limits, resolve_s: float) -> None:
        everyone = tuple(dict.fromkeys(host for found in hosts.values() for host in found))
        self.has_workers = "worker" in hosts
        # Every worker can do everything, so without a pool of general workers every instance is one.
        self.by_name = {name: Pool(name, found, limits) for name, found in ({"worker": everyone} | hosts).items()}
        self._resolver = Resolver()
        self._resolve_s = resolve_s
        self._task: asyncio.Task[None] | None = None

    def __getitem__(self, name: str) -> Pool:
        if name not in self.by_name:
            raise NoHealthyInstance(f"no hosts are configured for the {name} pool")
        return self.by_name[name]

    async def open(self) -> None:
        """Resolve all names once, and go on doing so in the background."""
        await self._refresh()
        self._task = asyncio.create_task(self._keep_fresh())

    async def _refresh(self) -> None:
        await asyncio.gather(*(pool.refresh(self._resolver) for pool in self.by_name.values()))

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(self._resolve_s)
            try:
                await self._refresh()
            except Exception:
                log.exception("resolving the fleet's host names failed; it is tried again")

    async def close(self) -> None:
        """Stop resolving and close all channels."""
        if self._task:
            self._task.cancel()
        self._resolver.close()
        await asyncio.gather(*(pool.close() for pool in self.by_name.values()))
