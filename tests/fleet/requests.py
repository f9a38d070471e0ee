"""Requests that the fleet's tests send."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

import image_processing_pb2 as pb
from pixelmill import Pipeline
from tests.fleet.pictures import jpeg, png, scene
from tests.fleet.processes import PATIENCE_S, Fleet, Process

PICTURE = png(scene(32, 24))
SAMPLE = 'resize:16x16 | blur:2 | sharpen | sepia | text:"me",size=8 | png'
INSTANT = "negative | png"
LONG = f"{' | '.join(['blur:3'] * 30)} | jpeg"
"""Takes a worker long enough to be met at work on `LARGE`, and gets further step by step."""


@cache
def large() -> bytes:
    """Return a small file of many pixels."""
    return jpeg(np.tile(scene(300, 200), (10, 10, 1)))


def request(pipeline: str | Pipeline = SAMPLE, data: bytes = PICTURE, **fields: Any) -> pb.RunPipelineRequest:
    """Make a request for one picture."""
    text = pipeline if isinstance(pipeline, str) else pipeline.to_text()
    return pb.RunPipelineRequest(image_data=data, pipeline_text=text, **fields)


def run(fleet: Fleet, pipeline: str | Pipeline = SAMPLE, data: bytes = PICTURE, **fields: Any) -> pb.RunPipelineResponse:
    """Run one picture."""
    return fleet.stub.RunPipeline(request(pipeline, data, **fields), timeout=PATIENCE_S, wait_for_ready=True)


def trace(fleet: Fleet, pipeline: str = SAMPLE, **fields: Any) -> pb.Trace:
    """Run one picture and return what became of it."""
    return run(fleet, pipeline, **fields).trace


def instances(trace: pb.Trace, pool: str) -> list[str]:
    """Return the instances of a pool that a request went to, in order."""
    return [hop.instance for hop in trace.hops if hop.pool == pool]


def busy(workers: Sequence[Process]) -> Process | None:
    """Return the worker that is at work, where there is one."""
    return next((worker for worker in workers if worker.describe().in_flight), None)
