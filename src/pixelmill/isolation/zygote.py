"""The zygote: imports everything once, and forks cells.

It runs no hop itself, so that it has one thread, which is all that a fork may have.
"""

from __future__ import annotations

import gc
import logging
import os
import select
import signal
import socket
import struct
from contextlib import suppress
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

from pixelmill.isolation import cell
from pixelmill.isolation.area import Area
from pixelmill.libraries import preload

START = (
    "import json, sys; told = json.loads(sys.argv[1]); sys.path[:] = told['path']; "
    "from pixelmill.isolation.zygote import main; main(told)"
)
"""What to run: its argument is JSON with `path`, `descriptor`, `modules`, `memory`, `log` and `log_setup`."""
PID = struct.Struct("<q")
STATUS = struct.Struct("<i")


class ForCell(NamedTuple):
    """File descriptors for a cell; what its end is told through is the zygote's."""

    channel: int
    jobs: int
    results: int
    ending: int


def main(told: dict[str, Any]) -> NoReturn:
    """Fork a cell for each request that comes, tell how each ends, and go when the other side is gone."""
    module, _, function = told["log_setup"].partition(":")
    if module:
        getattr(import_module(module), function)(*told["log"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=told["descriptor"])
    preload()
    gc.collect()
    # What there is now is never looked at again by the collector, so that cells go on sharing its pages.
    gc.freeze()
    _Zygote(control, tuple(told["modules"]), told["memory"]).run()


class _Zygote:
    def __init__(self, control: socket.socket, modules: tuple[str, ...], memory: int) -> None:
        self.control = control
        self.modules = modules
        self.memory = memory
        self.endings: dict[int, int] = {}
        """Where to tell how each cell ended, by process id."""
        self.woken, self.wake = os.pipe()
        os.set_blocking(self.wake, False)
        signal.set_wakeup_fd(self.wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> NoReturn:
        self.control.send(cell.READY)
        while True:
            ready, _, _ = select.select([self.control.fileno(), self.woken], [], [])
            if self.woken in ready:
                os.read(self.woken, 1000)
                self._bury()
            if self.control.fileno() in ready:
                data, descriptors, _, _ = socket.recv_fds(self.control, 1, len(ForCell._fields))
                if not data:
                    os._exit(0)
                self._fork(ForCell(*descriptors))

    def _fork(self, given: ForCell) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._be_cell(given, parent)
        self.endings[pid] = given.ending
        for descriptor in (given.channel, given.jobs, given.results):
            os.close(descriptor)
        # Who gets this can end the cell, and never another process that has its number later.
        handle = os.pidfd_open(pid)
        socket.send_fds(self.control, [PID.pack(pid)], [handle])
        os.close(handle)

    def _be_cell(self, given: ForCell, parent: int) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.control.close()
            for descriptor in (self.woken, self.wake, given.ending, *self.endings.values()):
                os.close(descriptor)
            cell.confine(self.memory, parent)
            cell.serve(socket.socket(fileno=given.channel), Area(given.jobs), Area(given.results), self.modules)
        except BaseException:
            logging.exception("a cell failed")
        finally:
            os._exit(1)

    def _bury(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                ending = self.endings.pop(pid)
                with suppress(OSError):
                    os.write(ending, STATUS.pack(os.waitstatus_to_exitcode(status)))
                os.close(ending)
