"""Counts what becomes of requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram

from pixelmill.result import HopReport, ImageInfo
from pixelmill.telemetry import catalog
from pixelmill.telemetry.catalog import TIMES_S, Metric

SEVERAL = "several"


class Finished(Protocol):
    """A request, as far as it is counted. Times are in seconds."""

    @property
    def is_done(self) -> bool: ...
    @property
    def entrance(self) -> str: ...
    @property
    def placement(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def hops(self) -> Sequence[HopReport]: ...
    @property
    def outputs(self) -> Sequence[tuple[str, ImageInfo]]: ...
    @property
    def queue_s(self) -> float: ...
    @property
    def total_s(self) -> float: ...
    @property
    def original_bytes(self) -> int: ...
    @property
    def original_pixels(self) -> int: ...
    @property
    def trace_id(self) -> str: ...


class Counters(dict[tuple[str, ...], Counter]):
    """A metric's counters by their labels' values. Looked up here, as that takes a lock and a second there."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self.metric = Counter(metric.name, metric.help, metric.labels, registry=registry)

    def __missing__(self, values: tuple[str, ...]) -> Counter:
        self[values] = made = self.metric.labels(*values) if values else self.metric
        return made


class Histograms(dict[tuple[str, ...], Histogram]):
    """The same for histograms of seconds."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self.metric = Histogram(metric.name, metric.help, metric.labels, registry=registry, buckets=TIMES_S)

    def __missing__(self, values: tuple[str, ...]) -> Histogram:
        self[values] = made = self.metric.labels(*values) if values else self.metric
        return made


class RequestMetrics:
    """The metrics of requests. They are counted once each is done: nothing happens on its way."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counters(catalog.REQUESTS, registry)
        self._took = Histograms(catalog.REQUEST_TIME, registry)
        self._queued = Histograms(catalog.QUEUE_TIME, registry)[()]
        self._hops = Histograms(catalog.HOP_TIME, registry)
        self._waited = Histograms(catalog.HOP_QUEUE_TIME, registry)
        self._transfers = Histograms(catalog.TRANSFER_TIME, registry)
        self._operations = Histograms(catalog.OPERATION_TIME, registry)
        self._decoded = Histograms(catalog.DECODE_TIME, registry)[()]
        self._encoded = Histograms(catalog.ENCODE_TIME, registry)
        self._retries = Counters(catalog.RETRIES, registry)
        sizes, pixels = Counters(catalog.BYTES, registry), Counters(catalog.PIXELS, registry)
        self._bytes_in, self._bytes_out = sizes[("in",)], sizes[("out",)]
        self._pixels_in, self._pixels_out = pixels[("in",)], pixels[("out",)]

    def add(self, request: Finished) -> None:
        """Count a request that is done."""
        if not request.is_done:
            return
        entrance, status = request.entrance, request.status
        self._requests[entrance, request.placement, status, request.reason].inc()
        # One trace to look at, among those that took as long.
        exemplar = {"trace_id": request.trace_id} if request.trace_id else None
        self._took[entrance, status].observe(request.total_s, exemplar)
        self._queued.observe(request.queue_s)
        self._bytes_in.inc(request.original_bytes)
        self._pixels_in.inc(request.original_pixels)
        for _, info in request.outputs:
            self._bytes_out.inc(info.bytes)
            self._pixels_out.inc(info.width * info.height * info.frames)
        for hop in request.hops:
            self._add_hop(hop, request.outputs)

    def _add_hop(self, hop: HopReport, outputs: Sequence[tuple[str, ImageInfo]]) -> None:
        pool = (hop.pool,)
        self._hops[pool].observe(hop.total_s)
        self._waited[pool].observe(hop.queue_s)
        self._transfers[pool].observe(hop.transfer_s)
        self._retries[pool].inc(hop.attempts - 1)
        for name, seconds in zip(hop.operations, hop.operations_s, strict=False):
            self._operations[(name,)].observe(seconds)
        if hop.decode_s:
            self._decoded.observe(hop.decode_s)
        if hop.encode_s:
            self._encoded[(_format(hop, outputs),)].observe(hop.encode_s)


def _format(hop: HopReport, outputs: Sequence[tuple[str, ImageInfo]]) -> str:
    """Return the format that a hop encoded to."""
    if hop.rendition:
        return next((info.format for name, info in outputs if name == hop.rendition), SEVERAL)
    return outputs[0][1].format if len(outputs) == 1 else SEVERAL
