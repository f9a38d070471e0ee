"""Logs of servers: lines for people, or one JSON object a line, with the request that they are about."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor

from pixelmill.current import request_id
from pixelmill.telemetry import tracing

Format = Literal["human", "json"]


def set_up(service: str, level: str, format: Format, *, with_pid: bool = False) -> None:
    """Have this process log to standard error.

    Args:
        service: the instance's name.
        level: from which on.
        format: for people, or for programs.
        with_pid: whether several processes of this instance do.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json(service) if format == "json" else _Human(service, with_pid))
    logging.basicConfig(level=level.upper(), handlers=[handler])


def set_up_cell(service: str, level: str, format: Format) -> None:
    """The same for a process that one of an instance has started."""
    set_up(service, level, format, with_pid=True)


class _Human(logging.Formatter):
    def __init__(self, service: str, with_pid: bool) -> None:
        pid = " [%(process)d]" if with_pid else ""
        super().__init__(f"%(asctime)s {service.replace('%', '%%')}{pid} %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line, with the request's id at its end where there is one."""
        id = request_id()
        return super().formatMessage(record) + (f" [request {id}]" if id else "")


def _json(service: str) -> logging.Formatter:
    def add_context(logger: object, method: str, event: EventDict) -> EventDict:
        event["service"] = service
        if id := request_id():
            event["request_id"] = id
        if trace := tracing.trace_id():
            event["trace_id"] = trace
        return event

    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_context,
        # Not what variables held: that may be anything.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.EventRenamer("event"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
