"""Local files, read and written so that nobody ever sees half of one."""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pixelmill.codecs import FORMATS, READABLE
from pixelmill.errors import SourceFailed, SourceForbidden, SourceNotFound
from pixelmill.limits import DEFAULT_LIMITS, Limits

NO_WAITING = getattr(os, "O_NONBLOCK", 0)
PICTURE_EXTENSIONS = frozenset(extension for name in READABLE for extension in FORMATS[name].extensions)


def read_file(path: Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return a picture's bytes.

    Raises:
        SourceNotFound, SourceForbidden, SourceFailed: it cannot be read.
        ImageTooLarge: it is larger than `limits` allows; nothing is read then.
    """
    try:
        with _open(path) as file:
            limits.check_input(os.fstat(file.fileno()).st_size)
            return file.read()
    except OSError as error:
        raise _source_error(path, error) from None


def read_start(path: Path, count: int) -> bytes:
    """Return the first `count` bytes of a file. Raises a `SourceError`."""
    try:
        with _open(path) as file:
            return file.read(count)
    except OSError as error:
        raise _source_error(path, error) from None


def _open(path: Path) -> BinaryIO:
    """Open a regular file; another kind, such as a named pipe, would have to be waited for and has no size to check."""
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | NO_WAITING))  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise SourceFailed(f"expected a regular file at {path}, got a pipe or a device")
    return file


def write_file(path: Path, data: bytes) -> None:
    """Write a file, and the folders above it, in one step: `path` is either as it was before or complete.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, as a rename is atomic only within one file system.
    part = path.parent / f".pixelmill-{uuid.uuid4().hex}.part"
    try:
        with part.open("xb") as file:
            file.write(data)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def pictures_below(folder: Path, without: Path | None = None) -> Iterator[Path]:
    """Yield the pictures in a folder and its sub-folders, by their extension, in the order of their names.

    Hidden files and folders are left out, and so is everything below `without`.

    Raises:
        SourceError: a folder cannot be listed.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise _source_error(folder, error, "folder") from None
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if without is None or not path.samefile(without):
                yield from pictures_below(path, without)
        elif path.suffix.lower() in PICTURE_EXTENSIONS:
            yield path


def _source_error(path: Path, error: OSError, what: str = "file") -> SourceNotFound | SourceForbidden | SourceFailed:
    kind: type[SourceNotFound | SourceForbidden | SourceFailed] = SourceFailed
    if isinstance(error, FileNotFoundError):
        kind = SourceNotFound
    elif isinstance(error, PermissionError):
        kind = SourceForbidden
    return kind(f"expected a readable {what} at {path}, got: {(error.strerror or str(error)).lower()}")
