"""Every workload on every peer, interleaved."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.engine.process import Peer, PeerFailed, Sample
from benchmarks.engine.quality import Quality, compare
from benchmarks.engine.workloads import WORKLOADS, Workload

FLOOR = "floor"


@dataclass
class Figures:
    """What one peer took for one workload: medians."""

    cpu_ms: float
    bytes: int
    quality: Quality | None = None


@dataclass
class Measured:
    """All figures.

    Attributes:
        figures: by workload and peer.
        floors: by workload: CPU milliseconds of the fastest decoder and of the fastest encoder, with their names.
        missing: by workload and peer, why there are no figures.
    """

    figures: dict[tuple[str, str], Figures] = field(default_factory=dict)
    floors: dict[str, dict[str, tuple[str, float]]] = field(default_factory=dict)
    missing: dict[tuple[str, str], str] = field(default_factory=dict)


def measure(peers: Sequence[Peer], folder: Path, rounds: int, step: Callable[[], None], only: Iterable[str]) -> Measured:
    """Run every workload `rounds` times on every peer, in turn, after once to warm up."""
    measured = Measured()
    workloads = [workload for workload in WORKLOADS if workload.name in only]
    taken: dict[tuple[str, str, str], list[Sample]] = {}
    saved = folder / "results"
    saved.mkdir(exist_ok=True)
    for number in range(rounds + 1):
        for workload in workloads:
            # Whoever comes first finds caches cold, so that is a different one each round.
            turn = number % len(peers)
            for peer in [*peers[turn:], *peers[:turn]]:
                for job in _jobs(peer, workload):
                    path = _saved(saved, workload, peer) if number == 0 and peer.name != FLOOR else None
                    sample = _sample(peer, job, workload, folder, path, measured)
                    if sample and number:
                        taken.setdefault((workload.name, peer.name, job), []).append(sample)
            step()
    for (name, peer_name, job), samples in taken.items():
        cpu_ms = statistics.median(sample.cpu_ms for sample in samples)
        if peer_name == FLOOR:
            _, part, library = job.split("/", 2)
            parts = measured.floors.setdefault(name, {})
            parts[part] = min(parts.get(part, (library, cpu_ms)), (library, cpu_ms), key=lambda found: found[1])
        else:
            measured.figures[name, peer_name] = Figures(cpu_ms, samples[0].bytes)
    for workload in workloads:
        if workload.compared:
            for peer in peers:
                if figures := measured.figures.get((workload.name, peer.name)):
                    figures.quality = compare(_saved(saved, workload, peer), folder / workload.picture)
    return measured


def _jobs(peer: Peer, workload: Workload) -> list[str]:
    if peer.name == FLOOR:
        return [job for job in peer.jobs if job.split("/")[0] == workload.name]
    return [workload.job]


def _saved(folder: Path, workload: Workload, peer: Peer) -> Path:
    return folder / f"{workload.name} {peer.name}".replace(" ", "-")


def _sample(peer: Peer, job: str, workload: Workload, folder: Path, save: Path | None, measured: Measured) -> Sample | None:
    if (workload.name, peer.name) in measured.missing:
        return None
    if job not in peer.jobs:
        measured.missing[workload.name, peer.name] = "cannot write it as installed"
        return None
    try:
        if save is None and peer.name == FLOOR:
            peer.load(job, folder / workload.picture)
        return peer.run(job, folder / workload.picture, save)
    except PeerFailed as error:
        measured.missing[workload.name, peer.name] = str(error)
        return None
