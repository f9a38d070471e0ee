"""Where a pipeline is cut into hops never changes what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelmill import Pipeline, run
from pixelmill.codecs import probe
from pixelmill.engine import HopResult, run_hop
from pixelmill.operations import Operation
from pixelmill.picture import Picture
from pixelmill.plan import PLACEMENTS, Hop, Placement, plan
from tests.pictures import encoded, photo
from tests.strategies import BRANCHING, OPERATIONS, PIPELINES, RESIZES

SIDEWAYS = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
SOURCES = {
    "jpeg": encoded(photo(150, 110), "JPEG"),
    "gray jpeg": encoded(photo(150, 110, 1), "JPEG"),
    "turned jpeg": encoded(photo(150, 110), "JPEG", exif=SIDEWAYS),
    "png": encoded(photo(150, 110)),
    "transparent png": encoded(photo(150, 110, 4)),
    "webp": encoded(photo(150, 110, 4), "WEBP", lossless=True),
}


def hop_by_hop(source: bytes, pipeline: Pipeline, placement: Placement) -> tuple[bytes, ...]:
    planned = plan(pipeline, probe(source), placement=placement)
    trunk = follow(source, planned.hops)
    last = [follow(trunk.picture, branch.hops) for branch in planned.branches] or [trunk]
    return tuple(output.data for result in last for output in result.outputs)


def follow(source: Picture | bytes, hops: Sequence[Hop]) -> HopResult:
    result: HopResult | None = None
    for hop in hops:
        carried = result.picture if result else source
        assert isinstance(carried, bytes) == (hop.reading is not None)
        result = run_hop(carried, hop.operations, hop.ends, reading=hop.reading)
    assert result
    return result


@given(st.sampled_from(sorted(SOURCES)), PIPELINES | BRANCHING)
def test_every_placement_gives_the_same_bytes(name: str, pipeline: Pipeline) -> None:
    wanted = tuple(output.data for output in run(SOURCES[name], pipeline).outputs)
    assert len(wanted) == len(pipeline.ends)
    for placement in PLACEMENTS:
        assert hop_by_hop(SOURCES[name], pipeline, placement) == wanted


@given(st.sampled_from(sorted(SOURCES)), st.lists(OPERATIONS, min_size=1, max_size=4))
@settings(max_examples=50)
def test_the_plan_knows_every_size(name: str, operations: list[Operation]) -> None:
    planned = plan(Pipeline(operations=tuple(operations)), probe(SOURCES[name]))
    for count, size in enumerate(planned.sizes, 1):
        assert run_hop(SOURCES[name], operations[:count], None).size == size


@given(st.integers(1, 3000), st.integers(1, 3000), RESIZES)
def test_a_resize_fits_its_box_and_never_enlarges_unasked(width: int, height: int, resize: Operation) -> None:
    pipeline = Pipeline(operations=(resize,))
    parameters = resize.model_dump()
    header = probe(SOURCES["png"])
    size = plan(pipeline, type(header)(header.format, type(header.size)(width, height))).sizes[0]
    assert size
    box = [side and max(1, round(side * parameters["dpr"])) for side in (parameters["width"], parameters["height"])]
    if parameters["fit"] != "outside":
        assert size.width <= (box[0] or 16_384)
        assert size.height <= (box[1] or 16_384)
    elif parameters["enlarge"]:
        assert size.width >= (box[0] or 0)
        assert size.height >= (box[1] or 0)
        assert size.width == box[0] or size.height == box[1] or None in box
    if not parameters["enlarge"] and (parameters["scale"] or 0) <= 1:
        assert size.width <= width
        assert size.height <= height
    if None not in box and parameters["enlarge"] and parameters["fit"] in ("cover", "fill"):
        assert size == tuple(box)


@given(st.sampled_from(sorted(SOURCES)), st.lists(OPERATIONS, max_size=4))
@settings(max_examples=50)
def test_times_are_told_for_each_operation(name: str, operations: list[Operation]) -> None:
    timings = run_hop(SOURCES[name], operations, None).timings
    assert len(timings.operations_s) == len(operations)
    steps = [0.0, timings.decode_s, *timings.operations_s, timings.encode_s]
    assert all(step >= 0 for _, step in pairwise(steps))
    assert np.isfinite(sum(steps))
