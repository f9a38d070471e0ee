"""Sources where fsspec reads: bounded, and refused by name where they cannot be had."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from pixelmill.errors import ImageTooLarge, SourceError, SourceFailed, SourceForbidden, SourceNotFound
from pixelmill.limits import Limits
from pixelmill.web.ondemand.buckets import Storage
from pixelmill.web.ondemand.source import Fetched

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
    answer = threading.Event()
    monkeypatch.setattr(MemoryFileSystem, "info", lambda *_, **__: answer.wait(60))

    async def both() -> None:
        storage = Storage(LIMITS, 0.1, 2)
        try:
            with pytest.raises(SourceFailed, match=r"expected the source within 0\.1 s, got no answer"):
                await storage.fetch("memory://bucket/a.png", "")
        finally:
            answer.set()

    asyncio.run(both())
