"""Every metric of Pixelmill's own: its name, what it counts, and its labels. docs/observability.md has them from here.

No label's values grow with the number of requests: they are pools, instances, installed operations, formats, and the
reasons of `errors.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TIMES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds of histograms' buckets, seconds: from a thumbnail's step to the time that a request has by default."""


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: as Prometheus sees it; a histogram's has `_bucket`, `_sum` and `_count` behind it there.
        kind: what Prometheus calls its type.
        help: what it is, in one sentence.
        labels: by which it is told apart.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


REQUESTS = Metric(
    "pixelmill_requests_total",
    "counter",
    "Requests that came to their end; reason is the error's, empty where there was none.",
    ("entrance", "placement", "status", "reason"),
)
REQUEST_TIME = Metric(
    "pixelmill_request_duration_seconds", "histogram", "Time from a request's arrival to its end.", ("entrance", "status")
)
QUEUE_TIME = Metric(
    "pixelmill_queue_wait_seconds", "histogram", "Time that a request waited at the orchestrator for its turn."
)
HOP_TIME = Metric("pixelmill_hop_duration_seconds", "histogram", "Time of a call to a worker, retries included.", ("pool",))
HOP_QUEUE_TIME = Metric(
    "pixelmill_hop_queue_wait_seconds", "histogram", "Time that a call waited at the worker for a free thread.", ("pool",)
)
TRANSFER_TIME = Metric(
    "pixelmill_hop_transfer_seconds",
    "histogram",
    "The part of a call that was neither computing nor waiting at the worker: network, copies, retries.",
    ("pool",),
)
OPERATION_TIME = Metric(
    "pixelmill_operation_duration_seconds",
    "histogram",
    "Time of one operation on one picture; one that the decoder runs on the way counts with 0.",
    ("operation",),
)
DECODE_TIME = Metric("pixelmill_decode_duration_seconds", "histogram", "Time of decoding a picture.")
ENCODE_TIME = Metric(
    "pixelmill_encode_duration_seconds",
    "histogram",
    "Time of encoding; format is `several` where one call encoded more than one.",
    ("format",),
)
RETRIES = Metric(
    "pixelmill_retries_total",
    "counter",
    "Calls to workers beyond the first of each hop, of those that were answered in the end.",
    ("pool",),
)
BYTES = Metric("pixelmill_bytes_total", "counter", "Bytes of pictures that came (in) and were made (out).", ("direction",))
PIXELS = Metric(
    "pixelmill_pixels_total",
    "counter",
    "Width × height × frames of pictures that came (in) and were made (out).",
    ("direction",),
)
OF_REQUESTS = (
    *(REQUESTS, REQUEST_TIME, QUEUE_TIME, HOP_TIME, HOP_QUEUE_TIME, TRANSFER_TIME, OPERATION_TIME, DECODE_TIME, ENCODE_TIME),
    *(RETRIES, BYTES, PIXELS),
)
"""Counted at each request's end."""

REJECTED = Metric(
    "pixelmill_rejected_total",
    "counter",
    "Requests that were turned away: too much to do, shutting down, or no valid token.",
    ("reason",),
)
IN_FLIGHT = Metric("pixelmill_in_flight", "gauge", "Requests that the orchestrator has.")
QUEUED = Metric("pixelmill_queued", "gauge", "Those of them that wait for their turn.")
PLACES = Metric("pixelmill_places", "gauge", "Requests that the orchestrator works on at a time.")
QUARANTINED = Metric("pixelmill_quarantined_pictures", "gauge", "Pictures that are refused because they crashed workers.")
SLOTS = Metric("pixelmill_shared_memory_slots", "gauge", "Slots in shared memory, in use and kept for reuse.", ("state",))
SLOT_BYTES = Metric("pixelmill_shared_memory_bytes", "gauge", "Size of all of these slots.")
BUILD = Metric("pixelmill_build_info", "gauge", "1, with the version of the orchestrator.", ("version",))
OF_ORCHESTRATOR = (REJECTED, IN_FLIGHT, QUEUED, PLACES, QUARANTINED, SLOTS, SLOT_BYTES, BUILD)
"""How the orchestrator is at the moment of the look."""

WHO = ("pool", "name", "address")
UP = Metric("pixelmill_instance_up", "gauge", "1 where the instance takes calls, else 0.", WHO)
DRAINING = Metric("pixelmill_instance_draining", "gauge", "1 while the instance finishes what it has and then stops.", WHO)
CALLS = Metric("pixelmill_instance_calls_total", "counter", "Calls that the instance has answered since its start.", WHO)
INSTANCE_IN_FLIGHT = Metric("pixelmill_instance_in_flight", "gauge", "Calls that the instance has.", WHO)
INSTANCE_QUEUED = Metric("pixelmill_instance_queued", "gauge", "Those of them that wait for a free thread.", WHO)
CPU = Metric("pixelmill_instance_cpu_seconds_total", "counter", "CPU time of the instance and its processes.", WHO)
CORES = Metric("pixelmill_instance_cores", "gauge", "CPU cores that the instance may use.", WHO)
MEMORY = Metric("pixelmill_instance_memory_bytes", "gauge", "Resident memory of the instance and its processes.", WHO)
MEMORY_LIMIT = Metric(
    "pixelmill_instance_memory_limit_bytes", "gauge", "Memory that its container, or else its machine, has.", WHO
)
UPTIME = Metric("pixelmill_instance_uptime_seconds", "gauge", "Time since the instance started.", WHO)
OF_INSTANCES = (*(UP, DRAINING, CALLS, INSTANCE_IN_FLIGHT, INSTANCE_QUEUED, CPU, CORES, MEMORY, MEMORY_LIMIT, UPTIME),)
"""How each instance is, as the orchestrator sees it. The label is `name`, as Prometheus has one that it calls `instance`."""

CATALOG = (*OF_REQUESTS, *OF_ORCHESTRATOR, *OF_INSTANCES)
