"""Pixelmill itself."""

from __future__ import annotations

from benchmarks.engine.peers.jobs import Job, one_file, several_files
from benchmarks.engine.workloads import RENDITIONS, TEXT
from pixelmill import Pipeline, __version__, run

VERSION = __version__


def _job(text: str) -> Job:
    pipeline = Pipeline.parse(text)
    return one_file(lambda data: run(data, pipeline).data)


def _renditions() -> Job:
    ends = [
        {"name": f"w{width}", "operations": [{"op": "resize", "width": width}], "output": {"format": "jpeg", "quality": 85}}
        for width in RENDITIONS
    ]
    pipeline = Pipeline.model_validate({"renditions": ends})
    return several_files(lambda data: [output.data for output in run(data, pipeline).outputs])


JOBS: dict[str, Job] = {
    "A": _job("resize:1280 | jpeg:85"),
    "B": _job(f'resize:1280 | blur:2 | sharpen | sepia | text:"{TEXT}" | jpeg:85'),
    "C": _job("resize:1280x720 | png"),
    "D": _job(f'resize:1280x720 | blur:20 | sharpen:2 | sepia | text:"{TEXT}" | png'),
    "E webp": _job("resize:1280 | webp:80"),
    "E avif": _job("resize:1280 | avif:60"),
    "F": _renditions(),
}
