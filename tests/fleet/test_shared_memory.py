"""Pixels in shared memory: the same results as in messages, whoever cannot open it or dies, and nothing left over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
import pixelmill
from pixelmill import Output, Pipeline
from pixelmill.codecs import encode, encode_picture
from pixelmill.fleet import wire
from pixelmill.fleet.shared import FOLDER, PREFIX, space
from pixelmill.operations import make_operation
from pixelmill.picture import Picture
from tests.fleet.pictures import noise, scene
from tests.fleet.processes import WORKER, Fleet, Process, fleet, running, wait_for

pytestmark = pytest.mark.skipif(not space(), reason="this machine has no shared memory")

SOURCE = encode(scene(300, 200), Output(format="png"))
STEPS = Pipeline().resize(200, 150).blur(1.5).sepia().sharpen(1.0).text("é").to("png")
BRANCHES = Pipeline.from_data(
    {
        "operations": [{"op": "resize", "width": 200}, {"op": "blur", "sigma": 1.5}],
        "renditions": [
            {"name": "small", "operations": [{"op": "resize", "width": 50}, {"op": "sepia"}], "output": {"format": "png"}},
            {"name": "large", "operations": [{"op": "sepia"}, {"op": "text", "text": "é"}], "output": {"format": "jpeg"}},
        ],
    }
)
BLIND = """
from pixelmill.fleet import shared
def refuse(name, size):
    raise shared.NotShared(name)
