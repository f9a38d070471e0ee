"""Slots: files in shared memory that the orchestrator names to instances, to put their results into and to read from.

The orchestrator alone makes, reuses and removes them, so that no instance that dies leaves anything behind. Its own end
is seen by a lock that the kernel lifts: the next process to start removes what is left.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pixelmill.fleet.shared import FOLDER, PREFIX, NotShared, path_of, read, space, write
from pixelmill.limits import MIB

MOST = 512 * MIB
"""What all slots of an orchestrator may take; never more than half of what the file system has left at the start."""
LARGEST = 128 * MIB
FINEST = 64 * 1024
IDLE_S = 10.0
"""A slot that nobody has needed for so long is removed."""
log = logging.getLogger("pixelmill.fleet")


@dataclass(frozen=True)
class Slot:
    """A file of `room` bytes, all of them there: a file system that is full is found out when it is made, not later."""

    name: str
    room: int
    free_since: float = 0.0


class Slots:
    """All slots of this process. Where there is no more room, callers go without."""

    def __init__(self, folder: Path = FOLDER, most: int = MOST, idle_s: float = IDLE_S) -> None:
        self.folder = folder
        self.space = ""
        """What sees them, as `shared.space` tells it; empty: there are none."""
        self._most = most
        self._idle_s = idle_s
        self._taken_bytes = 0
        self._token = ""
        self._lock = -1
        self._made = 0
        self._lent: dict[str, Slot] = {}
        self._free: list[Slot] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def used(self) -> int:
        """How many are lent."""
        return len(self._lent)

    @property
    def free(self) -> int:
        """How many are kept for whoever needs one next."""
        return len(self._free)

    @property
    def size(self) -> int:
        """Size of all of them, in bytes."""
        return self._taken_bytes

    def open(self) -> Self:
        """Get ready to make slots, where this process may. What others have left that are gone is removed."""
        try:
            remove_left(self.folder)
            self._token, self._lock = _own_folder(self.folder)
            left = os.statvfs(self.folder)
        except OSError as error:
            log.info("pictures travel as messages only: %s", error)
            return self
        self._most = min(self._most, left.f_bavail * left.f_frsize // 2)
        self.space = space(self.folder)
        return self

    async def take(self, size: int) -> str:
        """Return the name of a slot for `size` bytes; empty where there is none."""
        if not self.space or not 0 < size <= LARGEST:
            return ""
        room = _room(size)
        for slot in reversed(self._free):
            if slot.room == room:
                self._free.remove(slot)
                self._lent[slot.name] = slot
                return slot.name
        while self._taken_bytes + room > self._most and self._free:
            self._remove(self._free.pop(0))
        if self._taken_bytes + room > self._most:
            return ""
        self._made += 1
        slot = self._lent[f"{self._token}/{self._made}"] = Slot(f"{self._token}/{self._made}", room)
        self._taken_bytes += room
        making = asyncio.get_running_loop().run_in_executor(None, self._make, slot)
        try:
            await asyncio.shield(making)
        except OSError:
            # The file system is full, of others' files.
            self.give_up(slot.name)
            return ""
        except BaseException:
            making.add_done_callback(lambda _: self.give_up(slot.name))
            raise
        return slot.name

    def read(self, name: str, size: int) -> bytes:
        """Return what is in a slot. Raises `NotShared`."""
        return read(name, size, self.folder)

    def write(self, name: str, data: bytes) -> bool:
        """Write into a slot, and tell whether that was possible."""
        with suppress(NotShared):
            return write(name, [data], self.folder)
        return False

    def give_back(self, name: str) -> None:
        """Take a slot back that nobody writes to any more."""
        slot = self._lent.pop(name, None)
        if slot:
            self._free.append(Slot(slot.name, slot.room, time.monotonic()))
            self._keep_tidy()

    def give_up(self, name: str) -> None:
        """Take a slot back that somebody may still write to, and never use it again."""
        slot = self._lent.pop(name, None)
        if slot:
            self._remove(slot)

    @contextmanager
    def lease(self) -> Iterator[Lease]:
        """Give what takes slots for one request; those that it still has at the end are given up."""
        lease = Lease(self)
        try:
            yield lease
        finally:
            for name in lease.names:
                self.give_up(name)

    def close(self) -> None:
        """Remove all of them."""
        if self._timer:
            self._timer.cancel()
        if self._token:
            shutil.rmtree(self.folder / f"{PREFIX}{self._token}", ignore_errors=True)
            os.close(self._lock)
        self._token = self.space = ""

    def _make(self, slot: Slot) -> None:
        descriptor = os.open(path_of(slot.name, self.folder), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, slot.room)
        finally:
            os.close(descriptor)

    def _remove(self, slot: Slot) -> None:
        self._taken_bytes -= slot.room
        with suppress(OSError):
            os.unlink(path_of(slot.name, self.folder))

    def _keep_tidy(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._idle_s, self._tidy)

    def _tidy(self) -> None:
        self._timer = None
        oldest = time.monotonic() - self._idle_s
        while self._free and self._free[0].free_since <= oldest:
            self._remove(self._free.pop(0))
        if self._free:
            self._keep_tidy()


class Lease:
    """The slots of one request."""

    def __init__(self, slots: Slots) -> None:
        self.names: set[str] = set()
        self._slots = slots

    async def take(self, size: int) -> str:
        """Return the name of a slot for `size` bytes; empty where there is none."""
        name = await self._slots.take(size)
        if name:
            self.names.add(name)
        return name

    def give_back(self, name: str) -> None:
        """Take a slot back that nobody writes to any more."""
        self.names.discard(name)
        self._slots.give_back(name)

    def give_up(self, name: str) -> None:
        """Take a slot back that somebody may still write to."""
        self.names.discard(name)
        self._slots.give_up(name)


def remove_left(folder: Path = FOLDER) -> None:
    """Remove the slots of processes that are gone."""
    for found in folder.glob(f"{PREFIX}*/"):
        with suppress(OSError):
            descriptor = os.open(found, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(descriptor).st_uid == os.geteuid():
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(found)
            finally:
                os.close(descriptor)


def _own_folder(folder: Path) -> tuple[str, int]:
    """Make a folder for the slots of this process, and return its token and a descriptor that holds the lock on it."""
    while True:
        token = secrets.token_hex(16)
        path = folder / f"{PREFIX}{token}"
        path.mkdir(0o700)
        # Another process that starts may take it for one that is left, until it is locked.
        with suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if path.exists():
                return token, descriptor
            os.close(descriptor)


def _room(size: int) -> int:
    """Return `size`, rounded up by less than a quarter, so that slots fit for more pictures than one."""
    step = max(FINEST, 1 << max(0, size.bit_length() - 3))
    return -(-size // step) * step
