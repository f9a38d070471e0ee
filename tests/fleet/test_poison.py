"""Pictures that crash whoever works on them, or take all memory: they fail, in the right way, and nobody else does."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

import image_processing_pb2 as pb
import pixelmill
from tests.cells import POISON
from tests.fleet.failures import Failure, fails
from tests.fleet.pictures import png, scene
from tests.fleet.processes import PATIENCE_S, WORKER, Fleet, Process, channel_to, fleet, running, wait_for
from tests.fleet.requests import INSTANT, LONG, PICTURE, SAMPLE, busy, large, request, run
from tests.pictures import encoded

ISOLATED = {"PIXELMILL_ISOLATE": "1", "PIXELMILL_PLUGINS": str(POISON)}
TOGETHER = {"PIXELMILL_ISOLATE": "0", "PIXELMILL_PLUGINS": str(POISON)}
MARK = b"a picture that crashes whoever decodes it"
HEADER_MARK = b"a picture that crashes whoever reads its header"
POISONED = PICTURE + MARK
OTHER = png(scene(33, 25))
CLIENTS = 4


@contextmanager
def poisonous(environment: Mapping[str, str], workers: int, **more: str) -> Iterator[Fleet]:
    """Run a fleet whose workers have the operations of poison.py."""
    with fleet(
        {"resize": 1, "filter": workers, "watermark": 1}, worker_environment=environment, orchestrator_environment=more
    ) as made:
        wait_for(lambda: all(each.healthy for each in made.describe().instances), "all to be healthy")
        yield made


@contextmanager
def load(fleet: Fleet) -> Iterator[list[bytes]]:
    """Send requests of several kinds from several clients all the time, and give what came back; fails where one fails."""
    answers: list[bytes] = []
    stopped = False
    pipelines = (SAMPLE, INSTANT, "resize:20x20 | blur:1 | jpeg", "sepia | contrast:1.2 | webp")
    expected = {text: pixelmill.run(PICTURE, text).data for text in pipelines}

    def client(number: int) -> None:
        while not stopped:
            for text in pipelines[number % 2 :]:
                answer = fleet.stub.RunPipeline(request(text), timeout=PATIENCE_S).image_data
                assert answer == expected[text]
                answers.append(answer)

    with ThreadPoolExecutor(CLIENTS) as clients:
        sending = [clients.submit(client, number) for number in range(CLIENTS)]
        try:
            wait_for(lambda: len(answers) > CLIENTS, "the load to begin")
            yield answers
            start = len(answers)
            wait_for(lambda: len(answers) > start + 4 * CLIENTS or any(each.done() for each in sending), "more of it")
        finally:
            stopped = True
        for each in sending:
            each.result()


def failure_of(fleet: Fleet, pipeline: str, data: bytes = PICTURE, placement: str = "spread") -> Failure:
    """Send what has to fail, and return how it does."""
    with fails() as failure:
        fleet.stub.RunPipeline(request(pipeline, data, placement=placement), timeout=PATIENCE_S)
    return failure


def is_crash(failure: Failure) -> bool:
    return (failure.code, failure.info.reason) == (grpc.StatusCode.INTERNAL, "DECODER_CRASH")


def calls(fleet: Fleet) -> int:
    """Return how many calls all workers have had."""
    return sum(each.calls for each in fleet.describe().instances)


def dead(fleet: Fleet) -> int:
    """Return how many workers have ended."""
    return sum(process.process.poll() is not None for several in fleet.workers.values() for process in several)


@pytest.mark.parametrize(
    ("pipeline", "data"), [("segfault | png", PICTURE), (INSTANT, POISONED)], ids=["operation", "decoder"]
)
@pytest.mark.parametrize("placement", ["spread", "fused"])
def test_an_isolated_crash_fails_one_request(pipeline: str, data: bytes, placement: str) -> None:
    with poisonous(ISOLATED, 2) as made:
        with load(made):
            assert is_crash(failure_of(made, pipeline, data, placement))
        assert dead(made) == 0


def test_an_isolated_crash_is_tried_once_on_another_instance_and_never_again() -> None:
    with poisonous(ISOLATED, 2) as made:
        before = calls(made)
        assert is_crash(failure_of(made, INSTANT, POISONED))
        assert calls(made) == before + 2
        for _ in range(3):
            failure = failure_of(made, INSTANT, POISONED)
            assert is_crash(failure)
            assert "refused" in failure.message
        assert calls(made) == before + 2
        # What crashed is this picture with this pipeline.
        assert is_crash(failure_of(made, "sepia | png", POISONED))
        assert calls(made) == before + 4
        assert run(made, INSTANT).image_data


def test_a_header_that_crashes_harms_nobody() -> None:
    """The orchestrator reads headers: what takes a library, in a process of its own, too."""
    source = encoded(scene(33, 25), "WEBP")
    with poisonous(ISOLATED, 1, **ISOLATED) as made:
        with load(made):
            failure = failure_of(made, INSTANT, source + HEADER_MARK)
            assert is_crash(failure)
            assert "SIGSEGV" in failure.message
            assert "refused" in failure_of(made, "sepia | png", source + HEADER_MARK).message
        assert made.orchestrator.process.poll() is None
        assert run(made, INSTANT, source).image_data == pixelmill.run(source, INSTANT).data


def test_quarantine_ends() -> None:
    with poisonous(ISOLATED, 1, PIXELMILL_QUARANTINE_S="0.3") as made:
        before = calls(made)
        assert is_crash(failure_of(made, INSTANT, POISONED))

        def is_tried_again() -> bool:
            assert is_crash(failure_of(made, INSTANT, POISONED))
            return calls(made) > before + 2

        wait_for(is_tried_again, "the picture to be let in again")


@pytest.mark.parametrize(("pipeline", "data"), [("segfault | png", OTHER), (INSTANT, POISONED)])
def test_a_crash_costs_two_workers_at_most(pipeline: str, data: bytes) -> None:
    with poisonous(TOGETHER, 4) as made:
        with load(made):
            assert is_crash(failure_of(made, pipeline, data))
            assert dead(made) == 2
            for text in (pipeline, "sepia | png"):
                assert is_crash(failure_of(made, text, data))
        assert dead(made) == 2


def test_several_on_one_worker_are_not_taken_for_each_other() -> None:
    """What ran beside the picture that ended their worker is tried again, and is not blamed for what happened there."""
    several = [png(scene(40, 30, seed=seed)) for seed in range(8)]
    with poisonous(TOGETHER | {"PIXELMILL_THREADS": "4"}, 4) as made, ThreadPoolExecutor(9) as clients:
        slow = " | ".join(["blur:1"] * 20) + " | png"
        good = [clients.submit(run, made, slow, data, placement="grouped") for data in several for _ in range(3)]
        bad = clients.submit(failure_of, made, INSTANT, POISONED, "grouped")
        assert is_crash(bad.result(PATIENCE_S))
        expected = [pixelmill.run(data, slow).data for data in several for _ in range(3)]
        assert [each.result(PATIENCE_S).image_data for each in good] == expected
        assert dead(made) == 2


@contextmanager
def ending(fleet: Fleet, end: Callable[[Process], None]) -> Iterator[list[Process]]:
    """Send a request, end the two workers that work on it, one after the other, and give them.

    It is UNAVAILABLE, and the same picture must get through once that is over.
    """
    picture = large()
    call = fleet.stub.RunPipeline.future(request(LONG, picture, placement="grouped"), timeout=PATIENCE_S)
    ended: list[Process] = []
    for _ in range(2):
        others = [worker for worker in fleet.workers["filter"] if worker not in ended]
        ended.append(wait_for(lambda others=others: busy(others), "a worker to begin"))  # type: ignore[misc]
        end(ended[-1])
    with fails() as failure:
        call.result(PATIENCE_S)
    assert (failure.code, failure.info.reason) == (grpc.StatusCode.UNAVAILABLE, "NO_HEALTHY_INSTANCE")
    yield ended
    answer = fleet.stub.RunPipeline(request(LONG, picture, placement="grouped"), timeout=PATIENCE_S)
    assert answer.image_data == pixelmill.run(picture, LONG).data


def test_workers_that_stop_put_nobody_into_quarantine() -> None:
    with poisonous(TOGETHER, 3) as made, ending(made, lambda worker: worker.signal(signal.SIGSTOP)) as stopped:
        for process in stopped:
            process.signal(signal.SIGCONT)


def test_an_outage_puts_nobody_into_quarantine() -> None:
    """Where others die, too, who had nothing to do, it is not the picture that ends them."""
    with poisonous(TOGETHER, 3) as made:

        def end(worker: Process) -> None:
            made.workers["watermark"][0].kill()
            worker.kill()

        with ending(made, end):
            pass


def test_a_deadline_ends_a_step_that_never_does() -> None:
    with poisonous(ISOLATED, 1) as made:
        with fails() as failure:
            made.stub.RunPipeline(request("spin | png", placement="spread"), timeout=0.5)
        assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
        call = made.stub.RunPipeline.future(request("spin | png", placement="spread"), timeout=PATIENCE_S)
        wait_for(lambda: busy(made.workers["filter"]), "the worker to begin")
        call.cancel()
        wait_for(lambda: not busy(made.workers["filter"]), "the worker to be free again")
        assert run(made, INSTANT).image_data


CGROUPS = {"v2": Path("/sys/fs/cgroup"), "v1": Path("/sys/fs/cgroup/memory")}
LIMIT = 300 * 1024 * 1024


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup of 300 MiB of memory."""
    for version, limit in (("v2", "memory.max"), ("v1", "memory.limit_in_bytes")):
        folder = CGROUPS[version] / f"pixelmill-test-{os.getpid()}"
        try:
            folder.mkdir()
        except OSError:
            continue
        if not (folder / limit).exists():
            folder.rmdir()
            continue
        (folder / limit).write_text(str(LIMIT))
        yield folder
        wait_for(lambda folder=folder: not (folder / "cgroup.procs").read_text(), "all processes to end")  # type: ignore[misc]
        folder.rmdir()
        return
    pytest.skip("needs a memory cgroup that it may write to")


