"""Sources where fsspec reads: bounded, and refused by name where they cannot be had."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import fsspec
import pytest
from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from pixelmill import run
from pixelmill.errors import ImageTooLarge, Overloaded, SourceError, SourceFailed, SourceForbidden, SourceNotFound
from pixelmill.limits import Limits
from pixelmill.web.ondemand.allowlist import AllowList
from pixelmill.web.ondemand.buckets import Storage
from pixelmill.web.ondemand.source import Fetched
from pixelmill.web.ondemand.threads import Threads
from tests.fleet.processes import PATIENCE_S
from tests.web.ondemand.ftp import ftp_server, silent_server
from tests.web.ondemand.site import KEY, PHOTO, site

LIMITS = Limits(max_input_bytes=100)


@pytest.fixture(autouse=True)
def bucket() -> Iterator[MemoryFileSystem]:
    """A store in memory with one picture."""
    system = fsspec.filesystem("memory")
    system.pipe("/bucket/a.png", b"picture")
    yield system
    system.rm("/bucket", recursive=True)


def fetch(url: str, known: str = "", timeout_s: float = 30) -> Fetched | None:
    return asyncio.run(Storage(LIMITS, timeout_s, 2).fetch(url, known))


def test_versions(bucket: MemoryFileSystem) -> None:
    first = fetch("memory://bucket/a.png")
    assert first is not None
    assert first.data == b"picture"
    assert fetch("memory://bucket/a.png", first.validator) is None
    bucket.pipe("/bucket/a.png", b"another")
    second = fetch("memory://bucket/a.png", first.validator)
    assert second is not None
    assert second.data == b"another"


@pytest.mark.parametrize(
    ("size", "path", "error"), [(101, "b", ImageTooLarge), (1, "none", SourceNotFound), (1, "", SourceNotFound)]
)
def test_what_cannot_be_had(bucket: MemoryFileSystem, size: int, path: str, error: type[Exception]) -> None:
    bucket.pipe("/bucket/b", b"x" * size)
    with pytest.raises(error):
        fetch(f"memory://bucket/{path}")


@pytest.mark.parametrize(
    ("raised", "error"), [(PermissionError(), SourceForbidden), (RuntimeError("key=secret"), SourceFailed)]
)
def test_a_store_that_refuses(monkeypatch: pytest.MonkeyPatch, raised: Exception, error: type[SourceError]) -> None:
    def info(*_: object, **__: object) -> object:
        raise raised

    monkeypatch.setattr(MemoryFileSystem, "info", info)
    with pytest.raises(error) as caught:
        fetch("memory://bucket/a.png")
    assert "secret" not in str(caught.value)


def test_a_size_that_lies_is_bounded(bucket: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.pipe("/bucket/liar", b"x" * 5000)
    real = MemoryFileSystem.info
    monkeypatch.setattr(MemoryFileSystem, "info", lambda *given, **more: {**real(*given, **more), "size": 5})
    with pytest.raises(ImageTooLarge):
        fetch("memory://bucket/liar")


def test_one_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs nobody else their turn, until there are too many of the kind; then that is said at once."""
    answer = threading.Event()
    real = MemoryFileSystem.info

    def info(system: MemoryFileSystem, path: str, **given: object) -> object:
        return answer.wait(60) if path.endswith("slow") else real(system, path, **given)

    monkeypatch.setattr(MemoryFileSystem, "info", info)

    async def several() -> None:
        storage = Storage(LIMITS, 2.0, 2)
        try:
            for _ in range(2):
                assert await storage.fetch("memory://bucket/a.png", "")
                with pytest.raises(SourceFailed, match=r"expected the source within 2 s, got no answer"):
                    await storage.fetch("memory://bucket/slow", "")
            for path in ("slow", "a.png"):
                with pytest.raises(Overloaded, match="got 2 calls that have not ended since they were given up"):
                    await storage.fetch(f"memory://bucket/{path}", "")
        finally:
            answer.set()
        patient = Storage(LIMITS, 30, 2)
        assert await patient.fetch("memory://bucket/a.png", "")

    asyncio.run(several())


class Slow(AsyncFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store as S3's is, whose calls are coroutines; it never answers for what is slow."""

    protocol = "slow"
    cachable = False
    ended: ClassVar[list[str]] = []

    async def _info(self, path: str, **_: object) -> dict[str, object]:
        return {"name": path, "size": 7, "type": "file", "kind": await self._answer(path, "info")}

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: object) -> bytes:
        await self._answer(path, "read")
        return b"picture"[start:end]

    async def _answer(self, path: str, what: str) -> str:
        try:
            await asyncio.sleep(PATIENCE_S if what in path else 0)
        finally:
            self.ended.append(f"{what} {path}")
        return what


