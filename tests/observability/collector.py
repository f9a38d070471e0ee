"""A collector of traces: a real OTLP receiver in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as rpc

NANO = 1_000_000_000


@dataclass(frozen=True)
class Span:
    """One that came. `starts` and `ends` are in seconds since 1970; `kind` and `failed` are as OTLP has them."""

    trace: str
    id: str
    parent: str
    name: str
    service: str
    instance: str
    kind: int
    starts: float
    ends: float
    attributes: dict[str, object]
    events: tuple[str, ...]
    failed: bool


class Collector(rpc.TraceServiceServicer):
    """Keeps all spans that come. `endpoint` is where to send them."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.raw = b""
        self._spans: list[Span] = []
        self._lock = threading.Lock()

    @property
    def spans(self) -> list[Span]:
        """What has come so far."""
        with self._lock:
            return [*self._spans]

    def of(self, trace: str) -> list[Span]:
        """Return the spans of a trace, in the order in which they began."""
        return sorted((span for span in self.spans if span.trace == trace), key=lambda span: span.starts)

    def Export(  # noqa: N802
        self, request: service.ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> service.ExportTraceServiceResponse:
        """Take spans."""
        found = []
        for resource in request.resource_spans:
            of = {one.key: one.value.string_value for one in resource.resource.attributes}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                attributes: dict[str, object] = {one.key: _value(one.value) for one in span.attributes}
                found.append(
                    Span(
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        span.name,
                        of["service.name"],
                        of.get("service.instance.id", ""),
                        span.kind,
                        span.start_time_unix_nano / NANO,
                        span.end_time_unix_nano / NANO,
                        attributes,
                        tuple(event.name for event in span.events),
                        span.status.code == span.status.STATUS_CODE_ERROR,
                    )
                )
        with self._lock:
            self._spans += found
            self.raw += request.SerializeToString()
        return service.ExportTraceServiceResponse()


def _value(value: object) -> object:
    kind = value.WhichOneof("value")  # type: ignore[attr-defined]
    found = getattr(value, kind)
    return [_value(one) for one in found.values] if kind == "array_value" else found


@contextmanager
def collector() -> Iterator[Collector]:
    """Run one on a free port."""
    made = Collector()
    server = grpc.server(ThreadPoolExecutor(4))
    rpc.add_TraceServiceServicer_to_server(made, server)
    made.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield made
    finally:
        server.stop(None).wait()
