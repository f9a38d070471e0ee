"""Which instances can be reached: one connection of its own to each, held open by gRPC.

A pool's channel lists only those. An address that cannot be reached does no harm in a list, as gRPC passes it over, but
each of gRPC's attempts to connect starts the turns of the others anew, and they would not be served equally.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable
from typing import Any

import grpc

from pixelmill.fleet.addresses import Host, target
from pixelmill.fleet.credentials import ClientTls, open_async_channel
from pixelmill.fleet.options import message_options
from pixelmill.limits import Limits

Credentials = grpc.ChannelCredentials | None
POLL_S = 0.01
CLOSE_S = 1.0
NEVER_MS = 2**31 - 1

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
    ("grpc.max_reconnect_backoff_ms", 1000),
    # In spite of its name, the time that an attempt to connect may take.
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.client_idle_timeout_ms", NEVER_MS),
]


def open_channel(
    addresses: Iterable[Host], limits: Limits, tls: ClientTls | None = None, config: dict[str, Any] | None = None
) -> grpc.aio.Channel:
    """Open a channel whose calls carry the largest message, also when they are retried (256 KiB by default)."""
    size = limits.max_message_bytes
    options = [
        *CHANNEL_OPTIONS,
        *message_options(size, size),
        ("grpc.per_rpc_retry_buffer_size", size),
        ("grpc.service_config", json.dumps(config or {})),
    ]
    return open_async_channel(target(addresses), options, tls)


class Reach:
    """Tells which addresses can be reached. Call `look` to be up to date.

    Where the files of `tls` change, connections are made anew; until that is done, what is known of an address stays.
    """

    def __init__(self, limits: Limits, tls: ClientTls | None = None) -> None:
        self.tls = tls
        self._limits = limits
        self._channels: dict[Host, tuple[grpc.aio.Channel, Credentials]] = {}
        self._up: set[Host] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def credentials(self) -> Credentials:
        """Return what connections are opened with now: another object once the files of TLS have changed."""
        return self.tls.current() if self.tls else None

    def channel(self, address: Host) -> grpc.aio.Channel:
        """Return the channel to one address."""
        credentials = self.credentials()
        channel, opened_with = self._channels.get(address, (None, None))
        if channel is None or opened_with is not credentials:
            if channel:
                self._close(channel)
            channel = open_channel([address], self._limits, self.tls)
            self._channels[address] = channel, credentials
        return channel

    def _close(self, channel: grpc.aio.Channel) -> None:
        task = asyncio.create_task(channel.close(CLOSE_S))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def look(self, addresses: Iterable[Host]) -> bool:
        """Look at each address's connection, and have it connect where it does not. Tells whether all is clear."""
        clear = True
        for address in addresses:
            state = self.channel(address).get_state(try_to_connect=True)
            if state is grpc.ChannelConnectivity.READY:
                self._up.add(address)
            elif state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
                self._up.discard(address)
            else:
                # It is connecting: what was known before is still the best guess.
                clear = False
        return clear

    def up(self, addresses: Iterable[Host]) -> set[Host]:
        """Return those that can be reached."""
        return self._up.intersection(addresses)

    async def settle(self, addresses: Collection[Host], timeout_s: float) -> None:
        """Wait until it is clear of each address whether it can be reached, at most `timeout_s` seconds."""
        until = asyncio.get_running_loop().time() + timeout_s
        while not self.look(addresses) and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(POLL_S)

    def reachable(self, addresses: Iterable[Host]) -> tuple[Host, ...]:
        """Return those that can be reached, or all where none can: one of them may be the first to come back."""
        addresses = tuple(addresses)
        return tuple(address for address in addresses if address in self._up) or addresses

    async def forget(self, kept: Collection[Host]) -> None:
        """Close the connections to all other addresses."""
        gone = self._channels.keys() - set(kept)
        self._up -= gone
        await asyncio.gather(*(self._channels.pop(address)[0].close(CLOSE_S) for address in gone))

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(self.forget(()), *self._closing)
