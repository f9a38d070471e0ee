"""Measures settings round by round, in turn, and makes a document of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, nullcontext
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
        PixelmillError: a place cannot be opened.
    """
    recordings: dict[Setting, Recording] = {}
    interrupted = False
    date = datetime.now().astimezone().isoformat(timespec="seconds")
    try:
        _all_rounds(session, progress, recordings)
    except KeyboardInterrupt:
        if not any(taken.tally.done for recording in recordings.values() for taken in recording.rounds):
            raise
        interrupted = True
    measured = [recordings[setting] for setting in session.settings if setting in recordings]
    runs = tuple(recording.run() for recording in measured if recording.rounds)
    complete = len(runs) == len(session.settings)
    return Document(
        version=__version__,
        date=date,
        command=command,
        interrupted=interrupted,
        machine=machine(),
        load=session.workload.about,
        runs=runs,
        comparison=compare(*runs[:2]) if session.relation == "comparison" and complete else None,
        scaling=points(runs) if session.relation == "scaling" else (),
    )


def _all_rounds(session: Session, progress: Progress, recordings: dict[Setting, Recording]) -> None:
    with ExitStack() as stack:
        shared = None if session.is_fresh else stack.enter_context(session.open_places())
        opened: dict[Setting, Place] = {}
        for number in range(session.workload.rounds):
            for setting in session.settings:
                title = f"{setting.label}, round {number + 1} of {session.workload.rounds}"
                with nullcontext(shared) if shared else session.open_places() as places:
                    place = opened.get(setting) if shared else None
                    if place is None:
                        place = opened[setting] = places.open(setting)
                        _warm_up(place, session.workload, progress, f"{setting.label}, warming up")
                    recording = recordings.setdefault(setting, Recording(place))
                    _one_round(place, session, progress, title, recording)


def _warm_up(place: Place, workload: Workload, progress: Progress, title: str) -> None:
    if not workload.warm_up:
        return
    tally = Tally()
    warming = replace(workload, requests=workload.warm_up, duration_s=None, rate_per_s=None)
    progress.begin(title, warming)
    Drive(place.send, warming, tally).run(progress.advance)
    progress.end(tally)


def _one_round(place: Place, session: Session, progress: Progress, title: str, recording: Recording) -> None:
    tally, watch = Tally(), Watch(place.looking)
    containers: list[Usage] = []
    progress.begin(title, session.workload)
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