@pytest.mark.parametrize(("what", "timeout_s"), [("info", 0.3), ("read", 1.0)])
def test_an_asynchronous_one_that_does_not_answer_is_stopped(what: str, timeout_s: float) -> None:
    """So it takes no other picture's turn, and none is refused."""
    fsspec.register_implementation("slow", Slow, clobber=True)
    Slow.ended.clear()

    async def several() -> None:
        storage = Storage(LIMITS, timeout_s, 1)
        with pytest.raises(SourceFailed, match=r"expected the source within \d[.\d]* s, got no answer"):
            await storage.fetch(f"slow://{what}.png", "")
        # It is cancelled in a thread of fsspec's, which may take a moment longer than to give it up.
        ended = f"{what} {what}.png"
        await asyncio.wait_for(until(lambda: not storage._threads.stuck and ended in Slow.ended), PATIENCE_S / 2)
        fetched = await Storage(LIMITS, PATIENCE_S, 1).fetch("slow://a.png", "")
        assert fetched is not None
        assert fetched.data == b"picture"

    asyncio.run(several())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def test_calls_that_end_late_make_room_again() -> None:
    go_on = threading.Event()

    async def calls() -> None:
        threads = Threads("waiting", 1, 1)
        with pytest.raises(TimeoutError):
            await threads.run(lambda: go_on.wait(60), 0.05)
        with pytest.raises(Overloaded):
            await threads.run(int, 30)
        go_on.set()
        await asyncio.wait_for(until(lambda: not threads.stuck), 30)
        assert await threads.run(lambda: 5, 30) == 5
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0, 30)

    asyncio.run(calls())


def test_a_client_that_leaves_gives_a_call_up() -> None:
    go_on = threading.Event()

    async def calls() -> None:
        threads = Threads("waiting", 4, 1)
        began = threading.Event()

        def wait() -> bool:
            began.set()
            return go_on.wait(60)

        task = asyncio.create_task(threads.run(wait, 60))
        await asyncio.to_thread(began.wait, 60)
        task.cancel()
        await asyncio.wait([task])
        assert threads.stuck == 1
        go_on.set()
        await asyncio.wait_for(until(lambda: not threads.stuck), 30)

    asyncio.run(calls())


def test_threads_are_used_again() -> None:
    async def calls() -> None:
        threads = Threads("waiting", 2, 1)
        used = {await threads.run(threading.get_ident, 30) for _ in range(20)}
        used |= set(await asyncio.gather(*(threads.run(threading.get_ident, 30) for _ in range(20))))
        assert len(used) <= 2

    asyncio.run(calls())


def test_a_store_over_the_network(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(b"picture")
    (tmp_path / "pictures" / "large.png").write_bytes(b"x" * 101)
    (tmp_path / "secret.png").write_bytes(b"secret")
    with ftp_server(tmp_path) as url:
        first = fetch(f"{url}pictures/a.png")
        assert first is not None
        assert first.data == b"picture"
        assert fetch(f"{url}pictures/a.png", first.validator) is None
        (tmp_path / "pictures" / "a.png").write_bytes(b"changed")
        os.utime(tmp_path / "pictures" / "a.png", (1, 1))
        second = fetch(f"{url}pictures/a.png", first.validator)
        assert second is not None
        assert second.data == b"changed"
        with pytest.raises(ImageTooLarge):
            fetch(f"{url}pictures/large.png")
        for path in ("pictures", "pictures/none.png", "none/a.png"):
            with pytest.raises(SourceNotFound):
                fetch(url + path)
        # What a server makes of it that takes dots for folders, and would give out what is not in the list.
        for path in ("a.png#/../../secret.png", "../secret.png", "%2e%2e/secret.png"):
            with pytest.raises(SourceForbidden):
                AllowList(f"{url}pictures/").storage(f"{url}pictures/{path}")
    with pytest.raises(SourceFailed):
        fetch(f"{url}pictures/a.png")


def test_pictures_of_a_store_over_the_network(photos: Path) -> None:
    with ftp_server(photos) as url, site(PIXELMILL_URL_KEYS=KEY, PIXELMILL_SOURCE_URLS=url) as made:
        answers = [made.show("resize:12x;png", f"{url}{path}") for path in ("drawing.png", "none.png", "notes.txt")]
        assert [answer.status for answer in answers] == [200, 404, 415]
        assert answers[0].body == run((photos / "drawing.png").read_bytes(), "resize:12x | png").data
        assert made.show("png", f"{url}{PHOTO}").size == (120, 80)


ENDS = """
import asyncio, threading
from pixelmill.web.ondemand.threads import Threads
asyncio.run(Threads("waiting", 1, 1).run(threading.Event().wait, 0.05))
"""


def test_a_call_that_never_ends_keeps_no_process_from_ending() -> None:
    ended = subprocess.run([sys.executable, "-c", ENDS], timeout=PATIENCE_S, capture_output=True, text=True, check=False)
    assert ended.stderr.strip().endswith("TimeoutError")


def test_a_store_that_is_silent(photos: Path) -> None:
    settings = {"PIXELMILL_SOURCE_TIMEOUT_S": "0.3", "PIXELMILL_SOURCE_FETCHES": "2", "PIXELMILL_SOURCE_ROOTS": str(photos)}
    with silent_server() as url, site(PIXELMILL_URL_KEYS=KEY, PIXELMILL_SOURCE_URLS=url, **settings) as made:
        answers = [made.show("png", f"{url}{number}.png") for number in range(3)]
        assert [answer.problem["reason"] for answer in answers] == ["SOURCE_FAILED", "SOURCE_FAILED", "OVERLOADED"]
        assert made.show("png", "drawing.png").status == 200
        assert "calls that have not ended since they were given up" in made.fleet.orchestrator.errors()
