"""RunPipelineStream: many pictures over one call."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import grpc
import pytest

import image_processing_pb2 as pb
from tests.fleet.pictures import noise, png
from tests.fleet.processes import PATIENCE_S, Fleet, fleet, wait_for
from tests.fleet.requests import INSTANT, LONG, PICTURE, busy, large, request, run

WINDOW = 4


class Sender:
    """The requests of a stream, one at a time; tells how many the stream has taken."""

    def __init__(self) -> None:
        self._queue: queue.Queue[pb.RunPipelineRequest | None] = queue.Queue()

    def send(self, *requests: pb.RunPipelineRequest) -> None:
        for each in requests:
            self._queue.put(each)

    def end(self) -> None:
        self._queue.put(None)

    def __iter__(self) -> Iterator[pb.RunPipelineRequest]:
        while (each := self._queue.get()) is not None:
            yield each


@pytest.fixture(scope="module")
def narrow() -> Iterator[Fleet]:
    """Two filter workers, and a window of a few pictures."""
    with fleet({"filter": 2}, PIXELMILL_STREAM_WINDOW=str(WINDOW)) as made:
        yield made


def in_flight(fleet: Fleet) -> int:
    """Return how many pictures the orchestrator is working on."""
    return fleet.describe().orchestrator.in_flight


def test_every_picture_comes_back_with_its_id(shared: Fleet) -> None:
    requests = [request(id=f"picture {number}", data=png(noise(8 + number, 8))) for number in range(40)]
    answers = {answer.id: answer for answer in shared.stub.RunPipelineStream(iter(requests), timeout=PATIENCE_S)}
    assert answers.keys() == {each.id for each in requests}
    for each in requests:
        answer = answers[each.id]
        assert not answer.HasField("error")
        assert answer.image_data == run(shared, data=each.image_data).image_data
        assert answer.trace.hops


def test_answers_come_as_they_are_done(narrow: Fleet) -> None:
    requests = [request(LONG, large(), id="slow", placement="grouped"), request(INSTANT, id="quick")]
    answers = narrow.stub.RunPipelineStream(iter(requests), timeout=PATIENCE_S)
    assert [answer.id for answer in answers] == ["quick", "slow"]


def test_one_bad_picture_does_not_end_the_others(shared: Fleet) -> None:
    requests = [
        request(id="good"),
        request(id="no picture", data=b"hello"),
        request(id="half", data=PICTURE[: len(PICTURE) // 2]),
        request("nonsense", id="no pipeline"),
        request(id="no placement", placement="elsewhere"),
        request(id="good too"),
    ]
    answers = {answer.id: answer for answer in shared.stub.RunPipelineStream(iter(requests), timeout=PATIENCE_S)}
    reasons = {id: answer.error.reason for id, answer in answers.items()}
    assert reasons == {
        "good": "",
        "no picture": "UNSUPPORTED_FORMAT",
        "half": "CORRUPT_IMAGE",
        "no pipeline": "INVALID_PIPELINE",
        "no placement": "INVALID_PIPELINE",
        "good too": "",
    }
    assert all(answer.error.message.startswith("expected ") for answer in answers.values() if answer.HasField("error"))
    assert answers["good"].image_data == answers["good too"].image_data != b""


def test_a_stream_without_pictures_ends(shared: Fleet) -> None:
    assert list(shared.stub.RunPipelineStream(iter(()), timeout=PATIENCE_S)) == []


def test_pictures_in_flight_are_bounded(narrow: Fleet) -> None:
    """The client sends all it has and reads nothing: only as many as the window are worked on, and answers wait."""
    picture = png(noise(700, 500))
    requests = [request("negative | png", picture, id=str(number)) for number in range(4 * WINDOW)]
    sender = Sender()
    before = narrow.describe().orchestrator.calls
    answers = narrow.stub.RunPipelineStream(iter(sender), timeout=PATIENCE_S)
    most = 0
    sender.send(*requests)
    sender.end()

    def watched() -> bool:
        nonlocal most
        told = narrow.describe().orchestrator
        most = max(most, told.in_flight)
        return told.calls - before >= WINDOW and told.in_flight == 0

    wait_for(watched, "as many pictures to be done as the window has")
    assert most <= WINDOW
    # Its answers of a megabyte each are stuck, and so is the rest: no more than the window and what the network holds.
    assert WINDOW <= narrow.describe().orchestrator.calls - before < len(requests)
    assert {answer.id for answer in answers} == {each.id for each in requests}


def test_an_open_stream_answers_before_it_ends(narrow: Fleet) -> None:
    sender = Sender()
    answers = narrow.stub.RunPipelineStream(iter(sender), timeout=PATIENCE_S)
    for number in range(3):
        sender.send(request(INSTANT, id=str(number)))
        assert next(answers).id == str(number)
    sender.end()
    assert list(answers) == []


def test_giving_up_frees_the_places(narrow: Fleet) -> None:
    sender = Sender()
    answers = narrow.stub.RunPipelineStream(iter(sender), timeout=PATIENCE_S)
    sender.send(*(request(LONG, large(), id=str(number), placement="grouped") for number in range(2 * WINDOW)))
    wait_for(lambda: in_flight(narrow) == WINDOW and busy(narrow.workers["filter"]), "the window to be full")
    answers.cancel()
    sender.end()
    wait_for(lambda: not in_flight(narrow) and not busy(narrow.workers["filter"]), "everyone to stop working")
    assert run(narrow, INSTANT).image_data
    with pytest.raises(grpc.RpcError) as caught:
        next(answers)
    assert caught.value.code() is grpc.StatusCode.CANCELLED
