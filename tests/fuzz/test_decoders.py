"""Whatever is done to a file, it is a picture or one of our errors, and the process lives on."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.edits import KINDS, Edit, edited, files
from tests.fuzz.worker import PIPELINES, finding, set_up

HANGS_S = 120
FILES = files()
OTHERS = list(FILES.values())
# Half of the edits are in the first bytes, where headers are.
PLACES = st.floats(0, 1) | st.floats(0, 0.1)
EDITS = st.lists(
    st.builds(Edit, st.sampled_from(KINDS), PLACES, st.integers(0, 2**16), st.integers(0, 2**32 - 1)), min_size=1, max_size=6
)


class Process:
    """A process for decoding, replaced where a file ends it."""

    def __init__(self) -> None:
        self.pool = self._new()

    @staticmethod
    def _new() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=set_up)

    def finding(self, data: bytes, pipeline: str) -> str:
        try:
            return self.pool.submit(finding, data, pipeline).result(HANGS_S)
        except BrokenProcessPool:
            self.pool = self._new()
            return "ended the process"


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    process = Process()
    yield process
    process.pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("name", FILES)
def test_a_whole_file_is_no_finding(name: str, pipeline: str, process: Process) -> None:
    assert process.finding(FILES[name], pipeline) == ""


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(edits=EDITS, pipeline=st.sampled_from(PIPELINES))
def test_an_edited_file_is_none_either(name: str, edits: list[Edit], pipeline: str, process: Process) -> None:
    assert process.finding(edited(FILES[name], edits, OTHERS), pipeline) == ""


def test_what_ends_the_process_is_a_finding(process: Process) -> None:
    broken = process.pool.submit(_exit)
    with pytest.raises(BrokenProcessPool):
        broken.result(HANGS_S)
    assert process.finding(FILES["png"], "png") == "ended the process"
    assert process.finding(FILES["png"], "png") == ""


def _exit() -> None:
    import os

    os._exit(1)
