"""What the orchestrator does, whoever asks for it: those who speak gRPC or HTTP only translate."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable

import image_processing_pb2 as pb
from pixelmill.current import work_on
from pixelmill.errors import Cancelled, Draining, Overloaded, PixelmillError
from pixelmill.fleet.addresses import parse_hosts
from pixelmill.fleet.admission import Admission
from pixelmill.fleet.census import Census
from pixelmill.fleet.channels import Pools
from pixelmill.fleet.credentials import worker_tls
from pixelmill.fleet.dispatch import Dispatcher
from pixelmill.fleet.faults import as_error
from pixelmill.fleet.headers import AT_A_TIME, Headers
from pixelmill.fleet.history import Entrance, History, Record
from pixelmill.fleet.isolated import cells_of
from pixelmill.fleet.journey import Progress, Request
from pixelmill.fleet.monitor import Monitor
from pixelmill.fleet.quarantine import Quarantine
from pixelmill.fleet.server import Server, instance_info
from pixelmill.fleet.slots import Slots
from pixelmill.fleet.timeline import Timeline
from pixelmill.fleet.usage import Durations, usage
from pixelmill.limits import MIB
from pixelmill.plan import check_placement
from pixelmill.result import Result
from pixelmill.settings import OrchestratorSettings, hosts_variable
from pixelmill.telemetry import tracing

UNKNOWN_PLACES = 64
"""Requests worked on at a time where no instance has told how many cores it has: most fail soon."""
HEADER_MEMORY = 512 * MIB
"""What a process may take that reads headers, bytes."""
ROLES = ("resize", "filter", "watermark")
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
Watcher = Callable[[Record], None]
"""Is told of a request when it has come, after each of its steps, and at its end. It must not raise."""


class FleetService:
    """Runs requests over the pools, and knows what became of them.

    Args:
        settings: the orchestrator's.
        server: by which clients reach it, and which knows whether it is about to stop.

    Attributes:
        watchers: those who are told of each request.
        rejected: requests that were turned away before anything was done, by reason.

    Raises:
        InvalidPipeline: a list of hosts cannot be read, or a certificate or key cannot be used.
    """

    def __init__(self, settings: OrchestratorSettings, server: Server) -> None:
        self.settings = settings
        self.server = server
        self.limits = settings.limits
        hosts = {name: parse_hosts(text, hosts_variable(name)) for name, text in settings.hosts.items()}
        self.pools = Pools(hosts, self.limits, settings.resolve_s, worker_tls(settings), settings.balancing)
        self.admission = Admission(self._places, queue=settings.queue, queue_s=settings.queue_s)
        self.slots = Slots()
        self.headers = Headers(
            self.limits,
            cells_of(settings, settings.service_name, AT_A_TIME, HEADER_MEMORY) if settings.isolate else None,
        )
        quarantine = Quarantine(settings.quarantine_s)
        self.dispatcher = Dispatcher(self.pools, self.limits, self.admission, self.slots, quarantine, self.headers)
        self.census = Census(self.pools)
        self.monitor = Monitor(self.census, self.describe)
        self.history = History()
        self.durations = Durations()
        self.timeline = Timeline()
        self.watchers: list[Watcher] = [self.timeline.add]
        self.rejected: Counter[str] = Counter()
        self.calls = 0
        self.in_flight = 0
        spread = all(role in hosts for role in ROLES)
        self.placement = check_placement(settings.placement or ("spread" if spread else "auto"))

    async def open(self) -> None:
        """Connect to the workers.

        Raises:
            Unavailable: processes for headers cannot be started.
        """
        await self.headers.open()
        if self.settings.shared_memory == "auto":
            self.slots.open()
        await self.pools.open()

    async def close(self) -> None:
        """Free what it holds."""
        await self.monitor.close()
        self.headers.close()
        await self.pools.close()
        self.slots.close()

    def check_open(self) -> None:
        """Raise `Draining` where it takes nothing new."""
        if self.server.closed:
            self.rejected[Draining.reason] += 1
            raise Draining("the orchestrator is shutting down")

    def out_of_reach(self) -> list[str]:
        """Return the names of the pools that are configured and of which no instance can be reached."""
        reach = self.pools.reach
        return [name for name in self.settings.hosts if not reach.up(self.pools[name].known)]

    def check_room(self, id: str, size: int, entrance: Entrance) -> None:
        """Look whether a request would be let in now, before its `size` bytes are read: cheap, and for every request.

        One that is refused here is known as one that failed.

        Raises:
            Draining, Overloaded: it would not.
        """
        self.check_open()
        try:
            self.admission.look(size)
        except Overloaded as error:
            self.note_failure(id, size, entrance, error, 0.0)
            raise

    def note_failure(self, id: str, size: int, entrance: Entrance, error: PixelmillError, total_s: float) -> None:
        """Take note of a request that came to nothing before it could be run: refused, or given up on its way here."""
        record = Record(id, size, self.placement, entrance)
        self.history.add(record)
        self._fail(record, error, total_s)
        self._tell(record)

    async def run(self, request: Request, entrance: Entrance) -> Result:
        """Run one request.

        Raises:
            PixelmillError: what is wrong with the request, or with the fleet.
        """
        self.check_open()
        work_on(request.id)
        record = Record(request.id, len(request.source), request.placement, entrance)
        self.history.add(record)
        started = time.perf_counter()
        self.in_flight += 1
        self._tell(record)

        def advance(progress: Progress) -> None:
            record.advance(progress)
            self._tell(record)

        try:
            with tracing.span("request", _attributes(record)):
                record.trace_id = tracing.trace_id()
                result = await self.dispatcher.run(request, advance)
            record.complete(result)
            return result
        except asyncio.CancelledError:
            record.fail(Cancelled(""), time.perf_counter() - started)
            raise
        except Exception as error:
            fault = as_error(error)
            self._fail(record, fault, time.perf_counter() - started)
            raise fault from None
        finally:
            self.in_flight -= 1
            self.calls += 1
            self.durations.add(record.total_s)
            self._tell(record)

    def describe(self) -> pb.InstanceInfo:
        """Return how the orchestrator itself is."""
        info = instance_info(
            self.server,
            pool="orchestrator",
            name=self.settings.service_name,
            calls=self.calls,
            in_flight=self.in_flight,
            queued=self.admission.waiting,
            durations=self.durations,
            usage=usage(with_children=self.settings.isolate),
            shared_memory=self.slots.space,
        )
        info.address = f"{self.settings.host}:{self.server.port}"
        return info

    def _fail(self, record: Record, error: PixelmillError, total_s: float) -> None:
        record.fail(error, total_s)
        if isinstance(error, Overloaded):
            self.rejected[error.reason] += 1

    def _tell(self, record: Record) -> None:
        for watcher in self.watchers:
            watcher(record)

    def _places(self) -> int:
        """How many requests are worked on at a time: some more than there are cores, as some are always on their way."""
        if self.settings.running:
            return self.settings.running
        cores = self.pools.cores
        return cores + max(1, cores // 2) if cores else UNKNOWN_PLACES


def _attributes(record: Record) -> dict[str, tracing.Value]:
    return {
        "pixelmill.request_id": record.id,
        "pixelmill.entrance": record.entrance,
        "pixelmill.placement": record.placement,
        "pixelmill.bytes_in": record.original_bytes,
    }


def request_id(given: str) -> str | None:
    """Return the id that a client gave to its request, where it is a sane one."""
    return given if _ID.fullmatch(given) else None


def new_request_id() -> str:
    """Return an id for a request whose client gave none."""
    return uuid.uuid4().hex
