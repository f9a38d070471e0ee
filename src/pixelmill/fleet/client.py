"""A client of a fleet: the executor `grpc://HOST:PORT[,HOST:PORT…]`, or with TLS `grpcs://HOST:PORT[,HOST:PORT…]`."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import grpc

import image_processing_pb2 as pb
from pixelmill.errors import InvalidPipeline, NoHealthyInstance, Overloaded, PixelmillError, expected
from pixelmill.executors.base import Item, Outcome, Source, as_bytes, as_pipeline
from pixelmill.executors.local import bounded_map
from pixelmill.fleet import wire
from pixelmill.fleet.addresses import parse_hosts
from pixelmill.fleet.credentials import ClientTls, client_tls
from pixelmill.fleet.diagnosis import diagnose
from pixelmill.fleet.doors import Doors
from pixelmill.fleet.faults import error_from_call, has_details
from pixelmill.fleet.options import message_options
from pixelmill.fleet.tokens import Token, call_metadata, client_token, fixed_token
from pixelmill.fleet.traced import rpc_attributes
from pixelmill.limits import DEFAULT_LIMITS, Deadline, Limits
from pixelmill.pipeline import Pipeline
from pixelmill.result import Result
from pixelmill.settings import ClientSettings, load
from pixelmill.telemetry import tracing

IN_FLIGHT = 16
PATIENCE_S = 600.0
"""How long one of many pictures is sent again and again where the fleet has too much to do, seconds."""
_CALL = rpc_attributes("image_processing.OrchestratorService/RunPipeline")
WANTED = "grpc://HOST:PORT or grpcs://HOST:PORT"


class FleetExecutor:
    """Runs pipelines on a fleet, through its orchestrator, or through several by turns: those that are there.

    Args:
        target: `host:port`, or several separated by commas.
        placement: how the steps of a request are spread; the orchestrator's default where empty.
        in_flight: pictures of one `map` that are worked on at a time.
        limits: the bounds of messages, and the time for a picture that has no deadline.
        tls: how to speak TLS; unencrypted where None.
        token: what the orchestrator lets this client in by, or a function that returns it.
    """

    def __init__(
        self,
        target: str,
        *,
        placement: str = "",
        in_flight: int = IN_FLIGHT,
        limits: Limits = DEFAULT_LIMITS,
        tls: ClientTls | None = None,
        token: str | Token | None = None,
    ) -> None:
        self.target = target
        self.placement = placement
        self.in_flight = in_flight
        self.limits = limits
        self._tls = tls
        self._token = fixed_token(token) if isinstance(token, str) else token
        self._hosts = parse_hosts(target, "target")
        if not self._hosts:
            raise InvalidPipeline(expected("HOST:PORT", "target", target))
        size = limits.max_message_bytes
        self._doors = Doors(self._hosts, message_options(size, size), tls)
        self._closing = threading.Event()
        self._pool = ThreadPoolExecutor(in_flight, thread_name_prefix="pixelmill-fleet")

    @classmethod
    def from_url(cls, url: str, in_flight: int = IN_FLIGHT, settings: ClientSettings | None = None) -> Self:
        """Open `grpc://HOST:PORT[,HOST:PORT…]`, or `grpcs://…` with TLS. Certificates and a token are those of the settings.

        Args:
            url: one of these.
            in_flight: pictures of one `map` that are worked on at a time.
            settings: the environment's where None.

        Raises:
            InvalidPipeline: the URL is another, or a file that the settings name cannot be used.
        """
        scheme, _, rest = url.partition(":")
        target = rest.removeprefix("//")
        if "@" in target:
            raise InvalidPipeline(f"expected {WANTED} for the executor, got one with @; a token is given by PIXELMILL_TOKEN")
        hosts = ",".join(map(str, parse_hosts(target, "the executor", WANTED)))
        if not hosts:
            raise InvalidPipeline(expected(WANTED, "the executor", url))
        settings = settings or load(ClientSettings)
        tls = client_tls(settings) if scheme == "grpcs" else None
        return cls(hosts, in_flight=in_flight, tls=tls, token=client_token(settings))

    def run(self, source: Source, pipeline: Pipeline | str, *, deadline: Deadline | None = None) -> Result:
        """Run one picture. Raises a `PixelmillError`, of the class that the fleet raised."""
        deadline = deadline or Deadline.after(self.limits.timeout_s)
        deadline.check("sending it to the fleet")
        message = wire.pipeline_message(as_pipeline(pipeline))
        request = pb.RunPipelineRequest(image_data=as_bytes(source), pipeline=message, placement=self.placement)
        with tracing.calling("pixelmill run", _CALL):
            answer = self._answer(request, deadline, (*call_metadata(self._token), *tracing.headers()))
        return Result(wire.outputs_of(answer), wire.trace_of(answer.trace))

    def _answer(
        self, request: pb.RunPipelineRequest, deadline: Deadline, metadata: tuple[tuple[str, str], ...]
    ) -> pb.RunPipelineResponse:
        try:
            return self._doors.call(lambda stub: stub.RunPipeline(request, timeout=deadline.remaining_s, metadata=metadata))
        except grpc.RpcError as failure:
            error = error_from_call(failure)
            nobody = isinstance(error, NoHealthyInstance) and not has_details(failure)
            raise (self._nobody_there(error) if nobody else error) from None

    def map(self, items: Iterable[Item], pipeline: Pipeline | str) -> Iterator[Outcome]:
        """Run many pictures, `in_flight` at a time. Where the fleet has too much to do, they wait as long as it says."""
        made = as_pipeline(pipeline)
        return bounded_map(self._pool, items, lambda item: self._run_patiently(item, made), self.in_flight)

    def _run_patiently(self, item: Item, pipeline: Pipeline) -> Result:
        """Run one of many. Raises `Overloaded` only where the fleet takes it at no time for as long as `PATIENCE_S`."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.run(item.read(), pipeline)
            except Overloaded as error:
                # Not all at the same moment: those who were refused together would be refused together again.
                if time.monotonic() > until or self._closing.wait(error.retry_after_s * random.uniform(1, 2)):
                    raise

    def describe(self, timeout_s: float = 5.0) -> pb.DescribeFleetResponse:
        """Return the fleet's instances and how they are. Raises a `PixelmillError`."""
        try:
            metadata = call_metadata(self._token)
            return self._doors.call(
                lambda stub: stub.DescribeFleet(pb.DescribeFleetRequest(), timeout=timeout_s, metadata=metadata)
            )
        except grpc.RpcError as failure:
            error = error_from_call(failure)
            raise (error if has_details(failure) else self._nobody_there(error)) from None

    def _nobody_there(self, error: PixelmillError) -> PixelmillError:
        why = diagnose(self._hosts[0], self._tls)
        got = why or f"{error}; `pixelmill up` starts a fleet on this machine"
        return type(error)(f"expected an orchestrator at {self.target}, got: {got}")

    def close(self) -> None:
        """Close the connection."""
        self._closing.set()
        self._pool.shutdown(cancel_futures=True)
        self._doors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