shared.read = refuse
"""


@pytest.fixture
def animation() -> bytes:
    frames = tuple(scene(60, 40, seed) for seed in range(3))
    return encode_picture(Picture(frames, (50, 60, 70)), Output(format="webp")).data


def folders(process: Process) -> list[Path]:
    """Return the folders in shared memory that a process has open."""
    opened = []
    for link in Path(f"/proc/{process.process.pid}/fd").iterdir():
        try:
            opened.append(Path(os.readlink(link)))
        except FileNotFoundError:
            continue
    return [path for path in opened if path.parent == FOLDER and path.name.startswith(PREFIX)]


def slots(process: Process) -> list[Path]:
    """Return the slots that an orchestrator has."""
    return [slot for folder in folders(process) for slot in folder.iterdir()]


LARGE = encode(noise(500, 400, 3), Output(format="png"))


def send(fleet: Fleet, pipeline: Pipeline = STEPS, source: bytes = SOURCE) -> object:
    """Return what a fleet makes of a picture, one hop for each operation."""
    with fleet.client("spread") as client:
        return client.run(source, pipeline).outputs


def test_frames_go_from_worker_to_worker_in_slots(shared: Fleet) -> None:
    info = shared.describe()
    assert {one.shared_memory for one in (*info.instances, info.orchestrator)} == {space()}
    assert send(shared) == pixelmill.run(SOURCE, STEPS).outputs
    assert slots(shared.orchestrator)


@pytest.mark.parametrize("memory", ["auto", "off"])
def test_results_are_the_same(memory: str, animation: bytes) -> None:
    with fleet({"resize": 1, "filter": 1, "watermark": 1}, PIXELMILL_SHARED_MEMORY=memory) as made:
        assert send(made) == pixelmill.run(SOURCE, STEPS).outputs
        assert send(made, BRANCHES) == pixelmill.run(SOURCE, BRANCHES).outputs
        assert len(LARGE) >= wire.SHARED_FROM
        assert send(made, STEPS, LARGE) == pixelmill.run(LARGE, STEPS).outputs
        enlarged = Pipeline().resize(1200, 800, enlarge=True).to("png")
        (wanted,) = pixelmill.run(SOURCE, enlarged).outputs
        assert wire.SHARED_FROM <= len(wanted.data) <= 1200 * 800
        assert send(made, enlarged) == (wanted,)
        moving = STEPS.to("webp")
        assert send(made, moving, animation) == pixelmill.run(animation, moving).outputs
        assert bool(slots(made.orchestrator)) == (memory == "auto")
        own = folders(made.orchestrator)
        assert made.orchestrator.terminate() == 0
        assert not any(folder.exists() for folder in own)


def test_an_instance_without_shared_memory_gets_messages() -> None:
    with ExitStack() as stack:
        outsider = Process("filter-2", WORKER.format(pool="filter"), {"PIXELMILL_SHARED_MEMORY": "off"})
        stack.enter_context(running(outsider))
        counts = {"resize": 1, "filter": 1, "watermark": 1}
        made = stack.enter_context(fleet(counts, hosts={"filter": outsider.address}))
        for _ in range(3):
            assert send(made) == pixelmill.run(SOURCE, STEPS).outputs
        # Nothing goes to the filters but messages, and nothing comes from them.
        assert slots(made.orchestrator) == []


def test_an_instance_that_cannot_open_a_slot_gets_a_message_after_all() -> None:
    with ExitStack() as stack:
        blind = Process("filter-2", BLIND + WORKER.format(pool="filter"), {})
        stack.enter_context(running(blind))
        everywhere = {"filter": blind.address, "resize": blind.address}
        made = stack.enter_context(fleet({"watermark": 1}, hosts=everywhere))
        for _ in range(3):
            assert send(made, STEPS, LARGE) == pixelmill.run(LARGE, STEPS).outputs
            assert send(made) == pixelmill.run(SOURCE, STEPS).outputs
            assert send(made, BRANCHES) == pixelmill.run(SOURCE, BRANCHES).outputs
        assert blind.describe().calls
        assert slots(made.orchestrator)


def test_slots_that_somebody_removes_are_no_failure() -> None:
    with fleet({"resize": 1, "filter": 1, "watermark": 1}) as made:
        assert send(made) == pixelmill.run(SOURCE, STEPS).outputs
        (folder,) = folders(made.orchestrator)
        for slot in folder.iterdir():
            slot.unlink()
        assert send(made) == pixelmill.run(SOURCE, STEPS).outputs
        shutil.rmtree(folder)
        assert send(made) == pixelmill.run(SOURCE, STEPS).outputs


def test_a_worker_that_dies_takes_nothing_with_it() -> None:
    wanted = pixelmill.run(SOURCE, STEPS).outputs
    with fleet({"resize": 2, "filter": 3, "watermark": 2}) as made, ThreadPoolExecutor(8) as threads:
        results = [threads.submit(send, made) for _ in range(60)]
        wait_for(lambda: sum(result.done() for result in results) > 10, "some requests to be done")
        for pool in ("resize", "filter", "watermark"):
            made.workers[pool][0].kill()
        assert all(result.result() == wanted for result in results)
        # Every slot is free again: as many requests as before need no more of them.
        before = len(slots(made.orchestrator))
        assert all(one == wanted for one in threads.map(lambda _: send(made), range(20)))
        assert len(slots(made.orchestrator)) <= max(before, 2 * 8)


def test_what_a_killed_orchestrator_leaves_the_next_one_removes() -> None:
    with fleet({"resize": 1, "filter": 1, "watermark": 1}) as made:
        send(made)
        (left,) = folders(made.orchestrator)
        made.orchestrator.kill()
        made.orchestrator.restart()
        assert not left.exists()
        assert send(made) == pixelmill.run(SOURCE, STEPS).outputs


@pytest.fixture
def stub(shared: Fleet) -> Iterator[rpc.StageServiceStub]:
    with shared.channel_to_worker("filter") as channel:
        yield rpc.StageServiceStub(channel)


@pytest.mark.parametrize("name", ["0" * 32 + "/1", "/etc/passwd", "../../etc/passwd", "x" * 10_000])
def test_a_worker_opens_nothing_but_slots(stub: rpc.StageServiceStub, name: str) -> None:
    there = pb.Shared(name=name, bytes=12)
    frame = pb.Frame(width=2, height=2, channels=3, shared=there)
    assert stub.RunStage(pb.StageRequest(frame=frame)).WhichOneof("result") == "not_shared"
    assert stub.RunStage(pb.StageRequest(shared=there)).WhichOneof("result") == "not_shared"
    frame = pb.Frame(width=2, height=2, channels=3, pixels=bytes(12))
    negative = wire.operation_message(make_operation("negative", {}))
    answer = stub.RunStage(pb.StageRequest(frame=frame, operations=[negative], answer_in=name))
    assert (answer.frame.pixels, answer.frame.shared.name) == (bytes([255] * 12), "")
