"""The way into a fleet: its orchestrators, one connection to each. Whoever does not answer is passed over."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc

import image_processing_pb2_grpc as rpc
from pixelmill.errors import Cancelled, Draining, NoHealthyInstance, PixelmillError
from pixelmill.fleet.addresses import Host
from pixelmill.fleet.credentials import ClientTls, open_channel
from pixelmill.fleet.faults import error_from_call, has_details

Answer = TypeVar("Answer")

CHANNEL_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.enable_http_proxy", 0),
    # An orchestrator whose machine is gone says nothing; while a call runs, it is asked. It may be on a slow line.
    ("grpc.keepalive_time_ms", 5000),
    ("grpc.keepalive_timeout_ms", 5000),
    ("grpc.http2.ping_timeout_ms", 5000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    # In spite of its name, the time that an attempt to connect may take.
    ("grpc.min_reconnect_backoff_ms", 5000),
]

BACK_S = 1.5
"""How long a client waits for any of several orchestrators, seconds: more than the time between two attempts to connect."""
PAUSE_S = 0.05


@dataclass
class _Door:
    """A channel to one orchestrator, and the calls over it."""

    host: Host
    credentials: grpc.ChannelCredentials | None
    channel: grpc.Channel
    stub: rpc.OrchestratorServiceStub


class Doors:
    """Calls orchestrators by turns.

    Args:
        hosts: where they listen.
        options: channel arguments beside those that are always set.
        tls: how to speak TLS; unencrypted where None.
    """

    def __init__(self, hosts: Sequence[Host], options: Sequence[tuple[str, Any]], tls: ClientTls | None) -> None:
        self._options = [*CHANNEL_OPTIONS, *options]
        self._tls = tls
        self._opening = threading.Lock()
        self._turns = itertools.cycle(range(len(hosts)))
        self._doors = [self._open(host) for host in hosts]

    def call(self, send: Callable[[rpc.OrchestratorServiceStub], Answer]) -> Answer:
        """Return what `send` gets from the orchestrator whose turn it is, or from the next where that one is gone.

        Where there are several and all are gone, they are called again for a while: one may be back that this client has
        not seen yet, as when each is restarted as soon as the one before is up. A request may be sent again: what it asks
        for has no effect but its answer.

        Raises:
            grpc.RpcError: what the last one that was called says.
        """
        with self._opening:
            turn = next(self._turns)
        order = [*range(turn, len(self._doors)), *range(turn)]
        until = time.monotonic() + (BACK_S if len(order) > 1 else 0)
        for number in itertools.cycle(order):
            try:
                return send(self._stub(number))
            except grpc.RpcError as failure:
                if not is_gone(failure) or (number == order[-1] and time.monotonic() >= until):
                    raise
            if number == order[-1]:
                time.sleep(PAUSE_S)
        raise AssertionError("there is no orchestrator")

    def _stub(self, number: int) -> rpc.OrchestratorServiceStub:
        """Return what calls an orchestrator: over a new channel once the certificates' files have changed.

        Calls that are running hold the channel that they run on, and it ends with the last of them.
        """
        door = self._doors[number]
        if self._tls and self._tls.current() is not door.credentials:
            with self._opening:
                if self._tls.current() is not self._doors[number].credentials:
                    self._doors[number] = self._open(door.host)
        return self._doors[number].stub

    def _open(self, host: Host) -> _Door:
        credentials = self._tls.current() if self._tls else None
        channel = open_channel(str(host), self._options, self._tls)
        return _Door(host, credentials, channel, rpc.OrchestratorServiceStub(channel))

    def close(self) -> None:
        """Close the connections."""
        for door in self._doors:
            door.channel.close()


def is_gone(failure: grpc.RpcError) -> bool:
    """Tell whether a call failed because the orchestrator itself is not there, or leaves; another one may be."""
    error: PixelmillError = error_from_call(failure)
    # Nobody here gave up: a call that is CANCELLED is one of the last of a server that stops.
    return isinstance(error, Draining) or (isinstance(error, NoHealthyInstance | Cancelled) and not has_details(failure))
