"""The engine: one hop, its checks and its times."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pixelmill import Deadline, DeadlineExceeded, ImageTooLarge, Internal, InvalidPipeline, Limits, Output, Pipeline, run
from pixelmill.codecs import probe
from pixelmill.engine import LOOKED_AT, run_hop
from pixelmill.geometry import Size
from pixelmill.operations import Operation, make_operation
from pixelmill.operations.resize import Resize
from pixelmill.pixels import Image
from tests.pictures import difference, encoded, photo, psnr

EVERYTHING = "resize:90x90 | grayscale:0.5 | blur:9 | sharpen | edge_detect:.2 | sepia | negative:.1 | contrast | text:hello"


class Broken(Operation):
    """Fails in a way that nobody expects; not registered."""

    name = "broken"
    pool = "filter"

    def apply(self, image: Image) -> Image:
        raise ZeroDivisionError("secret detail")


def test_pixels_in_pixels_out() -> None:
    image = photo(50, 40)
    result = run_hop(image, [], None)
    assert result.image is image
    assert result.size == (50, 40)


def test_pixels_in_a_file_out() -> None:
    result = run_hop(photo(50, 40), [Resize(width=25)], Output(format="png"))
    assert isinstance(result.image, bytes)
    assert probe(result.image).size == result.size == (25, 20)


def test_what_an_operation_throws_becomes_internal_and_keeps_its_cause() -> None:
    with pytest.raises(Internal) as failure:
        run_hop(photo(5, 5), [Broken()], None)
    assert "secret" not in str(failure.value)
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


def test_a_passed_deadline_stops_before_each_step() -> None:
    for steps_left, doing in enumerate(["decoding", "blur", "sepia", "encoding"]):
        ticks = iter([0.0] * steps_left + [2.0] * 9)
        deadline = Deadline(at=1.0, clock=lambda ticks=ticks: next(ticks))  # type: ignore[misc]
        operations = [make_operation("blur", {}), make_operation("sepia", {})]
        with pytest.raises(DeadlineExceeded, match=f"before {doing}"):
            run_hop(encoded(photo(9, 9)), operations, Output(format="png"), deadline=deadline)


def test_a_hop_holds_its_own_limits_whatever_the_caller_has_checked() -> None:
    small = Limits(max_output_side=100, max_operations=2)
    enlarge = Resize(width=101, enlarge=True)
    for source in (photo(50, 40), encoded(photo(50, 40))):
        with pytest.raises(ImageTooLarge, match="for the result of resize, got 101×81"):
            run_hop(source, [enlarge], None, limits=small)
    with pytest.raises(InvalidPipeline, match="expected at most 2 operations for operations, got 3"):
        run_hop(photo(5, 5), [make_operation("sepia", {})] * 3, None, limits=small)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_many_threads_give_the_same_bytes_as_one(format: str) -> None:
    sources = [encoded(photo(160 + number, 120, seed=number), format) for number in range(8)]
    pipeline = Pipeline.from_text(EVERYTHING)
    wanted = [run(source, pipeline).data for source in sources]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert list(pool.map(lambda source: run(source, pipeline).data, sources)) == wanted


def test_a_large_transparent_picture_streams_and_comes_out_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    image = photo(300, 200, 4)
    data = encoded(image)
    looked_at = run_hop(data, [Resize(width=70)], None).image
    monkeypatch.setattr("pixelmill.engine.LOOKED_AT", 100)
    streamed = run_hop(data, [Resize(width=70)], None).image
    assert isinstance(looked_at, np.ndarray)
    assert isinstance(streamed, np.ndarray)
    assert difference(looked_at, streamed) == 0
    assert LOOKED_AT > 1_000_000


def test_a_picture_of_100_megapixels_is_made_small() -> None:
    rows = np.zeros((10_000, 10_000), np.uint8)
    rows[::2] = 255
    data = encoded(rows[:, :, None], compress_level=1)
    result = run_hop(data, [Resize(width=100)], None)
    assert result.size == Size(100, 100)
    assert isinstance(result.image, np.ndarray)
    assert psnr(result.image, np.full((100, 100, 1), 127.5)) > 40


def test_a_result_tells_what_it_is() -> None:
    result = run(encoded(photo(50, 40), "JPEG"), "resize:25x25 | sepia | webp")
    assert (result.info.format, result.info.width, result.info.height) == ("webp", 25, 20)
    (hop,) = result.trace.hops
    assert hop.operations == ("resize", "sepia")
    assert (hop.bytes_in > 0, hop.bytes_out) == (True, len(result.data))
    assert 0 < hop.compute_s <= result.trace.total_s


def test_operations_that_run_as_one_give_the_same_and_share_their_time() -> None:
    operations = Pipeline.from_text("blur:1 | negative | gamma:0.7 | opacity:0.5 | contrast | sepia").operations
    result = run_hop(photo(50, 40), operations, None)
    image: Image | bytes = photo(50, 40)
    for operation in operations:
        assert isinstance(image, np.ndarray)
        image = run_hop(image, [operation], None).image
    assert isinstance(result.image, np.ndarray)
    assert isinstance(image, np.ndarray)
    assert np.array_equal(result.image, image)
    assert result.timings.operations == tuple(operation.name for operation in operations)
    blur, *shared, contrast, sepia = result.timings.operations_s
    assert shared == [shared[0]] * 3
    assert len({blur, shared[0], contrast, sepia}) == 4
