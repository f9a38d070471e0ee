"""Finished pictures in a folder, up to a size. Several processes may share it, and any of them may end at any moment.

Each picture is a file of its own, written under another name and renamed. Its modification time is when its source was last
seen unchanged, its access time when it was last asked for. Nothing else is kept, so nothing can disagree with the files.
"""

from __future__ import annotations

import fcntl
import logging
import math
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from pixelmill.web.ondemand.picture import Picture

FILL = 0.9
"""What is left of the bound after making room: not every picture has to make some."""
LOOK_SHARE = 16
"""After writing that part of the bound, the folder is looked at again: others may have written, too."""
LARGEST_SHARE = 4
"""A picture of more than that part of the bound would push out too many."""
USED_EVERY_S = 60.0
"""Access times are no finer than that."""
ABANDONED_S = 3600.0
"""Half-written files older than that belong to processes that have ended."""
SAID_EVERY_S = 60.0
BLOCK = 512
PART = ".part"
log = logging.getLogger("pixelmill.web")


class Found(NamedTuple):
    """A picture of the cache, and how many seconds ago its source was seen unchanged."""

    picture: Picture
    age_s: float


class _File(NamedTuple):
    used: float
    size: int
    path: str


class Cache:
    """A folder of pictures by their keys. Where it cannot be read or written, it holds nothing, and the log says so.

    Methods wait for the disk: call them in a thread.

    Args:
        folder: made where it is not there.
        max_bytes: what all files may take together on the disk. It is passed by what a few processes write at a time.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._size = 0
        self._written = max_bytes  # so that the first picture has the folder looked at
        self._said = -SAID_EVERY_S
        with self._trouble("make"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, key: str) -> Found | None:
        """Return the picture of a key; None where there is none. A damaged one is removed."""
        path = self._path(key)
        now = time.time()
        with self._trouble("read"):
            try:
                with open(path, "rb") as file:
                    seen = os.fstat(file.fileno())
                    content = file.read()
                if now - seen.st_atime > USED_EVERY_S:
                    os.utime(path, ns=(time.time_ns(), seen.st_mtime_ns))
                return Found(Picture.from_bytes(content), max(0.0, now - seen.st_mtime))
            except FileNotFoundError:
                return None
            except ValueError as error:
                log.warning("removing %s from the cache: %s", path, error)
                os.unlink(path)
        return None

    def put(self, key: str, picture: Picture) -> bool:
        """Keep a picture; tell whether that worked."""
        content = picture.to_bytes()
        if len(content) > self._max_bytes // LARGEST_SHARE:
            return False
        path = self._path(key)
        part = f"{path}.{uuid.uuid4().hex}{PART}"
        with self._trouble("write"):
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            try:
                with open(part, "xb") as file:
                    file.write(content)
                taken = os.stat(part).st_blocks * BLOCK
                os.replace(part, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(part)
                raise
            self._make_room(max(taken, len(content)))
            return True
        return False

    def renew(self, key: str) -> None:
        """Note that a picture's source has been seen unchanged."""
        with self._trouble("write"), suppress(FileNotFoundError):
            os.utime(self._path(key))

    def size(self) -> int:
        """Return what all files take together, bytes."""
        return sum(file.size for file in self._files())

    def _path(self, key: str) -> str:
        return os.path.join(self._folder, key[:2], key)

    def _make_room(self, added: int) -> None:
        with self._lock:
            self._size += added
            self._written += added
            if self._size <= self._max_bytes and self._written < self._max_bytes // LOOK_SHARE:
                return
            # Others that share the folder wait for this one, and then find room.
            with open(self._folder / ".lock", "wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._size = self._evict()
            self._written = 0

    def _evict(self) -> int:
        """Remove the pictures that nobody has asked for the longest where all take too much; return what they take."""
        files = list(self._files())
        total = sum(file.size for file in files)
        if total > self._max_bytes:
            for file in sorted(files):
                if total <= self._max_bytes * FILL:
                    break
                with suppress(FileNotFoundError):
                    os.unlink(file.path)
                total -= file.size
        return total

    def _files(self) -> Iterator[_File]:
        now = time.time()
        for folder in _entries(self._folder):
            if not folder.is_dir(follow_symlinks=False):
                continue
            for entry in _entries(folder.path):
                with suppress(FileNotFoundError):
                    found = entry.stat(follow_symlinks=False)
                    used = found.st_atime
                    if entry.name.endswith(PART):
                        used = math.inf  # somebody is writing it
                        if now - found.st_mtime > ABANDONED_S:
                            os.unlink(entry.path)
                            continue
                    yield _File(used, max(found.st_size, found.st_blocks * BLOCK), entry.path)

    @contextmanager
    def _trouble(self, doing: str) -> Iterator[None]:
        """Log what is wrong with the disk, at most once a minute, and go on without the cache."""
        try:
            yield
        except OSError as error:
            now = time.monotonic()
            if now >= self._said + SAID_EVERY_S:
                self._said = now
                log.warning("going on without the cache: cannot %s %s: %s", doing, self._folder, error.strerror or error)


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except FileNotFoundError:
        return []
