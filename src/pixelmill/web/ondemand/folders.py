"""Pictures in local folders, of which nothing else can be read."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pixelmill.errors import ImageTooLarge, SourceFailed, SourceForbidden, SourceNotFound, expected
from pixelmill.limits import Limits
from pixelmill.storage import NO_WAITING
from pixelmill.web.ondemand.source import Fetched


@dataclass(frozen=True)
class FileSource:
    """A file below a folder."""

    folder: Path
    path: str
    limits: Limits
    is_near = True

    @property
    def location(self) -> str:
        """Its folder, and path below it."""
        return f"file://{self.folder}/{self.path}"

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]

    async def fetch(self, known: str = "") -> Fetched | None:
        """Return the picture; None where it is still the version that `known` names. Raises a `SourceError`."""
        return await asyncio.to_thread(self._read, known)

    def _read(self, known: str) -> Fetched | None:
        descriptor = open_below(self.folder, self.path)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise SourceNotFound(expected("a file", "the source", self.path))
            self.limits.check_input(found.st_size)
            validator = f"{found.st_dev}-{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"
            if validator == known:
                return None
            data = _read_all(descriptor, self.limits.max_input_bytes + 1)
        except OSError as error:
            raise SourceFailed(f"expected to read {self.path}, got: {error.strerror or error}") from None
        finally:
            os.close(descriptor)
        if len(data) > self.limits.max_input_bytes:
            raise ImageTooLarge(f"expected at most {self.limits.max_input_bytes} bytes for the source, got more")
        return Fetched(data, validator)


def open_below(folder: Path, path: str) -> int:
    """Open a file for reading and return its descriptor.

    Links are followed as long as they stay in the folder. What is opened in the end is reached step by step without any,
    so that nobody can put one there in between.

    Raises:
        SourceForbidden: the path leads out of the folder, or to what is hidden.
        SourceNotFound, SourceFailed: there is nothing, or it cannot be read.
    """
    _check_parts(path.split("/"), path)
    try:
        real = folder.resolve(strict=True)
        below = (real / path).resolve(strict=True)
        if not below.is_relative_to(real):
            raise SourceForbidden(expected("a path that stays in its folder", "the source", path))
        parts = below.relative_to(real).parts
        _check_parts(parts, path)
        return _descend(real, parts)
    except (FileNotFoundError, NotADirectoryError):
        raise SourceNotFound(expected("a file that is there", "the source", path)) from None
    except PermissionError:
        raise SourceForbidden(expected("a file that may be read", "the source", path)) from None
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            raise SourceNotFound(expected("a name that a file can have", "the source", path)) from None
        raise SourceFailed(expected("a file that can be read", "the source", path)) from None


def _check_parts(parts: tuple[str, ...] | list[str], path: str) -> None:
    if not parts or any(not part or part.startswith(".") or "\0" in part for part in parts):
        raise SourceForbidden(expected("a path inside its folder, with nothing hidden,", "the source", path))


def _descend(folder: Path, parts: tuple[str, ...]) -> int:
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = below
        return os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | NO_WAITING, dir_fd=at)
    finally:
        with suppress(OSError):
            os.close(at)


def _read_all(descriptor: int, most: int) -> bytes:
    chunks, left = [], most
    while left and (chunk := os.read(descriptor, left)):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)
