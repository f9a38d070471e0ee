"""Many pictures of one decode, over the fleet: the same bytes as in process, wherever each is made."""

from __future__ import annotations

import io

import pytest
from PIL import Image as Pillow

import image_processing_pb2 as pb
import pixelmill
from pixelmill import ImageTooLarge, InvalidPipeline, Pipeline, PixelmillError, UnsupportedFormat
from pixelmill.fleet.client import FleetExecutor
from pixelmill.plan import PLACEMENTS
from tests.fleet.processes import PATIENCE_S, Fleet
from tests.metadata import exif_of_a_camera, wide_profile
from tests.pictures import encoded, photo

PICTURE = encoded(photo(90, 60), "JPEG", exif=b"Exif\0\0" + exif_of_a_camera(">"), icc_profile=wide_profile())
MOVING = encoded(
    Pillow.fromarray(photo(40, 30)),
    "WEBP",
    save_all=True,
    append_images=[Pillow.fromarray(photo(40, 30, seed=seed)) for seed in (1, 2)],
    duration=[50, 70, 90],
)
MANY = (
    "resize:50x | { bare = sepia | jpeg; kept = webp:keep=icc+exif; same = png; tiny = resize:9x | blur:1 | auto; "
    "first = text:x | gif:frames=first }"
)


def by(shared: Fleet, placement: str) -> FleetExecutor:
    return FleetExecutor(shared.orchestrator.address, placement=placement)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("source", [PICTURE, MOVING], ids=["still", "moving"])
def test_the_bytes_are_those_made_in_process(shared: Fleet, placement: str, source: bytes) -> None:
    text = MANY if source is PICTURE else MANY.replace("jpeg", "gif").replace("png", "webp:lossless=true")
    wanted = pixelmill.run(source, text)
    with by(shared, placement) as executor:
        made = executor.run(source, text)
    assert made.outputs == wanted.outputs
    for name, output in made.renditions.items():
        exif = Pillow.open(io.BytesIO(output.data)).getexif()
        assert (exif.get(0x010F) == "Canon") == (name == "kept" and source is PICTURE)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize(
    ("source", "text", "kind", "message"),
    [
        (PICTURE, "sepia | { a = png; b = resize:16000x,enlarge=true | png }", ImageTooLarge, "the result of resize"),
        (
            PICTURE,
            "sepia | { a = png; b = trim | resize:16000x,enlarge=true }",
            ImageTooLarge,
            "for the result of resize",
        ),
        (MOVING, "{ a = webp; b = jpeg }", UnsupportedFormat, "for an animation of 3 frames.*got jpeg"),
        (MOVING, "{ a = webp; b = trim | auto:accept=jpeg }", UnsupportedFormat, "for an animation, got jpeg"),
        (PICTURE, "{ a = webp; b = " + "| ".join(["blur"] * 33) + " }", InvalidPipeline, "at most 32 operations"),
    ],
)
def test_what_is_wrong_with_one_names_it(
    shared: Fleet, placement: str, source: bytes, text: str, kind: type[PixelmillError], message: str
) -> None:
    with pytest.raises(kind, match=message) as here:
        pixelmill.run(source, text)
    assert str(here.value).endswith(", in rendition b")
    with by(shared, placement) as executor, pytest.raises(kind) as there:
        executor.run(source, text)
    assert str(there.value) == str(here.value)


def test_a_trace_and_a_status_tell_of_every_hop(shared: Fleet) -> None:
    with by(shared, "spread") as executor:
        trace = executor.run(PICTURE, MANY.replace("icc+", "")).trace
        mixed = executor.run(PICTURE, MANY).trace
    # What travels between hops is in one color space: pixels of both, with the profile and without, are made in one.
    assert len(mixed.hops) == 1
    assert len(trace.hops) == 1 + 1 + 1 + 1 + 2 + 1
    assert sorted(name for hop in trace.hops for name in hop.operations) == ["blur", "resize", "resize", "sepia", "text"]
    status = shared.stub.GetProcessingStatus(pb.StatusRequest(process_id=trace.request_id), timeout=PATIENCE_S)
    assert (status.status, status.progress_percent) == ("completed", 100)


def test_a_rendition_alone_keeps_its_name(shared: Fleet) -> None:
    pipeline = Pipeline.parse("{ only = resize:9x | png }")
    with by(shared, "fused") as executor:
        assert executor.run(PICTURE, pipeline).outputs == pixelmill.run(PICTURE, pipeline).outputs
        assert list(executor.run(PICTURE, pipeline).renditions) == ["only"]
