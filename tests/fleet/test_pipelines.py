"""RunPipeline and DescribeFleet: any pipeline, in any spelling, on pictures of any size up to the limits."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import grpc
import numpy as np
import pytest

import image_processing_pb2 as pb
import pixelmill
from pixelmill import ImageTooLarge, InvalidPipeline, NoHealthyInstance, Pipeline, UnsupportedFormat
from pixelmill.fleet import wire
from pixelmill.operations import operation_names
from tests.fleet.failures import fails
from tests.fleet.pictures import noise, pixels_of, png, scene
from tests.fleet.processes import PATIENCE_S, Fleet, fleet, running, wait_for, worker
from tests.fleet.requests import INSTANT, LONG, PICTURE, SAMPLE, busy, large, request, run

PIPELINE = Pipeline.parse(SAMPLE)


def test_every_spelling_of_a_pipeline(shared: Fleet) -> None:
    spelled = [request(text) for text in (PIPELINE.to_text(), PIPELINE.to_json(), PIPELINE.to_yaml())]
    spelled.append(pb.RunPipelineRequest(image_data=PICTURE, pipeline=wire.pipeline_message(PIPELINE)))
    spelled.append(
        pb.RunPipelineRequest(
            image_data=PICTURE,
            pipeline=pb.Pipeline(
                operations=[
                    pb.Operation(
                        name="resize", parameters={"width": pb.Value(int_value=16), "height": pb.Value(int_value=16)}
                    ),
                    pb.Operation(name="blur", parameters={"sigma": pb.Value(float_value=2)}),
                    pb.Operation(name="sharpen"),
                    pb.Operation(name="sepia"),
                    pb.Operation(
                        name="text", parameters={"text": pb.Value(string_value="me"), "size": pb.Value(int_value=8)}
                    ),
                ],
                output=pb.Output(format="png"),
            ),
        )
    )
    wanted = pixelmill.run(PICTURE, PIPELINE)
    for each in spelled:
        answer = shared.stub.RunPipeline(each, timeout=PATIENCE_S)
        assert answer.image_data == wanted.data
        assert (answer.format, answer.width, answer.height) == ("png", 16, 12)


def test_a_trace_tells_of_every_hop(shared: Fleet) -> None:
    trace = run(shared, SAMPLE, placement="spread").trace
    assert [list(hop.operations) for hop in trace.hops] == [["resize"], ["blur"], ["sharpen"], ["sepia"], ["text"]]
    assert [hop.pool for hop in trace.hops] == ["resize", "filter", "filter", "filter", "watermark"]
    assert trace.hops[0].bytes_in == len(PICTURE)
    frame = 16 * 12 * 3
    assert [hop.bytes_in for hop in trace.hops[1:]] == [hop.bytes_out for hop in trace.hops[:-1]] == [frame] * 4
    for hop in trace.hops:
        assert len(hop.operations_us) == len(hop.operations)
        assert hop.transfer_us > 0
        assert hop.attempts >= 1
    taken = sum(
        hop.decode_us + sum(hop.operations_us) + hop.encode_us + hop.queue_us + hop.transfer_us for hop in trace.hops
    )
    # Each of the parts is rounded.
    assert taken <= trace.total_us + 5 * len(trace.hops)
    encoding = [hop.encode_us for hop in trace.hops]
    assert max(encoding) == encoding[-1]


def test_a_queue_at_a_worker_is_told(shared: Fleet) -> None:
    with fleet({"filter": 1}) as made:
        first = made.stub.RunPipeline.future(request(LONG, large(), placement="grouped"), timeout=PATIENCE_S)
        wait_for(lambda: busy(made.workers["filter"]), "the worker to begin")
        queued = run(made, INSTANT).trace.hops[0].queue_us
        assert first.result(PATIENCE_S)
    assert queued > 0


def test_pictures_larger_than_grpcs_own_limit(shared: Fleet) -> None:
    pixels = noise(3000, 2300)
    data = png(pixels)
    assert len(data) > 20_000_000
    answer = run(shared, "negative | negative | png", data, placement="spread")
    assert len(answer.image_data) > 20_000_000
    assert np.array_equal(pixels_of(answer.image_data), pixels)


@pytest.fixture(scope="module")
def small() -> Iterator[Fleet]:
    """A fleet with low limits."""
    limits = {"PIXELMILL_MAX_INPUT_BYTES": "20000", "PIXELMILL_MAX_PIXELS": "10000", "PIXELMILL_MAX_OPERATIONS": "3"}
    with fleet({"resize": 1, "filter": 1}, worker_environment=limits, orchestrator_environment=limits) as made:
        yield made


@pytest.mark.parametrize(
    ("data", "pipeline", "reason"),
    [
        (png(noise(100, 70)), INSTANT, "IMAGE_TOO_LARGE"),
        (png(scene(101, 100)), INSTANT, "IMAGE_TOO_LARGE"),
        (PICTURE, "resize:101x100,fit=fill,enlarge=true | png", "IMAGE_TOO_LARGE"),
        (PICTURE, "sepia | sepia | sepia | sepia", "INVALID_PIPELINE"),
    ],
    ids=["bytes", "pixels", "result", "operations"],
)
def test_what_is_beyond_the_limits(small: Fleet, data: bytes, pipeline: str, reason: str) -> None:
    with fails() as failure:
        run(small, pipeline, data)
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert (failure.info.reason, failure.info.domain) == (reason, "pixelmill")
    assert failure.message.startswith("expected at most ")
    calls = sum(each.calls for each in small.describe().instances)
    assert calls == 0, "no worker should have been asked"


def test_what_is_far_beyond_the_limits(small: Fleet) -> None:
    """gRPC refuses to receive it; the client makes the same error of it."""
    data = bytes(5_000_000)
    with fails() as failure:
        run(small, INSTANT, data)
    assert failure.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    with small.client() as client, pytest.raises(ImageTooLarge):
        client.run(data, Pipeline.parse(INSTANT))


def test_the_client_raises_what_the_fleet_raised(shared: Fleet) -> None:
    with shared.client() as client:
        with pytest.raises(UnsupportedFormat, match=r"^expected a picture"):
            client.run(b"no picture", PIPELINE)
        with pytest.raises(ImageTooLarge, match=r"^expected at most"):
            client.run(PICTURE, Pipeline().resize(16_384, 16_384, fit="fill", enlarge=True))
    with shared.client("elsewhere") as client, pytest.raises(InvalidPipeline, match=r"for placement, got 'elsewhere'"):
        client.run(PICTURE, PIPELINE)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (pb.RunPipelineRequest(image_data=PICTURE), "expected pipeline or pipeline_text for the request, got 'neither'"),
        (request("resize"), "expected a width, a height or both for resize, or a scale, got none"),
        (request("sepai"), "expected an operation's name, got 'sepai'; did you mean 'sepia'?"),
        (
            pb.RunPipelineRequest(
                image_data=PICTURE,
                pipeline=pb.Pipeline(operations=[pb.Operation(name="blur", parameters={"sigma": pb.Value()})]),
            ),
            "expected a number for blur.sigma, got None",
        ),
    ],
)
def test_a_pipeline_that_makes_no_sense(shared: Fleet, asked: pb.RunPipelineRequest, said: str) -> None:
    with fails() as failure:
        shared.stub.RunPipeline(asked, timeout=PATIENCE_S)
    assert (failure.code, failure.message) == (grpc.StatusCode.INVALID_ARGUMENT, said)
    assert [violation.description for violation in failure.violations] == [said]


def test_describing_the_fleet(shared: Fleet) -> None:
    before = {each.name: each.calls for each in shared.describe().instances}
    run(shared, SAMPLE, placement="spread")
    told = shared.describe()
    processes = [process for workers in shared.workers.values() for process in workers]
    assert [(each.pool, each.name, each.address, each.pid) for each in told.instances] == [
        (pool, process.name, process.address, process.process.pid)
        for pool, workers in shared.workers.items()
        for process in workers
    ]
    assert all(each.healthy and not each.problem and each.in_flight == 0 for each in told.instances)
    assert all(each.operations == list(operation_names()) for each in told.instances)
    assert sum(each.calls - before[each.name] for each in told.instances) == 5
    assert len(processes) == len(before)
    assert (told.orchestrator.name, told.orchestrator.pid) == ("orchestrator", shared.orchestrator.process.pid)
    assert told.orchestrator.healthy
    assert told.orchestrator.calls > 0


def test_a_pool_that_is_not_configured() -> None:
    with (
        fleet({"filter": 1}) as made,
        made.client("spread") as client,
        pytest.raises(NoHealthyInstance, match="resize pool"),
    ):
        client.run(PICTURE, Pipeline().resize(8))


def test_a_pool_whose_hosts_do_not_resolve() -> None:
    said = r"no host of the filter pool resolves: nowhere\.invalid:1"
    with (
        fleet({}, hosts={"filter": "nowhere.invalid:1"}) as made,
        made.client() as client,
        pytest.raises(NoHealthyInstance, match=said),
    ):
        client.run(PICTURE, Pipeline().negative())


def has_ipv6() -> bool:
    """Tell whether this machine can listen on ::1."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_over_ipv6() -> None:
    process = worker("filter", "six", PIXELMILL_HOST="[::1]")
    with running(process), fleet({"filter": 1}, hosts={"filter": f"[::1]:{process.port}"}) as made:
        made.wait_until_used("filter", [*made.workers["filter"], process], lambda: run(made, INSTANT).trace)
