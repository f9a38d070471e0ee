"""What became of a request, as messages: reports, traces, errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import image_processing_pb2 as pb
from pixelmill.errors import PixelmillError, from_reason
from pixelmill.result import HopReport, Trace

MICRO = 1_000_000


def report_message(report: HopReport) -> pb.HopReport:
    """Return a hop's report as a message."""
    return pb.HopReport(
        instance=report.instance,
        pool=report.pool,
        operations=report.operations,
        decode_us=_micro(report.decode_s),
        operations_us=[_micro(seconds) for seconds in report.operations_s],
        encode_us=_micro(report.encode_s),
        queue_us=_micro(report.queue_s),
        transfer_us=_micro(report.transfer_s),
        bytes_in=report.bytes_in,
        bytes_out=report.bytes_out,
        attempts=report.attempts,
        rendition=report.rendition,
        started_us=_micro(report.started_s),
    )


class Called(NamedTuple):
    """What a caller knows of a hop. Times are in seconds.

    Attributes:
        pool: it was picked from.
        rendition: it was for; "" for several.
        started_s: when it began, after the request came.
        wall_s: how long it took.
        again: calls that were made before the one that was answered.
    """

    pool: str
    rendition: str
    started_s: float
    wall_s: float
    again: int


def report_of(message: pb.HopReport, called: Called | None = None) -> HopReport:
    """Return a message's report, with what its caller adds."""
    transfer_us = message.transfer_us
    if called:
        known = message.queue_us + message.decode_us + sum(message.operations_us) + message.encode_us
        transfer_us = max(0, _micro(called.wall_s) - known)
    return HopReport(
        instance=message.instance,
        pool=called.pool if called else message.pool,
        operations=tuple(message.operations),
        decode_s=message.decode_us / MICRO,
        operations_s=tuple(micro / MICRO for micro in message.operations_us),
        encode_s=message.encode_us / MICRO,
        queue_s=message.queue_us / MICRO,
        transfer_s=transfer_us / MICRO,
        bytes_in=message.bytes_in,
        bytes_out=message.bytes_out,
        attempts=(message.attempts or 1) + (called.again if called else 0),
        rendition=called.rendition if called else message.rendition,
        started_s=called.started_s if called else message.started_us / MICRO,
    )


def trace_message(trace: Trace) -> pb.Trace:
    """Return a trace as a message."""
    return pb.Trace(
        request_id=trace.request_id,
        hops=[report_message(hop) for hop in trace.hops],
        queue_us=_micro(trace.queue_s),
        total_us=_micro(trace.total_s),
    )


def trace_of(message: pb.Trace) -> Trace:
    """Return a message's trace."""
    hops: Sequence[HopReport] = [report_of(hop) for hop in message.hops]
    return Trace(message.request_id, tuple(hops), message.queue_us / MICRO, message.total_us / MICRO)


def error_message(error: PixelmillError) -> pb.Error:
    """Return an error as a message."""
    return pb.Error(reason=error.reason, message=str(error))


def error_of(message: pb.Error) -> PixelmillError:
    """Return a message's error."""
    return from_reason(message.reason, message.message)


def _micro(seconds: float) -> int:
    return round(seconds * MICRO)
