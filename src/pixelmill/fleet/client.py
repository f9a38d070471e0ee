"""A client of a fleet: the executor `grpc://HOST:PORT`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.errors import NoHealthyInstance, PixelmillError
from pixelmill.executors.base import Item, Outcome, Source, as_bytes, as_pipeline
from pixelmill.executors.local import bounded_map
from pixelmill.fleet import wire
from pixelmill.fleet.addresses import parse_host
from pixelmill.fleet.faults import error_from_call, has_details
from pixelmill.fleet.server import message_options
from pixelmill.limits import DEFAULT_LIMITS, Deadline, Limits
from pixelmill.pipeline import Pipeline
from pixelmill.result import Result

IN_FLIGHT = 16


class FleetExecutor:
    """Runs pipelines on a fleet, through its orchestrator at `target` (`host:port`)."""

    def __init__(
        self, target: str, *, placement: str = "", in_flight: int = IN_FLIGHT, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self.target = target
        self.placement = placement
        self.in_flight = in_flight
        self.limits = limits
        size = limits.max_message_bytes
        options = [*message_options(size, size), ("grpc.enable_http_proxy", 0)]
        self._channel = grpc.insecure_channel(target, options=options)
        self._stub = rpc.OrchestratorServiceStub(self._channel)
        self._pool = ThreadPoolExecutor(in_flight, thread_name_prefix="pixelmill-fleet")

    @classmethod
    def from_url(cls, url: str, in_flight: int = IN_FLIGHT) -> Self:
        """Open `grpc://HOST:PORT`. Raises `InvalidPipeline` where the URL is another."""
        target = url.removeprefix("grpc:").removeprefix("//")
        return cls(str(parse_host(target, "the executor", "grpc://HOST:PORT")), in_flight=in_flight)

    def run(self, source: Source, pipeline: Pipeline | str, *, deadline: Deadline | None = None) -> Result:
        """Run one picture. Raises a `PixelmillError`, of the class that the fleet raised."""
        deadline = deadline or Deadline.after(self.limits.timeout_s)
        deadline.check("sending it to the fleet")
        message = wire.pipeline_message(as_pipeline(pipeline))
        request = pb.RunPipelineRequest(image_data=as_bytes(source), pipeline=message, placement=self.placement)
        try:
            answer = self._stub.RunPipeline(request, timeout=deadline.remaining_s)
        except grpc.RpcError as failure:
            error = error_from_call(failure)
            nobody = isinstance(error, NoHealthyInstance) and not has_details(failure)
            raise (self._nobody_there(error) if nobody else error) from None
        return Result(wire.outputs_of(answer), wire.trace_of(answer.trace))

    def map(self, items: Iterable[Item], pipeline: Pipeline | str) -> Iterator[Outcome]:
        """Run many pictures, `in_flight` at a time."""
        made = as_pipeline(pipeline)
        return bounded_map(self._pool, items, lambda item: self.run(item.read(), made), self.in_flight)

    def describe(self, timeout_s: float = 5.0) -> pb.DescribeFleetResponse:
        """Return the fleet's instances and how they are. Raises a `PixelmillError`."""
        try:
            return self._stub.DescribeFleet(pb.DescribeFleetRequest(), timeout=timeout_s)
        except grpc.RpcError as failure:
            raise self._nobody_there(error_from_call(failure)) from None

    def _nobody_there(self, error: PixelmillError) -> PixelmillError:
        hint = "`pixelmill up` starts a fleet on this machine"
        return type(error)(f"expected an orchestrator at {self.target}, got: {error}; {hint}")

    def close(self) -> None:
        """Close the connection."""
        self._pool.shutdown(cancel_futures=True)
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
