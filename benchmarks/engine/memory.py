"""Peak memory for one very large picture, and memory over thousands of small ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engine.pictures import SOAK_SIZES
from benchmarks.engine.process import Peer, PeerFailed, python_peer

STEPS = 20


@dataclass(frozen=True)
class Peak:
    """What a picture of 100 megapixels takes beyond what the process held before, its file included."""

    peer: str
    extra_mb: float
    cpu_ms: float


@dataclass(frozen=True)
class Soak:
    """Memory that the process held, MB, after each twentieth of the pictures."""

    pictures: int
    curve_mb: tuple[float, ...]

    @property
    def growth_mb(self) -> float:
        """What the second half added, when everything has been used and caches are full."""
        return max(self.curve_mb[len(self.curve_mb) // 2 :]) - self.curve_mb[len(self.curve_mb) // 2 - 1]


def peak(peer: Peer, small: Path, huge: Path) -> Peak | None:
    """Measure workload A on `huge`, in a peer just started."""
    try:
        peer.run("A", small)
        peer.load("A", huge)
        before = peer.memory_mb()
        peer.forget_peak()
        sample = peer.run("A", huge)
    except (PeerFailed, OSError):
        return None
    return Peak(peer.name, peer.memory_mb(peak=True) - before, sample.cpu_ms)


def soak(folder: Path, pictures: int, step: Callable[[], None]) -> Soak:
    """Send `pictures` of several sizes and formats through one process of Pixelmill."""
    numbers = range(len(SOAK_SIZES))
    files = [folder / f"soak{number}.{kind}" for number in numbers for kind in ("jpg", "png")]
    jobs = ("A", "B", "C", "D", "E webp")
    curve = []
    with python_peer("pixelmill", "pixelmill") as peer:
        for number in range(pictures):
            # 14 files and 5 jobs have no factor in common: all pairs come up.
            peer.run(jobs[number % len(jobs)], files[number % len(files)])
            if (number + 1) * STEPS // pictures > number * STEPS // pictures:
                curve.append(peer.memory_mb())
            step()
    return Soak(pictures, tuple(curve))
