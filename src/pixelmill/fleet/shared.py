"""Memory that the processes of one machine share, in place of bytes in a message: files in /dev/shm.

Only processes of the same user can open them. Whoever gets a name reads what it stands for, or writes into it, and closes
it again: making the files, and removing them, is up to `slots`.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pixelmill.cores import machine_id

FOLDER = Path("/dev/shm")
PREFIX = "pixelmill-"
USERS = Path("/proc/self/ns/user")
Piece = bytes | bytearray | memoryview
_NAME = re.compile(r"[0-9a-f]{32}/[0-9]{1,15}")


class NotShared(Exception):
    """What a name stands for cannot be opened here: it is gone, or another machine's, or another user's."""


def space(folder: Path = FOLDER) -> str:
    """Return what tells the shared memory that this process sees from others; empty where there is none.

    Processes that see the same can open each other's files: the kernel is the same, the mounted file system, and the user.
    """
    try:
        device = folder.stat().st_dev
        users = USERS.stat().st_ino
    except OSError:
        return ""
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return ""
    return f"{machine_id()}/{device}/{users}/{os.geteuid()}"


def read(name: str, size: int, folder: Path = FOLDER) -> bytes:
    """Return the first `size` bytes. Raises `NotShared`.

    They are copied: that takes less time than mapping them, and nobody can change them afterwards.
    """
    with _opened(name, os.O_RDONLY, folder) as descriptor:
        if not 0 < size <= os.fstat(descriptor).st_size:
            raise NotShared(name)
        found = os.pread(descriptor, size, 0)
        if len(found) != size:
            raise NotShared(name)
        return found


def write(name: str, pieces: Sequence[Piece], folder: Path = FOLDER) -> bool:
    """Write pieces one behind the other, and tell whether there was room for them. Raises `NotShared`."""
    with _opened(name, os.O_WRONLY, folder) as descriptor:
        if sum(len(piece) for piece in pieces) > os.fstat(descriptor).st_size:
            return False
        at = 0
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                written = os.pwrite(descriptor, rest, at)
                at, rest = at + written, rest[written:]
        return True


def path_of(name: str, folder: Path = FOLDER) -> str:
    """Return where the file of a name is. Raises `NotShared` where it is no name of ours."""
    if not _NAME.fullmatch(name):
        raise NotShared(name)
    return f"{folder}/{PREFIX}{name}"


@contextmanager
def _opened(name: str, flags: int, folder: Path) -> Iterator[int]:
    try:
        # What is no file must not make us wait.
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path_of(name, folder), flags)
    except OSError:
        raise NotShared(name) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise NotShared(name)
        yield descriptor
    except OSError:
        raise NotShared(name) from None
    finally:
        os.close(descriptor)
