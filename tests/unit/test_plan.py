"""From a pipeline and a header to hops."""

from __future__ import annotations

import pytest

from pixelmill import ImageTooLarge, InvalidPipeline, Limits, Pipeline
from pixelmill.codecs import FORMATS, Header
from pixelmill.geometry import Size
from pixelmill.plan import Placement, check_placement, plan

PIPELINE = Pipeline.from_text("resize:1280x720 | blur | sharpen | text:a | sepia | webp")
PNG = Header(FORMATS["png"], Size(1920, 1080))

Shape = list[tuple[str, list[str]]]
RESIZED, BLURRED, SHARPENED = ("resize", ["resize"]), ("filter", ["blur"]), ("filter", ["sharpen"])
SPREAD: Shape = [RESIZED, BLURRED, SHARPENED, ("watermark", ["text"]), ("filter", ["sepia"])]
GROUPED: Shape = [RESIZED, ("filter", ["blur", "sharpen"]), ("watermark", ["text"]), ("filter", ["sepia"])]
FUSED: Shape = [("worker", ["resize", "blur", "sharpen", "text", "sepia"])]
PLACED = {"spread": SPREAD, "grouped": GROUPED, "fused": FUSED, "auto": FUSED}


def shape(placement: Placement, pipeline: Pipeline = PIPELINE, *, workers: bool = True, formats: bool = False) -> Shape:
    hops = plan(pipeline, PNG, placement=placement, has_worker_pool=workers, has_format_pool=formats).hops
    assert [hop.reading is not None for hop in hops] == [True] + [False] * (len(hops) - 1)
    assert [len(hop.ends) for hop in hops] == [0] * (len(hops) - 1) + [1]
    return [(hop.pool, [operation.name for operation in hop.operations]) for hop in hops]


@pytest.mark.parametrize(
    ("placement", "wanted"), [("spread", SPREAD), ("grouped", GROUPED), ("fused", FUSED), ("auto", FUSED)]
)
def test_placement(placement: Placement, wanted: Shape) -> None:
    assert shape(placement) == wanted


def test_auto_without_general_workers_is_grouped() -> None:
    assert shape("auto", workers=False) == GROUPED


def test_a_format_pool_encodes() -> None:
    assert shape("spread", formats=True) == [*SPREAD, ("format", [])]
    assert shape("fused", formats=True) == FUSED


def test_a_pipeline_that_only_encodes_still_has_a_hop() -> None:
    assert shape("spread", Pipeline()) == shape("grouped", Pipeline()) == [("resize", [])]
    assert shape("fused", Pipeline()) == [("worker", [])]


def test_sizes_are_known_before_anything_is_decoded() -> None:
    planned = plan(Pipeline.from_text("resize:100x100 | blur | resize:50x50,fit=cover"), PNG)
    assert planned.source == (1920, 1080)
    assert planned.sizes == ((100, 56), (100, 56), (50, 50))
    assert [end.output.format for end in planned.ends] == ["png"]


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("resize:1280x960", (2000, 1500)),
        ("resize:1400x1400", (2000, 1500)),
        ("resize:1700x1700", (4000, 3000)),
        ("resize:640x640", (1000, 750)),
        ("resize:700x700", (2000, 1500)),
        ("resize:240x240", (500, 375)),
        ("resize:60x60", (500, 375)),
        ("resize:100x2000,fit=cover", (4000, 3000)),
        ("blur | resize:100x100", (4000, 3000)),
    ],
)
def test_a_jpeg_is_shrunk_on_load_as_far_as_quality_allows(text: str, decoded: tuple[int, int]) -> None:
    jpeg = Header(FORMATS["jpeg"], Size(4000, 3000))
    assert plan(Pipeline.from_text(text), jpeg).decoded == decoded


def test_renditions_are_decoded_once_and_share_what_they_have_in_common() -> None:
    jpeg = Header(FORMATS["jpeg"], Size(4000, 3000))
    pipeline = Pipeline.from_text("{ a = resize:1200x | sepia | webp; b = resize:300x; c = resize:600x | avif }")
    fused = plan(pipeline, jpeg)
    assert [(hop.pool, hop.operations, len(hop.ends)) for hop in fused.hops] == [("worker", (), 3)]
    assert fused.decoded == (2000, 1500)
    spread = plan(pipeline, jpeg, placement="spread")
    assert [(hop.pool, hop.operations, hop.ends) for hop in spread.hops] == [("resize", (), ())]
    assert [[hop.pool for hop in branch.hops] for branch in spread.branches] == [
        ["resize", "filter"],
        ["resize"],
        ["resize"],
    ]
    assert [own[-1] for own in spread.end_sizes] == [(1200, 900), (300, 225), (600, 450)]
    assert spread.count == 5
    formats = plan(Pipeline.from_text("{ a = resize:600x | blur | webp; b = resize:600x | blur | avif }"), jpeg)
    assert [operation.name for operation in formats.hops[0].operations] == ["resize", "blur"]
    assert [end.operations for end in formats.hops[0].ends] == [(), ()]


def test_a_rendition_that_needs_the_whole_picture_is_decoded_whole() -> None:
    pipeline = Pipeline.from_text("{ a = resize:100x; b = sepia }")
    assert plan(pipeline, Header(FORMATS["jpeg"], Size(4000, 3000))).decoded == (4000, 3000)


def test_limits_are_held_before_anything_is_decoded() -> None:
    with pytest.raises(ImageTooLarge, match="for the result of resize, got 3000×1688"):
        plan(Pipeline().resize(3000, enlarge=True), PNG, limits=Limits(max_output_side=2000))
    with pytest.raises(InvalidPipeline, match="expected at most 4 operations for operations, got 5"):
        plan(PIPELINE, PNG, limits=Limits(max_operations=4))


def test_a_placement_by_name() -> None:
    assert check_placement("") == "auto"
    assert check_placement("spread") == "spread"
    with pytest.raises(InvalidPipeline, match="expected one of auto, spread, grouped, fused for placement, got 'near'"):
        check_placement("near")
