"""Measures settings round by round, in turn, and makes a document of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

from pixelmill import __version__
from pixelmill.bench.containers import Engine, Usage
from pixelmill.bench.drive import Drive, Tally
from pixelmill.bench.figures import Document
from pixelmill.bench.looks import Watch
from pixelmill.bench.machine import machine
from pixelmill.bench.places import Place, Places, Setting
from pixelmill.bench.ratios import compare, points
from pixelmill.bench.recording import Recording, Taken
from pixelmill.bench.workload import Workload
from pixelmill.errors import PixelmillError

Relation = Literal["", "comparison", "scaling"]


class Progress(Protocol):
    """Is told what is being done."""

    def begin(self, what: str, workload: Workload) -> None:
        """Take note of what begins: one round, or its warm-up."""
        ...

    def advance(self, tally: Tally) -> None:
        """Take note of what has come back so far."""
        ...

    def end(self, tally: Tally) -> None:
        """Take note of the round's end."""
        ...

    def close(self) -> None:
        """Show nothing more."""
        ...


@dataclass(frozen=True)
class Session:
    """What is measured.

    Attributes:
        settings: one or more, whose rounds take turns.
        workload: what each gets.
        open_places: opens where requests run; each call gives places of their own.
        relation: what to make of several: "comparison" of the first two, "scaling" against the first, or "".
        engine: is asked for the containers, where there is one.
    """

    settings: tuple[Setting, ...]
    workload: Workload
    open_places: Callable[[], Places]
    relation: Relation = ""
    engine: Engine | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether each round gets a fleet that has just been started."""
        return self.relation == "scaling"


def measure(session: Session, progress: Progress, *, command: str = "") -> Document:
    """Measure all settings.

    Args:
        session: what to measure.
        progress: is told how it goes.
        command: what was typed, for the reader.

    Raises:
        KeyboardInterrupt: Ctrl-C, before anything came back. Later, the document says that it was interrupted.
        PixelmillError: a place cannot be opened, before anything came back. Later, the document says so.
    """
    recordings: dict[Setting, Recording] = {}
    interrupted, problem = False, ""
    date = datetime.now().astimezone().isoformat(timespec="seconds")
    try:
        _all_rounds(session, progress, recordings)
    except (KeyboardInterrupt, PixelmillError) as end:
        if not any(taken.tally.done for recording in recordings.values() for taken in recording.rounds):
            raise
        interrupted = isinstance(end, KeyboardInterrupt)
        problem = "" if interrupted else str(end)
    measured = [recordings[setting] for setting in session.settings if setting in recordings]
    runs = tuple(recording.run() for recording in measured if recording.rounds)
    complete = len(runs) == len(session.settings)
    return Document(
        version=__version__,
        date=date,
        command=command,
        interrupted=interrupted,
        problem=problem,
        machine=machine(),
        load=session.workload.about,
        runs=runs,
        comparison=compare(*runs[:2]) if session.relation == "comparison" and complete else None,
        scaling=points(runs) if session.relation == "scaling" else (),
    )


def _all_rounds(session: Session, progress: Progress, recordings: dict[Setting, Recording]) -> None:
    with ExitStack() as stack:
        opened: dict[Setting, Place] = {}
        if not session.is_fresh:
            places = stack.enter_context(session.open_places())
            opened = {setting: places.open(setting) for setting in session.settings}
            for place in opened.values():
                _warm_up(place, session.workload, progress)
        for number in range(1, session.workload.rounds + 1):
            for setting in session.settings:
                with ExitStack() as round_stack:
                    place = opened.get(setting) or _fresh(session, setting, progress, round_stack)
                    recording = recordings.setdefault(setting, Recording(place))
                    _one_round(place, session, progress, number, recording)


def _fresh(session: Session, setting: Setting, progress: Progress, stack: ExitStack) -> Place:
    """Return a place that has just been started, and is warm."""
    place = stack.enter_context(session.open_places()).open(setting)
    _warm_up(place, session.workload, progress)
    return place


def _warm_up(place: Place, workload: Workload, progress: Progress) -> None:
    if not workload.warm_up:
        return
    tally = Tally()
    warming = replace(workload, requests=workload.warm_up, duration_s=None, rate_per_s=None)
    progress.begin(f"{place.setting.label}, warming up", warming)
    Drive(place.send, warming, tally).run(progress.advance)
    progress.end(tally)


def _one_round(place: Place, session: Session, progress: Progress, number: int, recording: Recording) -> None:
    tally, watch = Tally(), Watch(place.looking)
    containers: list[Usage] = []
    progress.begin(f"{place.setting.label}, round {number} of {session.workload.rounds}", session.workload)
    try:
        with ExitStack() as stack:
            if session.engine:
                names = frozenset(one.name for one in place.looking())
                containers = stack.enter_context(session.engine.watching(names))
            stack.enter_context(watch.watching())
            Drive(place.send, session.workload, tally).run(progress.advance)
    finally:
        # A round that was interrupted counts as far as it went.
        if tally.done:
            recording.rounds.append(Taken(tally, tuple(watch.looks), tuple(containers)))
    progress.end(tally)
