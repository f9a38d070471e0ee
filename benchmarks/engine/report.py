"""The figures beside their targets: as tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.engine import workloads as aims
from benchmarks.engine.measure import FLOOR, Measured
from benchmarks.engine.memory import Peak, Soak
from benchmarks.engine.startup import Start
from benchmarks.engine.workloads import WORKLOADS, Workload

OURS, THEIRS = "pixelmill", "sharp"


@dataclass(frozen=True)
class Aim:
    """A figure beside its target."""

    what: str
    figure: float
    target: float
    at_least: bool = False
    unit: str = ""

    @property
    def reached(self) -> bool:
        return self.figure >= self.target if self.at_least else self.figure <= self.target


@dataclass
class Report:
    """Everything that one run found out."""

    pictures: str
    rounds: int
    versions: dict[str, str]
    skipped: list[str]
    measured: Measured
    peaks: Sequence[Peak]
    soak: Soak | None
    starts: Sequence[Start]

    def aims(self) -> list[Aim]:
        """Return every figure that has a target."""
        found = [aim for workload in WORKLOADS for aim in _workload_aims(workload, self.measured)]
        found += [
            Aim("100 megapixels → 1280 px: extra memory", peak.extra_mb, aims.PEAK_MB, unit=" MB")
            for peak in self.peaks
            if peak.peer == OURS
        ]
        if self.soak:
            what = f"{self.soak.pictures} pictures: growth in the second half"
            found.append(Aim(what, self.soak.growth_mb, aims.GROWTH_MB, unit=" MB"))
        limits = {"pixelmill --help": aims.HELP_S, "import pixelmill": aims.IMPORT_S}
        found += [
            Aim(start.what, start.wall_s, limits[start.what], unit=" s") for start in self.starts if start.what in limits
        ]
        return found

    def as_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        figures: dict[str, dict[str, Any]] = {}
        for (workload, peer), taken in self.measured.figures.items():
            figures.setdefault(workload, {})[peer] = asdict(taken)
        return {
            "pictures": self.pictures,
            "rounds": self.rounds,
            "versions": self.versions,
            "skipped": self.skipped,
            "figures": figures,
            "floors": self.measured.floors,
            "missing": {f"{workload}, {peer}": why for (workload, peer), why in self.measured.missing.items()},
            "peaks": [asdict(peak) for peak in self.peaks],
            "soak": asdict(self.soak) if self.soak else None,
            "starts": [asdict(start) for start in self.starts],
            "aims": [asdict(aim) | {"reached": aim.reached} for aim in self.aims()],
        }

    def show(self, console: Console) -> None:
        """Print it."""
        console.print(
            f"\n{self.rounds} rounds, interleaved; medians of CPU time, one thread each. Photograph: {self.pictures}."
        )
        for line in self.skipped:
            console.print(line, style="yellow")
        for (workload, peer), why in self.measured.missing.items():
            console.print(f"{workload}: {peer} is skipped: {why}", style="yellow")
        console.print(self._times())
        console.print(self._targets())
        for start in self.starts:
            console.print(f"{start.what}: {start.wall_s:.3f} s, CPU {start.cpu_s:.3f} s")
        if self.soak:
            curve = " ".join(f"{megabytes:.0f}" for megabytes in self.soak.curve_mb)
            console.print(f"MB held over {self.soak.pictures} pictures: {curve}")

    def _times(self) -> Table:
        peers = [peer for peer in self.versions if peer != FLOOR]
        table = Table(title="CPU ms a picture (bytes made; PSNR, SSIM against Lanczos of the whole)")
        table.add_column("workload")
        for peer in peers:
            table.add_column(f"{peer}\n{self.versions[peer]}", justify="right")
        table.add_column("floor: decode + encode", justify="right")
        for workload in WORKLOADS:
            cells = [_cell(self.measured, workload.name, peer) for peer in peers]
            if any(cells):
                table.add_row(f"{workload.name}\n{workload.meaning}", *cells, _floor(self.measured, workload.name))
        if self.peaks:
            found = {entry.peer: f"{entry.cpu_ms:.0f}\n+{entry.extra_mb:.0f} MB" for entry in self.peaks}
            table.add_row("A of 100 megapixels\nand peak memory", *(found.get(peer, "") for peer in peers), "")
        return table

    def _targets(self) -> Table:
        table = Table(title="Targets")
        for heading in ("what", "figure", "target", ""):
            table.add_column(heading, justify="right" if heading in ("figure", "target") else "left")
        for aim in self.aims():
            sign = "≥" if aim.at_least else "≤"
            verdict = "[green]reached[/]" if aim.reached else "[red]missed[/]"
            table.add_row(aim.what, f"{aim.figure:.3g}{aim.unit}", f"{sign} {aim.target:.3g}{aim.unit}", verdict)
        return table


def _cell(measured: Measured, workload: str, peer: str) -> str:
    figures = measured.figures.get((workload, peer))
    if not figures:
        return ""
    quality = f"\n{figures.quality.psnr_db:.2f} dB, {figures.quality.ssim:.4f}" if figures.quality else ""
    return f"{figures.cpu_ms:.1f}\n{figures.bytes / 1000:.0f} kB{quality}"


def _floor(measured: Measured, workload: str) -> str:
    parts = measured.floors.get(workload)
    if not parts:
        return ""
    lines = [f"{cpu_ms:.1f} {library}" for library, cpu_ms in parts.values()]
    return "\n".join((f"{sum(cpu_ms for _, cpu_ms in parts.values()):.1f}", *lines))


def _workload_aims(workload: Workload, measured: Measured) -> Iterator[Aim]:
    ours, theirs = (measured.figures.get((workload.name, peer)) for peer in (OURS, THEIRS))
    if ours and theirs:
        if workload.to_sharp:
            yield Aim(f"{workload.name}: CPU to sharp's", ours.cpu_ms / theirs.cpu_ms, workload.to_sharp)
        if workload.no_larger:
            yield Aim(f"{workload.name}: bytes to sharp's", ours.bytes / theirs.bytes, 1.0)
        if ours.quality and theirs.quality:
            better_db, better = ours.quality.psnr_db - theirs.quality.psnr_db, ours.quality.ssim - theirs.quality.ssim
            yield Aim(f"{workload.name}: PSNR over sharp's", better_db, -aims.LESS_PSNR_DB, at_least=True, unit=" dB")
            yield Aim(f"{workload.name}: SSIM over sharp's", better, -aims.LESS_SSIM, at_least=True)
    parts = measured.floors.get(workload.name)
    if ours and parts and workload.to_floor:
        floor = sum(cpu_ms for _, cpu_ms in parts.values())
        yield Aim(f"{workload.name}: CPU to the floor's", ours.cpu_ms / floor, workload.to_floor)
