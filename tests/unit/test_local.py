"""The executor that runs in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pixelmill import CorruptImage, Internal, InvalidPipeline, Pipeline, open_executor, run
from pixelmill.executors import Item, LocalExecutor
from tests.pictures import encoded, photo

PIPELINE = Pipeline().resize(20, 20)
SOURCES = {str(number): encoded(photo(40 + number, 30)) for number in range(20)}


def test_every_item_has_one_outcome_equal_to_a_run_of_its_own() -> None:
    with LocalExecutor(threads=3) as executor:
        outcomes = {outcome.key: outcome for outcome in executor.map((Item(*pair) for pair in SOURCES.items()), PIPELINE)}
    assert outcomes.keys() == SOURCES.keys()
    for key, outcome in outcomes.items():
        assert outcome.error is None
        assert outcome.result is not None
        assert outcome.result.data == run(SOURCES[key], PIPELINE).data


def test_an_error_is_the_outcome_of_its_item_alone() -> None:
    def unreadable() -> bytes:
        raise ZeroDivisionError

    items = [Item("good", SOURCES["0"]), Item("bad", SOURCES["1"][:99]), Item("odd", unreadable)]
    with open_executor("local:") as executor:
        outcomes = {outcome.key: outcome for outcome in executor.map(items, PIPELINE)}
    assert outcomes["good"].result is not None
    assert isinstance(outcomes["bad"].error, CorruptImage)
    assert isinstance(outcomes["odd"].error, Internal)
    assert isinstance(outcomes["odd"].error.__cause__, ZeroDivisionError)


def test_only_a_bounded_number_is_read_ahead() -> None:
    asked = threading.Semaphore(0)
    taken = 0

    def endless() -> Iterator[Item]:
        nonlocal taken
        while True:
            taken += 1
            asked.release()
            yield Item(str(taken), SOURCES["0"])

    with LocalExecutor(threads=2) as executor:
        outcomes = executor.map(endless(), PIPELINE)
        for _ in range(10):
            next(outcomes)
        assert taken <= 10 + 2 * 2 + 2
        outcomes.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "local:4", "local://here", "grpc", "grpc://", "grpc://host", "grpc://host:0"]
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(InvalidPipeline, match="for the executor, got"):
        open_executor(url)


def test_a_path_in_place_of_bytes_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"expected the bytes of a picture for source, got 'photo\.jpg'"):
        run("photo.jpg", "sepia")  # type: ignore[arg-type]


@pytest.mark.parametrize("pipeline", [None, {"operations": []}, Pipeline, Pipeline().sepia])
def test_what_is_no_pipeline_is_refused_by_name(pipeline: object) -> None:
    with pytest.raises(TypeError, match="expected a Pipeline, or one as text, for pipeline, got "):
        run(SOURCES["0"], pipeline)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [bytearray, memoryview])
@pytest.mark.parametrize("name", ["PNG", "JPEG"])
def test_pictures_in_other_buffers(kind: type[bytearray] | type[memoryview], name: str) -> None:
    data = encoded(photo(40, 30), name)
    assert run(kind(data), PIPELINE).data == run(data, PIPELINE).data


def test_executors_take_a_pipeline_s_text() -> None:
    with LocalExecutor(threads=1) as executor:
        assert executor.run(SOURCES["0"], PIPELINE.to_text()).data == run(SOURCES["0"], PIPELINE).data
        (outcome,) = executor.map([Item("0", SOURCES["0"])], PIPELINE.to_text())
    assert outcome.result is not None
    assert outcome.result.data == run(SOURCES["0"], PIPELINE).data
