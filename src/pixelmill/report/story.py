"""What a report tells of a document: which run is the subject, and what it is set against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pixelmill.bench.figures import Document, Ratio, Run
from pixelmill.bench.ratios import compare_documents
from pixelmill.errors import InvalidPipeline


@dataclass(frozen=True)
class Baseline:
    """What the subject is set against.

    Attributes:
        run: its figures.
        speed_up: the subject's throughput against it.
        is_same_session: whether their rounds took turns.
        source: the file that it is from; "" where it was measured with the subject.
        differences: what makes the two hard to compare.
    """

    run: Run
    speed_up: Ratio
    is_same_session: bool
    source: str = ""
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """A document, with the run that the report is about and its baseline."""

    document: Document
    run: Run
    baseline: Baseline | None

    @classmethod
    def of(cls, document: Document, earlier: Document | None = None, source: str = "") -> Self:
        """Choose the largest fleet as the subject: the last run. The first is its baseline, or the smallest of `earlier`.

        Args:
            document: the figures.
            earlier: figures with a baseline, measured at another time.
            source: where these are from.

        Raises:
            InvalidPipeline: there are no figures.
        """
        if not document.runs:
            raise InvalidPipeline("expected figures of at least one run for the report, got none")
        run = document.runs[-1]
        if earlier is not None:
            return cls(document, run, _earlier(document, run, earlier, source))
        speed_up = _speed_up(document)
        return cls(document, run, Baseline(document.runs[0], speed_up, is_same_session=True) if speed_up else None)

    @property
    def cores(self) -> int:
        """Cores of all machines that the fleet runs on."""
        return self.run.cores

    @property
    def client_machine(self) -> int | None:
        """The number of the fleet's machine that the client ran on; None where it ran on another."""
        return next((machine.number for machine in self.run.machines if machine.is_clients), None)


def _speed_up(document: Document) -> Ratio | None:
    if len(document.runs) < 2:
        return None
    if document.scaling:
        return document.scaling[-1].speed_up
    return document.comparison.throughput if document.comparison else None


def _earlier(document: Document, run: Run, earlier: Document, source: str) -> Baseline:
    fleets = [one for one in earlier.runs if one.place != "local"] or list(earlier.runs)
    if not fleets:
        raise InvalidPipeline(f"expected figures of at least one run in {source}, got none")
    smallest = min(fleets, key=lambda one: len(one.workers))
    comparison = compare_documents(
        earlier.model_copy(update={"runs": (smallest,)}), document.model_copy(update={"runs": (run,)}), (source, run.label)
    )
    return Baseline(smallest, comparison.throughput, False, source, comparison.differences)


def worst_pool(run: Run) -> tuple[str, int] | None:
    """Return the pool of several instances whose calls were spread least evenly, and the difference; None without one."""
    several = [pool for pool in run.pools if pool.instances > 1]
    worst = max(several, key=lambda pool: pool.difference, default=None)
    return (worst.pool, worst.difference) if worst else None


def counts(run: Run) -> str:
    """Say how many instances a run's pools have, as "3 resize, 5 filter and 3 watermark workers"."""
    return f"{listed([f'{pool.instances} {pool.pool}' for pool in run.pools])} worker{'s' if len(run.workers) != 1 else ''}"


def listed(several: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join([", ".join(several[:-1]), several[-1]] if len(several) > 1 else several)
