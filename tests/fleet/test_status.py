"""GetProcessingStatus tells the truth: waiting, working, done, failed, unknown."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

import image_processing_pb2 as pb
from tests.fleet.failures import fails
from tests.fleet.processes import PATIENCE_S, Fleet, fleet, wait_for
from tests.fleet.requests import INSTANT, LONG, PICTURE, large, request

HOPS = 8


@pytest.fixture(scope="module")
def narrow() -> Iterator[Fleet]:
    """One filter worker, and one request at a time."""
    with fleet({"filter": 1}, PIXELMILL_RUNNING="1") as made:
        yield made


def start(
    fleet: Fleet, id: str, pipeline: str, data: bytes, placement: str = "spread"
) -> grpc.Future[pb.RunPipelineResponse]:
    """Start a request with an id of the client's own."""
    return fleet.stub.RunPipeline.future(
        request(pipeline, data, placement=placement), timeout=PATIENCE_S, metadata=(("x-request-id", id),)
    )


def status(fleet: Fleet, id: str) -> pb.StatusResponse:
    """Ask for a request's status."""
    return fleet.stub.GetProcessingStatus(pb.StatusRequest(process_id=id), timeout=PATIENCE_S)


def status_of_known(fleet: Fleet, id: str) -> pb.StatusResponse | None:
    """Ask for a request's status, where the orchestrator has heard of it."""
    try:
        return status(fleet, id)
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.NOT_FOUND:
            raise
        return None


def test_a_request_on_its_way(narrow: Fleet) -> None:
    first = start(narrow, "first", " | ".join(["blur:3"] * HOPS), large())
    wait_for(lambda: status_of_known(narrow, "first"), "the first request to arrive")
    second = start(narrow, "second", INSTANT, PICTURE)
    seen: list[tuple[str, int, str]] = []

    def finished() -> bool:
        told = status_of_known(narrow, "first")
        if told:
            seen.append((told.status, told.progress_percent, told.current_stage))
        return first.done()

    waiting = wait_for(lambda: status_of_known(narrow, "second"), "the second request to arrive")
    assert (waiting.status, waiting.progress_percent, waiting.current_stage) == ("queued", 0, "")
    wait_for(finished, "the first request to be done")
    working = [told for told in seen if told[0] == "processing"]
    assert working
    assert {stage for _, _, stage in working} <= {"blur", ""}
    percents = [percent for _, percent, _ in seen]
    assert percents == sorted(percents)
    assert set(percents) <= {100 * done // HOPS for done in range(HOPS + 1)}
    assert len(set(percents)) > 2
    assert status(narrow, "first").status == "completed"
    assert second.result(PATIENCE_S).trace.request_id == "second"
    assert (status(narrow, "second").status, status(narrow, "second").progress_percent) == ("completed", 100)


def test_a_request_that_failed(narrow: Fleet) -> None:
    with fails() as failure:
        start(narrow, "broken", INSTANT, PICTURE[: len(PICTURE) // 2]).result(PATIENCE_S)
    assert failure.info.reason == "CORRUPT_IMAGE"
    told = status(narrow, "broken")
    assert (told.process_id, told.status, told.progress_percent) == ("broken", "failed", 0)
    assert told.stats.original_size_bytes == len(PICTURE) // 2


def test_a_request_that_was_given_up(narrow: Fleet) -> None:
    call = start(narrow, "given-up", LONG, large(), "grouped")
    wait_for(lambda: (told := status_of_known(narrow, "given-up")) and told.status == "processing", "it to be worked on")
    call.cancel()
    wait_for(lambda: status(narrow, "given-up").status == "failed", "it to be counted as failed")


def test_an_id_that_is_no_id_is_replaced(narrow: Fleet) -> None:
    call = start(narrow, "no id!", INSTANT, PICTURE)
    id = call.result(PATIENCE_S).trace.request_id
    assert id != "no id!"
    assert status(narrow, id).status == "completed"


def test_the_id_comes_before_the_answer(narrow: Fleet) -> None:
    # As a stream of one answer, because a unary call of this library shows everything at its end.
    call = narrow.channel.unary_stream(
        "/image_processing.OrchestratorService/RunPipeline",
        request_serializer=pb.RunPipelineRequest.SerializeToString,
        response_deserializer=pb.RunPipelineResponse.FromString,
    )(request(LONG, large(), placement="grouped"), timeout=PATIENCE_S)
    id = str(dict(call.initial_metadata())["pixelmill-process-id"])
    assert status(narrow, id).status in ("queued", "processing")
    assert next(call).trace.request_id == id
