"""The line of JSON that the orchestrator prints for each request when it is done, in place of the lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from pixelmill.fleet.history import Record
from pixelmill.result import HopReport


def json_printer(service: str) -> Callable[[Record], None]:
    """Return what prints the line of each request that is done; `service` is the orchestrator's name."""

    def print_request(record: Record) -> None:
        if not record.is_done:
            return
        line = json.dumps(_told(record, service), ensure_ascii=False)
        # Whoever reads the log may be gone: that must not fail the request.
        with suppress(OSError, ValueError):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    return print_request


def _told(record: Record, service: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "level": "info" if record.status == "completed" else "warning",
        "service": service,
        "event": "request",
        "request_id": record.id,
        "entrance": record.entrance,
        "placement": record.placement,
        "status": record.status,
        "duration_s": round(record.total_s, 6),
        "queue_s": round(record.queue_s, 6),
        "bytes_in": record.original_bytes,
        "bytes_out": record.processed_bytes,
        "outputs": [{"name": name, **vars(info)} for name, info in record.outputs],
        "hops": [_hop(hop) for hop in record.hops],
    }
    if record.status == "failed":
        told |= {"reason": record.reason, "message": record.message}
    if record.trace_id:
        told["trace_id"] = record.trace_id
    return told


def _hop(hop: HopReport) -> dict[str, Any]:
    """Return what is told of a hop. Times are in seconds."""
    times = ("started_s", "queue_s", "decode_s", "encode_s", "transfer_s")
    return {
        "pool": hop.pool,
        "instance": hop.instance,
        "rendition": hop.rendition,
        "operations": list(hop.operations),
        "operations_s": [round(seconds, 6) for seconds in hop.operations_s],
        **{name: round(getattr(hop, name), 6) for name in times},
        "bytes_in": hop.bytes_in,
        "bytes_out": hop.bytes_out,
        "attempts": hop.attempts,
    }
