"""Hops in processes of their own: the same results, and whatever happens there happens to one picture only."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator

import numpy as np
import PIL.ImageCms
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelmill import (
    Cancelled,
    CorruptImage,
    Deadline,
    DeadlineExceeded,
    DecoderCrash,
    OperationFailed,
    OutOfMemory,
    Output,
    Pipeline,
    PixelmillError,
)
from pixelmill.codecs import probe
from pixelmill.engine import run_hop
from pixelmill.isolation import Cells, Upbringing
from pixelmill.isolation.area import Area
from pixelmill.limits import MIB, Limits
from pixelmill.picture import Metadata, Picture
from pixelmill.pipeline import Rendition
from tests.cells import PATIENCE_S, PNG, POISON, about, operation, spinning, wait_for
from tests.pictures import encoded, photo

MARK = b"a picture that crashes whoever decodes it"
HEADER_MARK = b"a picture that crashes whoever reads its header"
MEMORY = 1024 * MIB


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    with Cells(2, Upbringing([str(POISON)], MEMORY)) as made:
        yield made


PIPELINES = [
    "resize:50x40 | sharpen | jpeg",
    "png",
    "blur:2 | rotate:5 | webp",
    'text:"me",size=9 | sepia | png:colors=16',
]


@pytest.mark.parametrize("text", PIPELINES)
def test_what_is_encoded_is_the_same(cells: Cells, picture: bytes, text: str) -> None:
    pipeline = Pipeline.parse(text)
    here, there = (run(picture, pipeline.operations, pipeline.output) for run in (run_hop, cells.run))
    assert there.outputs == here.outputs
    assert there.size == here.size
    assert there.timings.operations == here.timings.operations


def test_frames_are_the_same_and_so_is_what_belongs_to_them(cells: Cells) -> None:
    frames = tuple(photo(70, 50, seed=seed) for seed in range(3))
    source = Picture(frames, (10, 20, 30), 4, Metadata(icc=b"icc" * 99, xmp=b"xmp"))
    here, there = (run(source, operation("blur", sigma=2)) for run in (run_hop, cells.run))
    assert np.array_equal(np.stack(there.picture.frames), np.stack(here.picture.frames))
    for name in ("delays_ms", "loop", "metadata", "source"):
        assert getattr(there.picture, name) == getattr(here.picture, name)


def test_a_picture_that_was_shrunk_on_load_is_the_same(cells: Cells) -> None:
    from pixelmill.codecs import Reading
    from pixelmill.geometry import Size

    source = encoded(photo(400, 300), "JPEG")
    reading = Reading(at_least=Size(100, 75))
    here, there = (run(source, [], None, reading=reading) for run in (run_hop, cells.run))
    assert there.picture.source == here.picture.source == (400, 300)
    assert np.array_equal(there.picture.frames[0], here.picture.frames[0])


def test_renditions_are_the_same(cells: Cells, picture: bytes) -> None:
    small = Rendition(name="small", operations=tuple(operation("resize", width=30)), output=Output(format="jpeg"))
    ends = [small, Rendition(name="whole", output=PNG)]
    here, there = (run(picture, operation("sepia"), ends) for run in (run_hop, cells.run))
    assert there.outputs == here.outputs


def test_pictures_of_any_size_go_through_one_after_another(cells: Cells) -> None:
    """Also those for which the memory between the processes has to grow, and is given back."""
    for side in (10, 3000, 20, 6000, 30):
        source = Picture((np.full((side, side, 3), side % 256, np.uint8),))
        made = cells.run(source, operation("negative")).picture.frames[0]
        assert made.shape == (side, side, 3)
        assert (made == 255 - side % 256).all()


def test_faults_of_a_picture_are_the_same(cells: Cells, picture: bytes) -> None:
    for source, error in ((picture[:-40], CorruptImage), (b"GIF89a", CorruptImage)):
        messages = set()
        for run in (run_hop, cells.run):
            with pytest.raises(error) as caught:
                run(source, [], PNG)
            messages.add(str(caught.value))
        assert len(messages) == 1


def test_an_error_comes_with_where_it_was_raised(cells: Cells, picture: bytes) -> None:
    with pytest.raises(OperationFailed) as caught:
        cells.run(picture, operation("tell"), PNG)
    assert "in tell" in str(caught.value.__cause__)


@pytest.mark.parametrize(("name", "told"), [("segfault", "SIGSEGV"), ("leave", "exit code 3")])
def test_a_crash_fails_one_picture(cells: Cells, picture: bytes, name: str, told: str) -> None:
    for _ in range(5):
        with pytest.raises(DecoderCrash, match=told):
            cells.run(picture, operation(name), PNG)
        assert cells.run(picture, [], PNG).outputs


def test_a_crash_while_decoding_fails_one_picture(cells: Cells, picture: bytes) -> None:
    with pytest.raises(DecoderCrash):
        cells.run(picture + MARK, [], PNG)
    assert cells.run(picture, [], PNG).outputs


def test_memory_is_bounded(cells: Cells, picture: bytes) -> None:
    with pytest.raises(OutOfMemory):
        cells.run(picture, operation("hog"), PNG)
    assert cells.run(picture, operation("hog", mib=10), PNG).outputs


def test_what_the_system_kills_has_run_out_of_memory(cells: Cells, picture: bytes) -> None:
    failures: list[Exception] = []

    def run() -> None:
        try:
            cells.run(picture, operation("spin"), PNG, deadline=Deadline.after(PATIENCE_S))
        except OutOfMemory as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: bool(spinning()), "a cell to be at work")
    os.kill(spinning()[0], signal.SIGKILL)
    thread.join(PATIENCE_S)
    assert failures


def test_a_deadline_ends_what_does_not_end_by_itself(cells: Cells, picture: bytes) -> None:
    for _ in range(3):
        with pytest.raises(DeadlineExceeded):
            cells.run(picture, operation("spin"), PNG, deadline=Deadline.after(0.1))
    assert cells.run(picture, [], PNG).outputs


def test_giving_up_ends_what_does_not_end_by_itself(cells: Cells, picture: bytes) -> None:
    gone = threading.Event()
    threading.Timer(0.1, gone.set).start()
    with pytest.raises(Cancelled):
        cells.run(picture, operation("spin"), PNG, deadline=Deadline.after(PATIENCE_S, gone.is_set))
    assert not spinning()


def test_a_cell_is_bounded_and_has_no_files_of_others(cells: Cells, picture: bytes) -> None:
    told = about(cells, picture)
    assert (told["core"], told["data"], told["oom"]) == ("0", str(MEMORY), "1000")
    # Its channel to who gives it work, and the memory that it shares with that one.
    assert (told["sockets"], told["pipes"]) == ("1", "0")
    assert int(told["memfds"]) >= 2


@given(st.lists(st.lists(st.binary(max_size=300), max_size=6), min_size=1, max_size=4))
def test_pieces_come_out_as_they_were_put_in(several: list[list[bytes]]) -> None:
    area = Area.create("test")
    other = Area(os.dup(area.descriptor))
    for pieces in several:
        area.put(pieces)
        assert [bytes(piece) for piece in other.pieces()] == pieces
    area.close()
    other.close()


@given(st.binary(min_size=16, max_size=200))
def test_pieces_that_make_no_sense_are_refused_or_inside(data: bytes) -> None:
    area = Area.create("test")
    os.pwrite(area.descriptor, data, 8)
    try:
        assert sum(map(len, area.pieces())) <= os.fstat(area.descriptor).st_size
    except ValueError:
        pass
    finally:
        area.close()


def test_an_area_cannot_be_cut_off() -> None:
    area = Area.create("test")
    with pytest.raises(PermissionError):
        os.ftruncate(area.descriptor, 10)
    area.close()


SRGB = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
SOURCES = [encoded(photo(30, 20), name) for name in ("PNG", "JPEG", "GIF", "TIFF")]
SOURCES.append(encoded(photo(30, 20), "WEBP", icc_profile=SRGB))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("first_frame", [False, True])
def test_a_header_says_the_same(cells: Cells, source: bytes, first_frame: bool) -> None:
    assert cells.probe(source, first_frame=first_frame) == probe(source, first_frame=first_frame)


@pytest.mark.parametrize(
    ("source", "limits"), [(b"GIF89a", Limits()), (encoded(photo(30, 20), "GIF"), Limits(max_pixels=99))]
)
def test_a_header_that_is_refused_is_so_for_the_same_reason(cells: Cells, source: bytes, limits: Limits) -> None:
    with pytest.raises(PixelmillError) as there:
        cells.probe(source, limits)
    with pytest.raises(type(there.value), match=re.escape(str(there.value))):
        probe(source, limits)


def test_a_header_that_crashes_its_reader(cells: Cells) -> None:
    source = encoded(photo(30, 20), "GIF")
    with pytest.raises(DecoderCrash, match="SIGSEGV"):
        cells.probe(source + HEADER_MARK)
    assert cells.probe(source).size == (30, 20)
