"""Errors as problem+json.

Source: RFC 9457, Problem Details for HTTP APIs.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from pixelmill.errors import Overloaded, PixelmillError, Unauthenticated, expected, handling
from pixelmill.fleet.faults import as_error

MEDIA_TYPE = "application/problem+json"
CLIENT_CLOSED_REQUEST = 499


class Problem(BaseModel):
    """What went wrong."""

    type: str = Field("about:blank", description="always about:blank: `reason` tells one kind from another")
    title: str = Field(description="what the status means")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what was expected, and what came")
    reason: str = Field(description="for programs: the name of the error, the same as in gRPC's ErrorInfo")
    request_id: str = Field("", description="of the request that failed, where it got that far")


_CONTENT = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"content": _CONTENT, "description": "The request is at fault, or comes at a bad time"},
    "5XX": {"content": _CONTENT, "description": "The fleet is at fault"},
}


def answer(error: PixelmillError, request_id: str = "") -> JSONResponse:
    """Return the response for an error."""
    status = handling(error).http
    headers = {}
    if isinstance(error, Overloaded):
        headers["Retry-After"] = str(max(1, ceil(error.retry_after_s)))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return respond(status, error.reason, str(error), request_id, headers)


def respond(
    status: int, reason: str, detail: str, request_id: str = "", headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return a response of a status. `reason` is for programs, `detail` for people."""
    title = "Client Closed Request" if status == CLIENT_CLOSED_REQUEST else HTTPStatus(status).phrase
    problem = Problem(title=title, status=status, detail=detail, reason=reason, request_id=request_id)
    if request_id:
        headers = {**(headers or {}), "X-Request-Id": request_id}
    return JSONResponse(problem.model_dump(), status, headers, MEDIA_TYPE)


def as_bytes(status: int, reason: str, detail: str, headers: dict[str, str] | None = None) -> bytes:
    """Return a whole response for a connection that is closed after it, as it goes over the wire."""
    response = respond(status, reason, detail, headers={**(headers or {}), "Connection": "close"})
    lines = b"".join(b"%b: %b\r\n" % pair for pair in response.raw_headers)
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode() + lines + b"\r\n" + bytes(response.body)


def add_to(app: FastAPI) -> None:
    """Have an app answer whatever is raised with a problem."""

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if "Allow" in headers:
            methods = {*re.findall(r"\w+", headers["Allow"]), "OPTIONS"}
            headers["Allow"] = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=headers)
        elif request.method == "OPTIONS" and request.scope["path"] == "*":
            return Response(status_code=204, headers={"Allow": "GET, HEAD, OPTIONS, POST"})
        phrase = HTTPStatus(error.status_code).phrase
        reason = phrase.upper().replace(" ", "_").replace("-", "_")
        return respond(error.status_code, reason, _detail(request, error, headers), headers=headers)

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return respond(400, "INVALID_REQUEST", f"{where}: {first['msg']}")

    @app.exception_handler(PixelmillError)
    async def _ours(request: Request, error: PixelmillError) -> JSONResponse:
        return answer(error, request_id_of(request))

    @app.exception_handler(Exception)
    async def _other(request: Request, error: Exception) -> JSONResponse:
        return answer(as_error(error), request_id_of(request))


def _detail(request: Request, error: HTTPException, headers: dict[str, str]) -> str:
    """Return what was expected, and what came; the framework's own text where it is not about the path or the method."""
    path = request.scope["path"]
    if error.status_code == HTTPStatus.NOT_FOUND and error.detail == HTTPStatus.NOT_FOUND.phrase:
        return expected("/ or one that /docs lists", "the path", path)
    if "Allow" in headers:
        return expected(f"one of {headers['Allow']}", path, request.method)
    return str(error.detail)


def request_id_of(request: Request) -> str:
    """Return the id of a request that is being processed; empty where it has none."""
    return str(getattr(request.state, "request_id", ""))
