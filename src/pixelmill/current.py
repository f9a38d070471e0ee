"""Which request this thread or task works on, for those who log about it."""

from __future__ import annotations

from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """Return the request's id; empty where it is none."""
    return _request_id.get()


def work_on(request_id: str) -> None:
    """Say that from now on it is this one."""
    _request_id.set(request_id)
