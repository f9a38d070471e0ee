"""What is new in the fleet, as server-sent events: found out and written once, however many watch.

Whoever watches is a few numbers here: a client that reads slowly gets less, and holds nothing back.
Source: WHATWG, HTML, 9.2 Server-sent events.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pixelmill.fleet.history import Record
from pixelmill.fleet.monitor import Snapshot
from pixelmill.fleet.service import FleetService
from pixelmill.fleet.timeline import Second
from pixelmill.web.views import fleet_view, request_view, second_view

EVENTS_S = 0.25
"""Time between two looks at what is new, seconds."""
MOST_RECORDS = 200
"""Requests that are told of at a time: where there are more, those that changed last."""
RETRY_MS = 1000
"""After that time a client whose connection has ended comes back, milliseconds."""


@dataclass
class _News:
    """A request that changed, as of the change with that number; its JSON once somebody wanted it."""

    number: int
    record: Record
    json: bytes = field(default=b"", repr=False)


class Feed:
    """The events of one service."""

    def __init__(self, service: FleetService) -> None:
        self._service = service
        self._watching = 0
        self._number = 0
        self._news: OrderedDict[str, _News] = OrderedDict()
        self._fleet: tuple[Snapshot, bytes] | None = None
        self._seconds: OrderedDict[int, bytes] = OrderedDict()
        self._looking: asyncio.Task[None] | None = None

    async def events(self, after: int = 0) -> AsyncGenerator[bytes, None]:
        """Yield events until the server is about to stop. Of the past, it tells the seconds later than `after`."""
        with self._watched():
            yield f"retry: {RETRY_MS}\n\n".encode()
            recent = [
                request_view(record).model_dump_json().encode() for record in self._service.history.recent(MOST_RECORDS)
            ]
            told, seen = self._number, None
            yield _event("requests", _list("requests", recent))
            while not self._service.server.closed:
                if self._fleet and self._fleet[0] is not seen:
                    seen, event = self._fleet
                    yield event
                if told < self._number:
                    news, told = self._since(told), self._number
                    yield _event("requests", _list("requests", news))
                seconds = [second for second in self._service.timeline.seconds() if second.at > after]
                if seconds:
                    after = seconds[-1].at
                    yield _event("seconds", _list("seconds", map(self._second, seconds)), after)
                await asyncio.sleep(EVENTS_S)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Take note of what happens while somebody watches."""
        if not self._watching:
            self._service.watchers.append(self._note)
            self._looking = asyncio.create_task(self._look())
        self._watching += 1
        try:
            yield
        finally:
            self._watching -= 1
            if not self._watching and self._looking:
                self._service.watchers.remove(self._note)
                self._looking.cancel()
                self._news.clear()
                self._fleet = None

    def _note(self, record: Record) -> None:
        self._number += 1
        self._news[record.id] = _News(self._number, record)
        self._news.move_to_end(record.id)
        if len(self._news) > MOST_RECORDS:
            self._news.popitem(last=False)

    def _since(self, number: int) -> list[bytes]:
        """Return the requests that have changed since, the last one first."""
        found = []
        for news in reversed(self._news.values()):
            if news.number <= number:
                break
            news.json = news.json or request_view(news.record).model_dump_json().encode()
            found.append(news.json)
        return found

    async def _look(self) -> None:
        async for snapshot in self._service.monitor.follow():
            self._fleet = snapshot, _event("fleet", fleet_view(self._service, snapshot).model_dump_json().encode())

    def _second(self, second: Second) -> bytes:
        made = self._seconds.get(second.at)
        if made is None:
            made = self._seconds[second.at] = second_view(second).model_dump_json().encode()
            while len(self._seconds) > self._service.timeline.kept_s:
                self._seconds.popitem(last=False)
        return made


def _list(name: str, items: Iterable[bytes]) -> bytes:
    return b'{"%b":[%b]}' % (name.encode(), b",".join(items))


def _event(name: str, data: bytes, id: int = 0) -> bytes:
    head = f"id: {id}\nevent: {name}" if id else f"event: {name}"
    return b"%b\ndata: %b\n\n" % (head.encode(), data)
