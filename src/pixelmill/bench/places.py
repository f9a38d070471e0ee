"""Where requests run, and how their steps are spread: what is compared with each other."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Literal, Self

from pixelmill.bench import over_http
from pixelmill.bench.drive import Send
from pixelmill.bench.looks import LOCAL, Looking, of_fleet, of_this_process
from pixelmill.errors import InvalidPipeline, Unavailable, expected
from pixelmill.executors import Executor, LocalExecutor
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.embedded import EmbeddedFleet
from pixelmill.limits import Deadline
from pixelmill.pipeline import Pipeline
from pixelmill.plan import PLACEMENTS
from pixelmill.result import Trace
from pixelmill.settings import ClientSettings

Counts = tuple[int, int, int]
_COUNTS = re.compile(r"(\d{1,3})/(\d{1,3})/(\d{1,3})")
_WANTED = (
    "a placement, R/F/W (counts of workers), local, grpc://HOST:PORT or http://HOST:PORT, or PLACEMENT@ and one of these,"
)


@dataclass(frozen=True)
class Setting:
    """One thing to measure.

    Attributes:
        place: "local" (the bare engine in this process), the URL of a fleet, or how many resize, filter and watermark
            workers a fleet of this machine is to have.
        placement: how steps are spread; the fleet's own default where empty.
    """

    place: str | Counts
    placement: str = ""

    @classmethod
    def parse(cls, text: str, name: str, default: Setting) -> Self:
        """Read `PLACEMENT`, `PLACE` or `PLACEMENT@PLACE`; what is not said is as in `default`.

        Raises:
            InvalidPipeline: it is none of them.
        """
        first, at, rest = text.partition("@")
        placement, place = (first, rest) if at else (first, "") if first in PLACEMENTS else ("", first)
        if placement and placement not in PLACEMENTS:
            raise InvalidPipeline(expected(f"one of {', '.join(PLACEMENTS)}", f"the placement in {name}", placement))
        return cls(parse_place(place, name) if place else default.place, placement or default.placement)

    @property
    def label(self) -> str:
        """What it is called in tables."""
        place = self.counts_text if isinstance(self.place, tuple) else self.place
        return f"{self.placement}@{place}" if self.placement else place

    @property
    def counts_text(self) -> str:
        """How many workers, as `3/5/3`; "" for another place."""
        return "/".join(map(str, self.place)) if isinstance(self.place, tuple) else ""

    @property
    def kind(self) -> Literal["embedded", "fleet", "local"]:
        """Which kind of place it is."""
        if isinstance(self.place, tuple):
            return "embedded"
        return "local" if self.place == LOCAL else "fleet"


def parse_counts(text: str, name: str) -> Counts:
    """Read `3/5/3`. Raises `InvalidPipeline` where it is no such text, or no worker at all."""
    found = _COUNTS.fullmatch(text.strip())
    counts = tuple(map(int, found.groups())) if found else ()
    if len(counts) != 3 or not sum(counts):
        raise InvalidPipeline(expected("R/F/W, such as 3/5/3,", name, text))
    return counts[0], counts[1], counts[2]


def parse_place(text: str, name: str) -> str | Counts:
    """Read a place alone. Raises `InvalidPipeline` where it is none."""
    if text == LOCAL or text.startswith(("grpc://", "grpcs://")):
        return text
    if text.startswith(("http://", "https://")):
        return over_http.checked(text)
    if _COUNTS.fullmatch(text):
        return parse_counts(text, name)
    raise InvalidPipeline(expected(_WANTED, name, text))


@dataclass(frozen=True)
class Place:
    """Where one setting's requests go.

    Attributes:
        setting: which one.
        send: sends one picture.
        looking: tells how its instances are.
        url: of a fleet that runs already; "" for what is started here.
        tells_steps: whether traces tell how long each step took, and how often it was tried.
    """

    setting: Setting
    send: Send
    looking: Looking
    url: str = ""
    tells_steps: bool = True


@dataclass
class Places:
    """Opens places, and closes them all at the end. Settings that differ in their placement alone share a fleet.

    Args:
        pipeline: what is run.
        settings: certificates and the token for fleets that run already.
        plugins: modules with operations, for fleets that are started here.
    """

    pipeline: Pipeline
    settings: ClientSettings
    plugins: tuple[str, ...] = ()
    _stack: ExitStack = field(default_factory=ExitStack)
    _fleets: dict[Counts, EmbeddedFleet] = field(default_factory=dict)

    def open(self, setting: Setting) -> Place:
        """Open a setting's place.

        Raises:
            PixelmillError: no fleet is there, or none can be started.
        """
        if setting.kind == "local":
            return self._local(setting)
        if isinstance(setting.place, tuple):
            return self._over_grpc(setting, self._fleet(setting.place).url, ClientSettings(), by_name=True)
        if setting.place.startswith("http"):
            return self._over_http(setting, setting.place)
        return self._over_grpc(setting, setting.place, self.settings)

    def close(self) -> None:
        """End the fleets that were started, and close all connections."""
        self._stack.close()
        self._fleets.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _local(self, setting: Setting) -> Place:
        executor = self._stack.enter_context(LocalExecutor(1))
        return Place(setting, lambda data, deadline: self._run(executor, data, deadline), of_this_process)

    def _over_grpc(self, setting: Setting, url: str, settings: ClientSettings, *, by_name: bool = False) -> Place:
        executor = self._stack.enter_context(FleetExecutor.from_url(url, settings=settings))
        executor.placement = setting.placement
        executor.describe()  # where nothing answers, one message says so, and not one for each request
        return Place(
            setting,
            lambda data, deadline: self._run(executor, data, deadline),
            lambda: of_fleet(executor, by_name=by_name),
            url if setting.kind == "fleet" else "",
        )

    def _over_http(self, setting: Setting, url: str) -> Place:
        fleet = over_http.HttpFleet(url, self.pipeline, setting.placement, self.settings)
        self._stack.callback(fleet.close)
        fleet.look()
        return Place(setting, fleet.send, fleet.look, url, tells_steps=False)

    def _run(self, executor: Executor, data: bytes, deadline: Deadline) -> Trace:
        return executor.run(data, self.pipeline, deadline=deadline).trace

    def _fleet(self, counts: Counts) -> EmbeddedFleet:
        if counts not in self._fleets:
            log = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed with the places
            fleet = EmbeddedFleet(*counts, plugins=self.plugins, log=log)
            self._fleets[counts] = _started(self._stack.enter_context, fleet, log)
        return self._fleets[counts]


def _started(enter: Callable[[EmbeddedFleet], EmbeddedFleet], fleet: EmbeddedFleet, log: IO[bytes]) -> EmbeddedFleet:
    """Start a fleet; where it does not start, say what its log says."""
    try:
        return enter(fleet)
    except Unavailable as error:
        log.seek(0)
        lines = log.read().decode(errors="replace").strip().splitlines()
        raise Unavailable(f"{error}{': ' if lines else ''}{' '.join(lines[-3:])}") from None