def killed(cgroup: Path) -> int:
    """Return how many processes the kernel has ended there for want of memory."""
    name = "memory.events" if (cgroup / "memory.events").exists() else "memory.oom_control"
    return int(dict(line.split() for line in (cgroup / name).read_text().splitlines())["oom_kill"])


def test_want_of_memory_fails_one_picture(cgroup: Path) -> None:
    code = f"import os; open({str(cgroup / 'cgroup.procs')!r}, 'w').write(str(os.getpid())); {WORKER.format(pool='filter')}"
    several = [Process(name, code, {"PIXELMILL_THREADS": "1", **ISOLATED}) for name in ("one", "two")]
    with running(*several):
        hosts = {"filter": ",".join(process.address for process in several)}
        with fleet({"resize": 1, "watermark": 1}, hosts=hosts) as made, load(made):
            for _ in range(3):
                failure = failure_of(made, "hog | png")
                assert (failure.code, failure.info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "OUT_OF_MEMORY")
            assert killed(cgroup) >= 3
        assert [process.process.poll() for process in several] == [None, None]


def test_no_worker_is_lost_with_what_it_keeps_open() -> None:
    """Whoever ends a worker by force ends all its processes."""
    with fleet({"filter": 1}, worker_environment=ISOLATED) as made:
        worker = made.workers["filter"][0]
        assert run(made, INSTANT).image_data
        group = [
            int(pid) for pid in Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/children").read_text().split()
        ]
        below = group + [int(pid) for one in group for pid in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
        worker.kill()
        wait_for(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in below), "all to end")


def test_a_classic_call_is_isolated_too() -> None:
    with fleet({"filter": 1}, worker_environment=ISOLATED) as made, channel_to(made.workers["filter"][0].address) as channel:
        import image_processing_pb2_grpc as rpc

        stub = rpc.FilterServiceStub(channel)
        with fails() as failure:
            stub.ApplyFilter(pb.FilterRequest(image_data=POISONED, filter_type=pb.SEPIA, intensity=1), timeout=PATIENCE_S)
        assert is_crash(failure)
        assert stub.ApplyFilter(pb.FilterRequest(image_data=PICTURE, filter_type=pb.SEPIA, intensity=1)).filtered_image
