"""`/v1/events`: what comes, in what form, how soon, and what watching costs."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from pixelmill.fleet.history import Record
from pixelmill.fleet.server import Server
from pixelmill.fleet.service import FleetService
from pixelmill.settings import OrchestratorSettings
from pixelmill.web.feed import MOST_RECORDS, Feed
from tests.fleet.processes import PATIENCE_S, Fleet, Process, fleet
from tests.fleet.requests import INSTANT, PICTURE

SEEN_S = 2.0
"""Within that time it is to be seen that an instance dies or drains."""
BUSY = 5
"""A machine that has other things to do may take so many times longer."""


@dataclass
class Event:
    name: str = ""
    id: str = ""
    data: Any = None
    retry: str = ""


@contextmanager
def watching(server: Process, **headers: str) -> Iterator[Iterator[Event]]:
    """Watch a server; gives its events."""
    with (
        httpx.Client(base_url=server.http_url, timeout=PATIENCE_S, trust_env=False) as client,
        client.stream("GET", "/v1/events", headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield events(answer.iter_lines())


def events(lines: Iterator[str]) -> Iterator[Event]:
    """Read events as the standard has it."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        data = json.loads(fields["data"]) if "data" in fields else None
        yield Event(fields.get("event", ""), fields.get("id", ""), data, fields.get("retry", ""))
        fields = {}


def next_of(found: Iterator[Event], name: str) -> Any:
    """Return the data of the next event of a name."""
    return next(event for event in found if event.name == name).data


def send(client: httpx.Client, id: str) -> None:
    answer = client.post("/v1/process", content=PICTURE, params={"pipeline": INSTANT}, headers={"X-Request-Id": id})
    assert answer.status_code == 200


def test_what_comes(served: Fleet, client: httpx.Client) -> None:
    send(client, "before")
    with watching(served.orchestrator) as found:
        assert int(next(found).retry) > 0
        assert "before" in [one["id"] for one in next_of(found, "requests")["requests"]]
        assert next_of(found, "fleet").keys() == client.get("/v1/fleet").json().keys()
        send(client, "now")
        seen: list[dict[str, Any]] = []
        while not seen or seen[0]["status"] != "completed":
            seen = [one for one in next_of(found, "requests")["requests"] if one["id"] == "now"] or seen
        detail = client.get("/v1/requests/now").json()
        assert seen[0] == {name: value for name, value in detail.items() if name != "hops"}
        second = next(event for event in found if event.name == "seconds")
        assert second.id == str(second.data["seconds"][-1]["at"])


def test_who_comes_back_is_told_what_is_new(served: Fleet) -> None:
    with watching(served.orchestrator) as found:
        ids = [event.id for event in (next(found) for _ in range(8)) if event.name == "seconds"]
    assert ids
    with watching(served.orchestrator, **{"Last-Event-ID": ids[-1]}) as found:
        seconds = next_of(found, "seconds")["seconds"]
    assert min(second["at"] for second in seconds) > int(ids[-1])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_an_instance_that_goes_is_seen_soon(how: signal.Signals) -> None:
    """On a machine with nothing else to do in 2 s; here, in few events, and in some multiple of that time."""
    with fleet({"filter": 2}, worker_environment={"PIXELMILL_DRAIN_S": "20"}, PIXELMILL_HTTP_PORT="-1") as made:
        first = made.workers["filter"][0]
        with watching(made.orchestrator) as found:
            assert states(next_of(found, "fleet")) == {"filter-1": "healthy", "filter-2": "healthy"}
            first.signal(how)
            began = time.monotonic()
            wanted = {"filter-1": "draining" if how is signal.SIGTERM else "down", "filter-2": "healthy"}
            count = 1
            while states(next_of(found, "fleet")) != wanted:
                count += 1
            assert count <= 4  # half a second or more apart, or as long as it takes to give up on one
            assert time.monotonic() - began < BUSY * SEEN_S
        if how is signal.SIGSTOP:
            first.signal(signal.SIGCONT)


def states(view: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["state"] for pool in view["pools"] for one in pool["instances"]}


def test_one_who_does_not_read_holds_nothing_back() -> None:
    async def main() -> None:
        service = FleetService(OrchestratorSettings(), Server([], []))
        try:
            feed = Feed(service)
            found = feed.events()
            while b"event: requests" not in await anext(found):
                pass
            await asyncio.sleep(0)
            for number in range(5000):
                for watcher in service.watchers:
                    watcher(Record(str(number), 1, "auto", "http"))
            assert len(feed._news) == MOST_RECORDS
            while not (event := await anext(found)).startswith(b"event: requests"):
                pass
            told = json.loads(event.partition(b"data: ")[2])["requests"]
            assert [one["id"] for one in told] == [str(number) for number in range(4999, 4999 - MOST_RECORDS, -1)]
            # Once nobody watches any more, nothing is noted.
            await found.aclose()
            assert len(service.watchers) == 1
            assert not feed._news
        finally:
            await service.close()

    asyncio.run(main())


def test_all_who_watch_share_what_is_written() -> None:
    async def main() -> None:
        service = FleetService(OrchestratorSettings(), Server([], []))
        try:
            feed = Feed(service)
            several = [feed.events() for _ in range(20)]
            assert len(service.watchers) == 1
            fleets = []
            for found in several:
                while not (event := await anext(found)).startswith(b"event: fleet"):
                    pass
                fleets.append(event)
            assert len(service.watchers) == 2
            assert len({id(event) for event in fleets}) <= 2  # a look may fall in between
            for found in several:
                await found.aclose()
        finally:
            await service.close()

    asyncio.run(main())
