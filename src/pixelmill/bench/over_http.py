"""A fleet's orchestrator over HTTP, as a benchmark needs it: sends pictures, and looks at the instances."""

from __future__ import annotations

import re
import ssl
from typing import Any

import httpx
from pydantic import ValidationError

from pixelmill.bench.looks import Seen
from pixelmill.errors import (
    DeadlineExceeded,
    InvalidPipeline,
    NoHealthyInstance,
    PixelmillError,
    Unauthenticated,
    expected,
    from_reason,
)
from pixelmill.fleet.credentials import client_tls
from pixelmill.fleet.tokens import call_metadata, client_token
from pixelmill.limits import Deadline
from pixelmill.pipeline import Pipeline
from pixelmill.result import HopReport, Trace
from pixelmill.settings import ClientSettings
from pixelmill.web.problems import Problem
from pixelmill.web.views import FleetView, InstanceView

LOOK_S = 5.0
LONGEST_S = 3600.0
"""The most that a request may ask for."""
MOST_IN_ADDRESS = 8000
"""A longer pipeline is sent as a field of a form, bytes: it might not fit into the head of a request."""
WANTED = "http://HOST:PORT or https://HOST:PORT"
_HOP = re.compile(r'desc="(?P<operations>[^"@]*)@(?P<instance>[^"]*)"')


class HttpFleet:
    """A client of an orchestrator's HTTP API. Proxies that the environment names are not used.

    Args:
        url: `http://HOST:PORT` or `https://HOST:PORT`, with a path where a proxy has put it under one.
        pipeline: what is run on each picture.
        placement: how its steps are spread; the orchestrator's default where empty.
        settings: certificates and the token.

    Raises:
        InvalidPipeline: the URL is another, or a file that the settings name cannot be used.
    """

    def __init__(self, url: str, pipeline: Pipeline, placement: str, settings: ClientSettings) -> None:
        self.url = checked(url)
        self._pipeline = pipeline.to_text()
        self._query = {"placement": placement} if placement else {}
        self._token = client_token(settings)
        self._extensions = {"sni_hostname": settings.tls_name} if settings.tls_name else {}
        is_secure = url.startswith("https:")
        self._client = httpx.Client(
            base_url=self.url,
            verify=client_tls(settings).context() if is_secure else False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
            trust_env=False,
        )

    def send(self, data: bytes, deadline: Deadline) -> Trace:
        """Send a picture, and return what the answer's headers tell of its way: which instance did which operations.

        Raises:
            PixelmillError: of the class that the fleet raised, or what stands for a connection that failed.
        """
        deadline.check("sending it to the fleet")
        left_s = deadline.remaining_s
        headers = {"X-Timeout-S": f"{min(left_s, LONGEST_S):.3f}"}
        pipeline = {"pipeline": self._pipeline}
        sent: dict[str, Any]
        if len(self._pipeline.encode()) <= MOST_IN_ADDRESS:
            sent = {"params": self._query | pipeline, "content": data}
        else:
            sent = {"params": self._query, "data": pipeline, "files": {"image": data}}
        return trace_of(self._answer("POST", "v1/process", headers, left_s, **sent).headers)

    def look(self) -> tuple[Seen, ...]:
        """Return all instances that answer as they are now, the orchestrator last. Raises `PixelmillError`."""
        answer = self._answer("GET", "v1/fleet", {"Cache-Control": "no-cache"}, LOOK_S)
        try:
            fleet = FleetView.model_validate_json(answer.content)
        except ValidationError:
            raise self._nobody("another server, or one of another version") from None
        several = [one for pool in fleet.pools for one in pool.instances]
        return tuple(_seen(one) for one in (*several, fleet.orchestrator) if one.id)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _answer(self, method: str, path: str, headers: dict[str, str], timeout_s: float, **sent: Any) -> httpx.Response:
        headers |= call_metadata(self._token)
        try:
            answer = self._client.request(
                method, path, headers=headers, timeout=timeout_s, extensions=self._extensions, **sent
            )
        except httpx.TimeoutException:
            raise DeadlineExceeded(f"expected an answer of {self.url} within {timeout_s:.1f} s, got none") from None
        except httpx.TransportError as error:
            raise self._nobody(_why(error)) from None
        if answer.status_code != httpx.codes.OK:
            raise self._problem(answer)
        return answer

    def _problem(self, answer: httpx.Response) -> PixelmillError:
        try:
            problem = Problem.model_validate_json(answer.content)
        except ValidationError:
            return self._nobody(f"the status {answer.status_code} {answer.reason_phrase} of another server")
        hint = " (--token-file, or PIXELMILL_TOKEN)" if problem.reason == Unauthenticated.reason else ""
        return from_reason(problem.reason, problem.detail + hint)

    def _nobody(self, got: str) -> PixelmillError:
        return NoHealthyInstance(f"expected an orchestrator at {self.url}, got: {got}")


def checked(url: str) -> str:
    """Return the URL of an orchestrator. Raises `InvalidPipeline` where it is none."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise InvalidPipeline(expected(WANTED, "the fleet", url)) from None
    if parsed.userinfo:
        raise InvalidPipeline(f"expected {WANTED} for the fleet, got one with @; a token is given by PIXELMILL_TOKEN")
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise InvalidPipeline(expected(WANTED, "the fleet", url))
    return url


def trace_of(headers: httpx.Headers) -> Trace:
    """Return what the headers of an answer tell of each hop: its operations and its instance, but not its pool."""
    found = _HOP.finditer(headers.get("server-timing", ""))
    hops = (HopReport(one["instance"], "", tuple(one["operations"].split("+"))) for one in found)
    return Trace(headers.get("x-request-id", ""), tuple(hops))


def _seen(one: InstanceView) -> Seen:
    return Seen(
        # Not by its id: it may be started again meanwhile.
        key=(one.pool, one.name, one.address),
        pool=one.pool,
        name=one.name,
        address=one.address,
        id=one.id,
        machine=one.machine,
        machine_cores=one.machine_cores,
        cores=one.cores,
        calls=one.calls,
        cpu_s=one.cpu_s,
        memory_bytes=one.memory_bytes,
        p50_s=one.p50_s,
        p99_s=one.p99_s,
    )


def _system_error(error: BaseException | None) -> OSError | None:
    """Return what an error of the HTTP library comes from; None where that is no error of the system or of TLS."""
    if error is None or isinstance(error, OSError):
        return error
    return _system_error(error.__cause__ or error.__context__)


def _why(error: httpx.TransportError) -> str:
    """Say what is wrong with a connection, and what to do."""
    cause = _system_error(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = "a private CA's certificate is given by --tls-ca, another name by --tls-name"
        return f"its certificate is refused: {cause.verify_message} ({hint})"
    if isinstance(cause, ssl.SSLError):
        if cause.reason == "WRONG_VERSION_NUMBER":
            return "it does not speak TLS: use http://"
        if "CERTIFICATE" in (cause.reason or ""):
            return "it wants another client's certificate, or one at all (--tls-cert and --tls-key)"
        return f"TLS fails: {cause.reason}"
    if isinstance(error, httpx.RemoteProtocolError):
        return "it does not answer in HTTP: use https:// where it speaks TLS, grpc:// for the port of gRPC"
    said = (cause and cause.strerror) or str(error)
    return f"{said}; `pixelmill up` starts a fleet on this machine" if isinstance(error, httpx.ConnectError) else said
