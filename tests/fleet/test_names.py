"""Host names: each of a name's addresses is an instance, and what they are may change while requests run.

These orchestrators look names up in a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import grpc
import pytest

import image_processing_pb2 as pb
from tests.fleet.names import Names
from tests.fleet.processes import PATIENCE_S, Fleet, Process, fleet, running, wait_for, worker
from tests.fleet.requests import INSTANT, LONG, busy, instances, large, request, trace


@pytest.fixture(scope="module")
def three() -> Iterator[list[Process]]:
    """Three workers on one port of three addresses, as a headless service has them."""
    first = worker("filter", "filter-1")
    with running(first):
        others = [
            worker("filter", f"filter-{number}", PIXELMILL_HOST=f"127.0.0.{number}", PORT=str(first.port))
            for number in (2, 3)
        ]
        with running(*others):
            yield [first, *others]


@pytest.fixture
def names(tmp_path: Path) -> Names:
    return Names(tmp_path / "names")


def over(names: Names, three: list[Process], host: str = "filters") -> AbstractContextManager[Fleet]:
    """Run an orchestrator whose only filter host is a name."""
    return fleet({}, hosts={"filter": f"{host}:{three[0].port}"}, orchestrator_code=names.code, PIXELMILL_RESOLVE_S="0.1")


def ask(made: Fleet) -> pb.Trace:
    return trace(made, INSTANT)


def test_every_address_of_a_name_is_an_instance(names: Names, three: list[Process]) -> None:
    names.set(filters="127.0.0.1 127.0.0.2 127.0.0.3")
    with over(names, three) as made:
        made.wait_until_used("filter", three, lambda: ask(made))
        assert [each.name for each in made.describe().instances] == ["filter-1", "filter-2", "filter-3"]


def test_changed_addresses_are_taken_over(names: Names, three: list[Process]) -> None:
    first, second, third = three
    with over(names, three) as made:
        made.wait_until_used("filter", [first], lambda: ask(made))
        names.set(filters="127.0.0.1 127.0.0.2")
        made.wait_until_used("filter", [first, second], lambda: ask(made))
        long = made.stub.RunPipeline.future(request(LONG, large(), placement="grouped"), timeout=PATIENCE_S)
        holder = wait_for(lambda: busy([first, second]), "an instance to begin")
        names.set(filters="127.0.0.3")
        made.wait_until_used("filter", [third], lambda: ask(made))
        # What had begun on an instance that is not listed any more ends there.
        hop = long.result(PATIENCE_S).trace.hops[0]
        assert (hop.instance, hop.attempts) == (holder.instance, 1)


def test_a_name_that_cannot_be_looked_up_for_a_while_keeps_its_addresses(names: Names, three: list[Process]) -> None:
    names.set(filters="127.0.0.1 127.0.0.2")
    with over(names, three) as made:
        made.wait_until_used("filter", three[:2], lambda: ask(made))
        names.set(filters="broken", others="127.0.0.1")
        traces = [ask(made) for _ in range(50)]
        assert {name for each in traces for name in instances(each, "filter")} == {each.instance for each in three[:2]}
        assert all(each.healthy for each in made.describe().instances)


def test_a_name_that_appears_later_is_used(names: Names, three: list[Process]) -> None:
    names.set(others="127.0.0.1")
    with over(names, three) as made:
        assert [each.problem for each in made.describe().instances] == ["its name does not resolve"]
        names.set(filters="127.0.0.1")
        wait_for(lambda: made.describe().instances[0].healthy, "the name to be found")
        wait_for(lambda: _is_answered(made), "a channel to it")
        made.wait_until_used("filter", three[:1], lambda: ask(made))


def _is_answered(fleet: Fleet) -> bool:
    """Tell whether a request is answered: an instance is known a little sooner than calls are sent to it."""
    try:
        ask(fleet)
    except grpc.RpcError:
        return False
    return True


def test_a_slow_name_server_does_not_hold_up_the_others(names: Names, three: list[Process]) -> None:
    names.set(filters="127.0.0.1", sluggish="slow")
    hosts = f"sluggish:{three[0].port},filters"
    with over(names, three, hosts) as made:
        made.wait_until_used("filter", three[:1], lambda: ask(made))
        assert made.orchestrator.terminate() == 0
