"""Memory that two processes share, and pieces of data in it."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Sequence
from itertools import accumulate
from typing import Self

Piece = bytes | bytearray | memoryview
WORD = struct.Struct("<Q")
WORTHLESS, BEGUN, COUNT, TABLE = 0, 1, 8, 16
ALIGNED = 64
FIRST = 1024 * 1024
KEPT = 64 * 1024 * 1024
"""Pages beyond that many bytes are given back after each use."""


class Area:
    """A file in memory that has no name: gone when all who have it open are. It holds pieces of bytes, and two flags.

    It only ever grows, and is sealed against shrinking, so that neither process can cut it off under the other. What is
    read from it may be wrong, as the other process may be broken; `pieces` checks that it is at least inside.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._memory = mmap.mmap(descriptor, os.fstat(descriptor).st_size)

    @classmethod
    def create(cls, name: str) -> Self:
        """Make a new one; the name is only for people who look at the process."""
        descriptor = os.memfd_create(f"pixelmill-{name}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(descriptor, FIRST)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        return cls(descriptor)

    @property
    def worthless(self) -> bool:
        """Whether nobody waits any more for what becomes of the pieces; the other process sees it at once."""
        return self._memory[WORTHLESS] != 0

    @worthless.setter
    def worthless(self, value: bool) -> None:
        self._memory[WORTHLESS] = value

    @property
    def begun(self) -> bool:
        """Whether somebody has begun to work on the pieces."""
        return self._memory[BEGUN] != 0

    @begun.setter
    def begun(self, value: bool) -> None:
        self._memory[BEGUN] = value

    def put(self, pieces: Sequence[Piece]) -> None:
        """Write pieces in place of those that it held, with both flags unset."""
        self.worthless = self.begun = False
        flat = [memoryview(piece).cast("B") for piece in pieces]
        starts = _starts([len(piece) for piece in flat])
        if starts[-1] > len(self._memory):
            # Doubled, as what both have seen before need not be mapped again.
            os.ftruncate(self.descriptor, max(starts[-1], 2 * len(self._memory)))
            self._map()
        WORD.pack_into(self._memory, COUNT, len(flat))
        struct.pack_into(f"<{len(flat)}Q", self._memory, TABLE, *map(len, flat))
        for start, piece in zip(starts, flat, strict=False):
            self._memory[start : start + len(piece)] = piece

    def pieces(self) -> list[memoryview]:
        """Return read-only views of the pieces, which live in the area.

        Raises:
            ValueError: what is written there makes no sense.
        """
        (count,) = WORD.unpack_from(self._memory, COUNT)
        self._reach(TABLE + 8 * count)
        lengths = struct.unpack_from(f"<{count}Q", self._memory, TABLE)
        starts = _starts(lengths)
        self._reach(starts[-1])
        view = memoryview(self._memory).toreadonly()
        return [view[start : start + length] for start, length in zip(starts, lengths, strict=False)]

    def trim(self) -> None:
        """Give back what large pieces took, when all have been read, but for the first 64 MiB."""
        if len(self._memory) > KEPT:
            self._memory.madvise(mmap.MADV_REMOVE, KEPT, len(self._memory) - KEPT)

    def close(self) -> None:
        """Give it back. Views of its pieces keep their memory."""
        os.close(self.descriptor)
        del self._memory

    def _reach(self, end: int) -> None:
        if end > len(self._memory):
            self._map()
        if end > len(self._memory):
            raise ValueError(f"expected pieces inside of {len(self._memory)} bytes, got them up to {end}")

    def _map(self) -> None:
        self._memory = mmap.mmap(self.descriptor, os.fstat(self.descriptor).st_size)


def _starts(lengths: Sequence[int]) -> list[int]:
    """Return where each piece starts, and where the last one ends."""
    first = _aligned(TABLE + 8 * len(lengths))
    return list(accumulate((_aligned(length) for length in lengths), initial=first))


def _aligned(length: int) -> int:
    return -(-length // ALIGNED) * ALIGNED
