"""Operations that only some instances have: their calls go to those, and to nobody where there is none."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
import pixelmill
from pixelmill import OperationFailed, OperationNotInstalled, Pipeline
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.embedded import EmbeddedFleet
from tests.fleet.failures import Failure, fails
from tests.fleet.processes import PATIENCE_S, Fleet, Process, channel_to, fleet, running, wait_for, worker
from tests.fleet.requests import PICTURE, instances, request, run, trace
from tests.plugins import EXAMPLE, install, path_with, registered

CHAIN: Any = Pipeline()
FILE = str(EXAMPLE / "pixelmill_posterize.py")
IN_PROCESS = {"PIXELMILL_ISOLATE": "0"}
"""For workers whose own process an operation changes, or shows."""
FAULTY = '''
import pixelmill

@pixelmill.operation
def faulty(image, *, size: int = 3):
    """Fail."""
    return [image][size]
'''
FORGET = '''

@pixelmill.operation
def forget(image):
    """Let this process be without posterize."""
    from pixelmill.operations import base
    globals()["kept"] = base._registry.pop("posterize")
    return image

@pixelmill.operation
def remember(image):
    """Let this process have posterize again."""
    from pixelmill.operations import base
    base._registry["posterize"] = kept
    return image
'''


@pytest.fixture(scope="module", autouse=True)
def here() -> Iterator[None]:
    """The client has the example's operations."""
    with registered():
        yield


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("plugin"))


@contextmanager
def over(*workers: Process, pools: tuple[str, ...] = ("filter",), **environment: str) -> Iterator[Fleet]:
    """Run an orchestrator over workers that run already, all in each of these pools."""
    hosts = ",".join(process.address for process in workers)
    with fleet({}, hosts=dict.fromkeys(pools, hosts), orchestrator_environment=environment) as made:
        yield made


@pytest.fixture(scope="module")
def workers(installed: Path) -> Iterator[list[Process]]:
    """Three workers: the first two have the plugin."""
    path = path_with(installed)
    made = [
        worker("filter", "first", PYTHONPATH=path),
        worker("filter", "second", PYTHONPATH=path),
        worker("filter", "without"),
    ]
    with running(*made):
        yield made


@pytest.fixture(scope="module")
def mixed(workers: list[Process]) -> Iterator[Fleet]:
    """An orchestrator that has no plugin, over the three workers."""
    with over(*workers, pools=("resize", "filter")) as made:
        yield made


def message(name: str, **parameters: int) -> pb.RunPipelineRequest:
    """Make a request as a client program does that has the operation."""
    values = {key: pb.Value(int_value=value) for key, value in parameters.items()}
    operations = [pb.Operation(name=name, parameters=values)]
    return pb.RunPipelineRequest(image_data=PICTURE, pipeline=pb.Pipeline(operations=operations), placement="spread")


def send(fleet: Fleet, asked: pb.RunPipelineRequest) -> pb.RunPipelineResponse:
    return fleet.stub.RunPipeline(asked, timeout=PATIENCE_S, wait_for_ready=True)


def test_calls_go_to_those_that_have_the_operation(mixed: Fleet, workers: list[Process]) -> None:
    used = {"posterize | png": Counter[str](), "negative | png": Counter[str]()}
    for _ in range(30):
        for pipeline, counter in used.items():
            made = trace(mixed, pipeline, placement="spread")
            counter.update(instances(made, "filter"))
            assert [hop.attempts for hop in made.hops] == [1]
    assert used["posterize | png"] == {process.instance: 15 for process in workers[:2]}
    assert used["negative | png"] == {process.instance: 10 for process in workers}


@pytest.mark.parametrize("placement", ["spread", "grouped", "fused", "auto"])
def test_the_bytes_are_those_of_this_process(mixed: Fleet, placement: str) -> None:
    pipeline = CHAIN.resize(20).posterize(levels=3).negative().halve().resize(30, enlarge=True).to("png")
    wanted = pixelmill.run(PICTURE, pipeline).data
    with mixed.client(placement) as client:
        assert client.run(PICTURE, pipeline).data == wanted
    for text in (pipeline.to_text(), pipeline.to_json(), pipeline.to_yaml()):
        assert run(mixed, text, placement=placement).image_data == wanted


@pytest.mark.parametrize("placement", ["spread", "grouped", "fused"])
def test_renditions_with_it(mixed: Fleet, placement: str) -> None:
    """Where all is one call, an operation of one rendition decides who gets it."""
    pipeline = Pipeline().resize(24).rendition("few", "posterize:2 | png").rendition("all", "negative | png")
    wanted = {name: made.data for name, made in pixelmill.run(PICTURE, pipeline).renditions.items()}
    with mixed.client(placement) as client:
        for _ in range(3):
            made = client.run(PICTURE, pipeline)
            assert {name: each.data for name, each in made.renditions.items()} == wanted
            assert all(hop.attempts == 1 for hop in made.trace.hops)


