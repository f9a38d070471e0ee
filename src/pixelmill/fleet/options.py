"""gRPC's channel arguments: bounds on messages, metadata, streams and silence."""

from __future__ import annotations

from typing import Any

from pixelmill.settings import ServerSettings

MAX_METADATA_BYTES = 16 * 1024
MAX_STREAMS = 4096
"""Calls at a time over one connection: more than a queue is long, so that what is too much is refused and does not wait."""
CONNECTION_AGE_S = 3600.0


def message_options(receive: int, send: int) -> list[tuple[str, Any]]:
    """Return the channel arguments that lift gRPC's 4 MB message limits to ours, in bytes, and bound metadata."""
    ceiling = 2**31 - 1
    return [
        # The first alone is refused only now and then, so that clients learn of it: both at once are clear.
        ("grpc.max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.max_receive_message_length", min(receive, ceiling)),
        ("grpc.max_send_message_length", min(send, ceiling)),
    ]


def connection_options(settings: ServerSettings) -> list[tuple[str, Any]]:
    """Return the channel arguments that have clients connect anew from time to time; running calls end on the old one.

    A certificate is looked at only when a connection is made: one that is no longer trusted must not last for ever.
    """
    age_s = settings.connection_age_s or (CONNECTION_AGE_S if settings.tls_cert else None)
    return [("grpc.max_connection_age_ms", round(age_s * 1000))] if age_s else []


def watch_options(silence_s: float) -> list[tuple[str, Any]]:
    """Return the channel arguments that have a server close connections whose other end is gone without saying so.

    After `silence_s` seconds in which nothing came it asks, and it waits as long again for the answer, which on a slow line
    comes after all that was sent before it was asked for.
    """
    milliseconds = round(silence_s * 1000)
    return [
        ("grpc.keepalive_time_ms", milliseconds),
        ("grpc.keepalive_timeout_ms", milliseconds),
        ("grpc.http2.ping_timeout_ms", milliseconds),
    ]


SERVER_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_concurrent_streams", MAX_STREAMS),
    # Beyond a thousand, gRPC cancels at random what a busy server has not looked at yet. We say why, and when to come again.
    ("grpc.server.max_pending_requests", MAX_STREAMS),
    ("grpc.server.max_pending_requests_hard_limit", 2 * MAX_STREAMS),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 300),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
]
