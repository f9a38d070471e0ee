"""Traces by OpenTelemetry: one tree for each request, from the client through the orchestrator to the workers.

Servers trace where the standard variables ask for it and the SDK is installed (`pixelmill[otel]`). Otherwise everything here
is one look at a variable. Clients trace with whatever the program that they are part of has set up.

Spans hold names, sizes and times: no picture, no text of a watermark, no error's message.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol

from opentelemetry import context, propagate, trace
from opentelemetry.trace import INVALID_SPAN, ProxyTracerProvider, Span, SpanKind, Status, StatusCode, Tracer

from pixelmill import __version__
from pixelmill.errors import PixelmillError
from pixelmill.settings import TracingSettings, load

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

NAME = "pixelmill"
NANO = 1_000_000_000
Value = str | int | float | bool | list[str]
Attributes = Mapping[str, Value]
NO_ATTRIBUTES: Attributes = {}
log = logging.getLogger("pixelmill.telemetry")
_tracer: Tracer | None = None
_provider: TracerProvider | None = None
_NOTHING = nullcontext(INVALID_SPAN)


class Step(Protocol):
    """A part of a hop: what was done, and when, in seconds of `time.perf_counter`, which a machine's processes share."""

    @property
    def kind(self) -> str: ...
    @property
    def operations(self) -> tuple[str, ...]: ...
    @property
    def started(self) -> float: ...
    @property
    def seconds(self) -> float: ...


def start(service: str, instance: str, settings: TracingSettings | None = None) -> bool:
    """Trace from now on, where the settings (the environment's where None) ask for it. Returns whether it does.

    Args:
        service: what all processes of this kind are called, unless OTEL_SERVICE_NAME says otherwise.
        instance: what this one is called.
    """
    global _tracer, _provider
    settings = settings or load(TracingSettings)
    if not settings.exporters:
        return False
    try:
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning(
            "expected opentelemetry-sdk for the traces that OTEL_… asks for, got none: pip install 'pixelmill[otel]'"
        )
        return False
    ours = Resource({"service.name": service, "service.instance.id": instance, "service.version": __version__})
    provider = TracerProvider(resource=Resource.create(dict(ours.merge(OTELResourceDetector().detect()).attributes)))
    for name in settings.exporters:
        found = [*entry_points(group="opentelemetry_traces_exporter", name=name)]
        if not found:
            log.warning("expected an installed exporter for OTEL_TRACES_EXPORTER, got %s", name)
        for entry in found[:1]:
            provider.add_span_processor(BatchSpanProcessor(entry.load()()))
    trace.set_tracer_provider(provider)
    _provider, _tracer = provider, provider.get_tracer(NAME, __version__)
    return True


def stop() -> None:
    """Send what has not been sent yet, if anybody takes it, and stop tracing."""
    global _tracer, _provider
    if _provider:
        _provider.shutdown()
    _tracer = _provider = None


def active() -> bool:
    """Tell whether this server traces."""
    return _tracer is not None


def span(
    name: str, attributes: Attributes = NO_ATTRIBUTES, kind: SpanKind = SpanKind.INTERNAL
) -> AbstractContextManager[Span]:
    """Return a context that is a part of the request, beneath what is around it."""
    return _within(_tracer, name, kind, attributes) if _tracer else _NOTHING


def calling(name: str, attributes: Attributes) -> AbstractContextManager[Span]:
    """Return a context that is a client's call: it belongs to the trace of the program around it, if that has one."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, ProxyTracerProvider) and trace.get_current_span() is INVALID_SPAN:
        return _NOTHING  # it has not set anything up
    return _within(provider.get_tracer(NAME, __version__), name, SpanKind.CLIENT, attributes)


def joined(carrier: Mapping[str, str]) -> AbstractContextManager[object]:
    """Return a context whose spans belong to the trace that a caller names in its headers."""
    return _joined(carrier) if _tracer else _NOTHING


def headers() -> tuple[tuple[str, str], ...]:
    """Return what tells whoever is called which trace and span it is part of.

    Source: W3C, Trace Context.
    """
    if trace.get_current_span() is INVALID_SPAN:
        return ()
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return tuple(carrier.items())


def trace_id() -> str:
    """Return the id of the trace that is recorded here, as hexadecimal digits; empty where there is none."""
    if not _tracer:
        return ""
    found = trace.get_current_span().get_span_context()
    return trace.format_trace_id(found.trace_id) if found.is_valid and found.trace_flags.sampled else ""


def note(attributes: Attributes) -> None:
    """Add attributes to the span that is open."""
    if _tracer:
        trace.get_current_span().set_attributes(attributes)


def event(name: str, attributes: Attributes) -> None:
    """Add to the span that is open that something happened now."""
    if _tracer:
        trace.get_current_span().add_event(name, attributes)


def failed(reason: str) -> None:
    """Say of the span that is open why it failed."""
    trace.get_current_span().set_status(Status(StatusCode.ERROR, reason))
    trace.get_current_span().set_attribute("error.type", reason)


def past(name: str, seconds: float) -> None:
    """Add a part that has just ended, and took so long."""
    if _tracer:
        now = time.time_ns()
        _tracer.start_span(name, start_time=now - round(seconds * NANO)).end(now)


def add_steps(steps: Iterable[Step]) -> None:
    """Add the parts of a hop that is done, each when it was."""
    if not _tracer:
        return
    offset = time.time_ns() - round(time.perf_counter() * NANO)
    for step in steps:
        started = offset + round(step.started * NANO)
        name = step.kind if step.kind != "operation" else " + ".join(step.operations)
        attributes = {"pixelmill.operations": list(step.operations)} if step.operations else {}
        made = _tracer.start_span(name, attributes=attributes, start_time=started)
        made.end(started + round(step.seconds * NANO))


@contextmanager
def _within(tracer: Tracer, name: str, kind: SpanKind, attributes: Attributes) -> Iterator[Span]:
    with tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as made:
        try:
            yield made
        except PixelmillError as error:
            failed(error.reason)
            raise


@contextmanager
def _joined(carrier: Mapping[str, str]) -> Iterator[None]:
    token = context.attach(propagate.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)
