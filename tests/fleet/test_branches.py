"""Renditions, whose branches run at the same time: given up, failing, late; and how trace and log show them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import grpc
import pytest

import image_processing_pb2 as pb
import pixelmill
from pixelmill import Deadline, DeadlineExceeded
from pixelmill.fleet.stagelog import stage_lines
from pixelmill.result import HopReport
from tests.fleet.failures import fails
from tests.fleet.processes import PATIENCE_S, Fleet, fleet, wait_for
from tests.fleet.requests import INSTANT, PICTURE, large, request, run
from tests.fleet.test_deadlines import is_idle
from tests.fleet.test_renditions import MOVING

SLOW = " | ".join(["blur:3"] * 29)
BRANCHES = f"negative | {{ a = {SLOW} | jpeg; b = sepia | {SLOW} | png; c = blur:2 | {SLOW} | webp }}"
FAILING = f"negative | {{ a = {SLOW} | jpeg; bad = trim | resize:16000x,enlarge=true | webp; c = blur:2 | {SLOW} | webp }}"


@pytest.fixture(scope="module")
def three() -> Iterator[Fleet]:
    """Three filter workers with one thread each, one for resizing, and one request at a time."""
    with fleet({"filter": 3, "resize": 1}, PIXELMILL_RUNNING="1", PIXELMILL_QUEUE="1", PIXELMILL_QUEUE_S="60") as made:
        yield made


def start(fleet: Fleet, text: str, timeout_s: float = PATIENCE_S) -> grpc.Future[pb.RunPipelineResponse]:
    return fleet.stub.RunPipeline.future(request(text, large(), placement="grouped"), timeout=timeout_s)


def all_busy(fleet: Fleet) -> bool:
    return all(worker.describe().in_flight for worker in fleet.workers["filter"])


def idle_and_free(fleet: Fleet) -> None:
    """Wait until nobody does anything; the one place is then free for another request."""
    wait_for(lambda: is_idle(fleet), "all workers to stop")
    assert run(fleet, INSTANT).image_data


def test_giving_up_stops_every_branch(three: Fleet) -> None:
    for _ in range(3):
        call = start(three, BRANCHES)
        wait_for(lambda: all_busy(three), "three branches to run")
        call.cancel()
        idle_and_free(three)


def test_a_deadline_stops_every_branch(three: Fleet) -> None:
    call = start(three, BRANCHES, 0.4)
    with fails() as failure:
        call.result(PATIENCE_S)
    assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
    idle_and_free(three)
    with three.client("grouped") as client, pytest.raises(DeadlineExceeded):
        client.run(large(), BRANCHES, deadline=Deadline.after(0.4))
    idle_and_free(three)


def test_a_branch_that_fails_stops_the_others(three: Fleet) -> None:
    with fails() as failure:
        three.stub.RunPipeline(
            request(FAILING, large(), placement="grouped"), timeout=PATIENCE_S, metadata=(("x-request-id", "failing"),)
        )
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert failure.info.reason == "IMAGE_TOO_LARGE"
    assert failure.message.endswith(", in rendition bad")
    idle_and_free(three)
    status = three.stub.GetProcessingStatus(pb.StatusRequest(process_id="failing"), timeout=PATIENCE_S)
    assert status.status == "failed"
    (line,) = (line for line in three.orchestrator.output().splitlines() if "FAILED failing" in line)
    assert line.endswith(failure.message)


def test_branches_differ_in_frames(shared: Fleet) -> None:
    text = "negative | { still = text:x,size=9 | png:frames=first; moving = sepia | gif; same = webp:lossless=true }"
    wanted = pixelmill.run(MOVING, text)
    assert [output.info.frames for output in wanted.outputs] == [1, 3, 3]
    for placement in ("spread", "grouped", "fused"):
        with shared.client(placement) as client:
            assert client.run(MOVING, text).outputs == wanted.outputs


def test_the_trace_tells_which_hop_was_for_which(shared: Fleet) -> None:
    text = "negative | { a = sepia | text:x | png; b = resize:9x | webp }"
    for _ in range(5):
        with shared.client("spread") as client:
            hops = client.run(PICTURE, text).trace.hops
        assert [(hop.operations, hop.rendition) for hop in hops] == [
            (("negative",), ""),
            (("sepia",), "a"),
            (("text",), "a"),
            (("resize",), "b"),
        ]


def test_the_log_shows_renditions_one_after_another(shared: Fleet) -> None:
    text = "negative | { a = sepia | text:x | png; b = resize:9x | webp }"
    answer = run(shared, text, placement="spread")
    pattern = (
        r"🎨 STAGE 1: Applying 1 filter\(s\)\.\.\.\n   \[1/1\] Applying NEGATIVE\.\.\. \(using \S+\)\n"
        r"📐 RENDITION a:\n🎨 STAGE 2: Applying 1 filter\(s\)\.\.\.\n   \[1/1\] Applying SEPIA\.\.\. \(using \S+\)\n"
        r"🏷️  STAGE 3: Adding watermark\.\.\. \(using \S+\)\n"
        r"📐 RENDITION b:\n🖼️  STAGE 4: Resizing image\.\.\. \(using \S+\)\n"
        rf"✅ DONE {answer.trace.request_id}: a: 32×24 png, [\d,]+ bytes; b: 9×7 webp, [\d,]+ bytes in \d+ ms\n"
    )
    assert re.search(pattern, shared.orchestrator.output())


def test_branches_that_end_in_any_order_are_told_apart() -> None:
    hops = [
        HopReport("f:1", "filter", ("negative",)),
        HopReport("f:2", "filter", ("sepia",), rendition="a"),
        HopReport("f:3", "filter", ("blur",), rendition="b"),
        HopReport("f:4", "filter", ("hue",), rendition="a"),
    ]
    assert list(stage_lines(tuple(hops))) == [
        "🎨 STAGE 1: Applying 1 filter(s)...",
        "   [1/1] Applying NEGATIVE... (using f:1)",
        "📐 RENDITION a:",
        "🎨 STAGE 2: Applying 2 filter(s)...",
        "   [1/2] Applying SEPIA... (using f:2)",
        "   [2/2] Applying HUE... (using f:4)",
        "📐 RENDITION b:",
        "🎨 STAGE 3: Applying 1 filter(s)...",
        "   [1/1] Applying BLUR... (using f:3)",
    ]
