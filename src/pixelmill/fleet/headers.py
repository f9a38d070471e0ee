"""The headers of pictures, from which the orchestrator plans."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

from pixelmill.codecs import Header, probe, probe_plain
from pixelmill.fleet.journey import Request
from pixelmill.isolation import Cells
from pixelmill.limits import Deadline, Limits

QUICK_BYTES = 256 * 1024
QUICK_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
"""JPEG and PNG: what else there is may hold many pictures, or need a library that has to be loaded first."""
AT_A_TIME = 2
"""Headers that are read at a time, beside those that are read at once."""


class Headers:
    """Reads headers, without harm to the orchestrator where it has cells.

    Args:
        cells: processes for those that take a library to read, which may crash; None: they are read in this one.
    """

    def __init__(self, limits: Limits, cells: Cells | None = None) -> None:
        self.limits = limits
        self._cells = cells
        self._threads = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="probe")
        self._waiting = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="cells")

    async def open(self) -> None:
        """Start the cells. Raises `Unavailable` where they cannot be started."""
        if self._cells:
            await asyncio.to_thread(self._cells.start)

    async def read(self, request: Request) -> Header:
        """Return what the header of a request's picture says. Raises a `PixelmillError`."""
        function = probe_plain if self._cells else probe
        read = partial(function, request.source, self.limits, first_frame=request.pipeline.first_frame)
        loop = asyncio.get_running_loop()
        header = read() if _is_quick(request.source) else await loop.run_in_executor(self._threads, read)
        return header or await self._read_apart(request)

    async def _read_apart(self, request: Request) -> Header:
        assert self._cells
        gone = threading.Event()
        deadline = Deadline(request.deadline.at, cancelled=gone.is_set)
        first_frame = request.pipeline.first_frame
        read = partial(self._cells.probe, request.source, self.limits, first_frame=first_frame, deadline=deadline)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._waiting, copy_context().run, read)
        except asyncio.CancelledError:
            gone.set()
            raise

    def close(self) -> None:
        """Free the threads, and end the cells."""
        self._threads.shutdown(wait=False)
        self._waiting.shutdown(wait=False)
        if self._cells:
            self._cells.close()


def _is_quick(source: bytes) -> bool:
    """Tell whether a picture's header is read in less time than handing it to a thread takes."""
    return len(source) <= QUICK_BYTES and source.startswith(QUICK_STARTS)