def test_each_instance_tells_what_it_has(mixed: Fleet) -> None:
    told = mixed.describe()
    theirs = {each.name: [(one.name, one.pool, list(one.parameters)) for one in each.custom] for each in told.instances}
    example = [("posterize", "filter", ["levels"]), ("halve", "resize", [])]
    assert theirs == {"first": example, "second": example, "without": []}
    assert not told.orchestrator.custom
    assert {"posterize", "halve"}.isdisjoint(told.orchestrator.operations)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"levels": 1}, "expected a number ≥ 2 for posterize.levels, got 1"),
        ({"lvels": 2}, "expected a parameter of posterize (levels), got 'lvels'"),
    ],
)
def test_parameters_are_checked_by_who_has_the_operation(mixed: Fleet, parameters: dict[str, int], said: str) -> None:
    text = ",".join(f"{name}={value}" for name, value in parameters.items())
    for asked in (message("posterize", **parameters), request(f"posterize:{text} | png")):
        with fails() as failure:
            send(mixed, asked)
        assert (failure.code, failure.info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PIPELINE")
        assert failure.message.replace("'1'", "1") == said


@pytest.mark.parametrize("value", ['["3"]', "[[3]]", '{"a": 3}', str(2**63)])
def test_parameters_that_do_not_travel(mixed: Fleet, value: str) -> None:
    with fails() as failure:
        run(mixed, f'{{"operations": [{{"op": "posterize", "levels": {value}}}]}}')
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    wanted = "expected a number, up to 10000 numbers, text, bytes, true or false for posterize.levels, got "
    assert failure.message.startswith(wanted)


def test_a_list_travels_to_who_has_the_operation(mixed: Fleet) -> None:
    with fails() as failure:
        run(mixed, '{"operations": [{"op": "posterize", "levels": [3]}]}')
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert failure.message == "expected a whole number for posterize.levels, got [3.0]"


def test_null_is_the_default(mixed: Fleet) -> None:
    text = json.dumps({"operations": [{"op": "posterize", "levels": None}], "output": {"format": "png"}})
    assert run(mixed, text).image_data == run(mixed, "posterize | png").image_data


def test_nobody_has_it(shared: Fleet) -> None:
    """The orchestrator does not know the name either. A program that names it has it, a text may be mistyped."""
    with fails() as failure:
        send(shared, message("posterize", levels=3))
    assert (failure.code, failure.info.reason) == (grpc.StatusCode.UNIMPLEMENTED, "OPERATION_NOT_INSTALLED")
    assert failure.message.startswith("expected an operation that is installed, got 'posterize'; there are blur, ")
    with shared.client() as client, pytest.raises(OperationNotInstalled, match="'posterize'"):
        client.run(PICTURE, CHAIN.posterize())
    with fails() as failure:
        send(shared, message("negativ"))
    assert failure.message == "expected an operation that is installed, got 'negativ'; did you mean 'negative'?"
    with fails() as failure:
        run(shared, "posterize:3 | png")
    assert (failure.code, failure.info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PIPELINE")


def test_a_worker_without_it_says_so(workers: list[Process]) -> None:
    asked = pb.StageRequest(encoded=PICTURE, operations=[pb.Operation(name="posterize")])
    with channel_to(workers[2].address) as channel:
        error = rpc.StageServiceStub(channel).RunStage(asked, timeout=PATIENCE_S).error
    assert error.reason == "OPERATION_NOT_INSTALLED"
    assert "'posterize'" in error.message


def test_only_the_orchestrator_has_it(workers: list[Process]) -> None:
    said = "expected an instance of the filter pool that has posterize installed, got none"
    with over(workers[2], PIXELMILL_PLUGINS=FILE) as made:
        for asked in (message("posterize"), request("posterize | png", placement="spread")):
            with fails() as failure:
                send(made, asked)
            assert (failure.code, failure.message) == (grpc.StatusCode.UNIMPLEMENTED, said)
        with fails() as failure:
            run(made, "posterize:1 | png")
        assert failure.message == "expected a number ≥ 2 for posterize.levels, got '1'"
        assert trace(made, "negative | png").hops


def test_instances_that_go_come_back_and_change() -> None:
    first, second = worker("filter", "first", PIXELMILL_PLUGINS=FILE), worker("filter", "second")
    with running(first, second), over(first, second, PIXELMILL_RESOLVE_S="1000") as made:
        assert instances(trace(made, "posterize | png", placement="spread"), "filter") == [first.instance]
        first.kill()
        # It may be back soon: that is no reason to say that nobody has it.
        with fails() as failure:
            run(made, "posterize | png", placement="spread")
        assert (failure.code, failure.info.reason) == (grpc.StatusCode.UNAVAILABLE, "NO_HEALTHY_INSTANCE")
        assert trace(made, "negative | png").hops
        del first.environment["PIXELMILL_PLUGINS"]
        first.restart()
        wait_for(lambda: answered_by(made) == "OPERATION_NOT_INSTALLED", "both to be known to lack it")
        second.terminate()
        second.environment["PIXELMILL_PLUGINS"] = FILE
        second.restart()
        wait_for(lambda: answered_by(made) == second.instance, "the second to be known to have it")


def answered_by(fleet: Fleet) -> str:
    """Return the instance that runs the example's operation, or the reason why none does."""
    try:
        return instances(trace(fleet, "posterize | png", placement="spread"), "filter")[0]
    except grpc.RpcError as error:
        failure = Failure()
        failure.read(error)
        return str(failure.info.reason)


def test_an_instance_that_has_lost_it_is_passed_over_at_once(tmp_path: Path) -> None:
    """The orchestrator is still connected to it, and learns of it only from the answer to a call."""
    file = tmp_path / "forgetful.py"
    file.write_text(Path(FILE).read_text() + FORGET)
    first, second = (worker("filter", name, **IN_PROCESS, PIXELMILL_PLUGINS=str(file)) for name in ("first", "second"))
    with running(first, second), over(first, second, PIXELMILL_RESOLVE_S="1000") as made:
        made.wait_until_used("filter", [first, second], lambda: trace(made, "posterize | png", placement="spread"))
        have_run(second, "forget")
        hops = [trace(made, "posterize | png", placement="spread").hops[0] for _ in range(8)]
        assert {hop.instance for hop in hops} == {first.instance}
        assert sorted(hop.attempts for hop in hops) == [1] * 7 + [2]


def test_an_instance_is_asked_again_and_again(tmp_path: Path) -> None:
    """Nothing else tells the orchestrator, which stays connected, that it has it now."""
    file = tmp_path / "forgetful.py"
    file.write_text(Path(FILE).read_text() + FORGET)
    only = worker("filter", "only", **IN_PROCESS, PIXELMILL_PLUGINS=str(file))
    with running(only), over(only, PIXELMILL_RESOLVE_S="0.2") as made:
        have_run(only, "forget")
        wait_for(lambda: answered_by(made) == "OPERATION_NOT_INSTALLED", "it to be known to lack it")
        have_run(only, "remember")
        wait_for(lambda: answered_by(made) == only.instance, "it to be known to have it")


def have_run(process: Process, operation: str) -> None:
    """Have a worker run an operation, past the orchestrator."""
    asked = pb.StageRequest(encoded=PICTURE, operations=[pb.Operation(name=operation)])
    with channel_to(process.address) as channel:
        assert rpc.StageServiceStub(channel).RunStage(asked, timeout=PATIENCE_S).WhichOneof("result") == "frame"


def test_a_function_that_fails(tmp_path: Path) -> None:
    file = tmp_path / "faulty.py"
    file.write_text(FAULTY)
    with ExitStack() as stack:
        stack.enter_context(registered(file))
        made = stack.enter_context(fleet({"filter": 1}, worker_environment={"PIXELMILL_PLUGINS": str(file)}))
        client = stack.enter_context(made.client())
        said = "expected a picture from the operation faulty, got IndexError: list index out of range"
        with pytest.raises(OperationFailed, match=said):
            client.run(PICTURE, CHAIN.faulty())
        with fails() as failure:
            run(made, "faulty:9")
        assert (failure.code, failure.info.reason) == (grpc.StatusCode.INTERNAL, "OPERATION_FAILED")
        assert client.run(PICTURE, CHAIN.faulty(size=0).to("png")).data == pixelmill.run(PICTURE, "png").data
        log = made.workers["filter"][0].errors()
    assert said in log
    assert 'faulty.py", line 7, in faulty' in log


def test_a_worker_does_not_start_without_the_plugin_that_it_is_told_to_have() -> None:
    process = worker("filter", "first", PIXELMILL_PLUGINS="nowhere_to_be_found")
    try:
        assert process.process.wait(PATIENCE_S) == 1
        assert "for the plugin, got 'nowhere_to_be_found': ModuleNotFoundError" in process.errors()
    finally:
        process.close()


def test_the_embedded_fleet_has_it() -> None:
    pipeline = CHAIN.posterize(3).to("png")
    with EmbeddedFleet(0, 2, 0, plugins=[FILE]) as made, FleetExecutor(made.target) as executor:
        assert executor.run(PICTURE, pipeline).data == pixelmill.run(PICTURE, pipeline).data
