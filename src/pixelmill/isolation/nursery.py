"""The zygote as its user sees it: starts it, and has it fork cells."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import NamedTuple

from pixelmill.errors import Unavailable
from pixelmill.isolation.area import Area
from pixelmill.isolation.zygote import PID, START, STATUS, ForCell

START_S = 60.0
ENDED_S = 5.0


@dataclass(frozen=True)
class Upbringing:
    """What all cells have.

    Attributes:
        modules: plugins to load, as `plugins.load_modules` takes them.
        memory: what each may have, bytes.
        name, log_level, log_format: of the instance, for the log.
        log_setup: what sets that up, as `module:function`.
    """

    modules: Sequence[str] = ()
    memory: int = 4 * 1024**3
    name: str = "pixelmill"
    log_level: str = "info"
    log_format: str = "human"
    log_setup: str = ""


class Cell(NamedTuple):
    """A cell's process, as seen by who gives it work.

    Attributes:
        channel: says that a job, or its result, is in memory; ends with the process.
        ending: where the zygote tells how the process ended.
        handle: a file descriptor that stands for the process.
    """

    pid: int
    channel: socket.socket
    jobs: Area
    results: Area
    ending: int
    handle: int

    def kill(self) -> None:
        """End the process at once."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def exit_code(self) -> int | None:
        """Return how the process ended, a signal as a negative number; None where the zygote, who knows, is gone too."""
        poll = select.poll()
        poll.register(self.ending, select.POLLIN)
        told = os.read(self.ending, STATUS.size) if poll.poll(1000 * ENDED_S) else b""
        return int(STATUS.unpack(told)[0]) if told else None

    def close(self) -> None:
        """End the process, and give back what belongs to it."""
        self.kill()
        self.channel.close()
        self.jobs.close()
        self.results.close()
        os.close(self.ending)
        os.close(self.handle)


class Nursery:
    """A zygote. It ends when this is closed, or this process ends, however it does; and its cells with it."""

    def __init__(self, upbringing: Upbringing) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        told = {
            "path": sys.path,
            "descriptor": theirs.fileno(),
            "modules": tuple(upbringing.modules),
            "memory": upbringing.memory,
            "log": [upbringing.name, upbringing.log_level, upbringing.log_format],
            "log_setup": upbringing.log_setup,
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", START, json.dumps(told)],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # A pool of threads, which it would never use, may not live through a fork.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                # A session of its own: Ctrl-C in a terminal reaches only this process, which ends in order.
                start_new_session=True,
            )
        self._control.settimeout(START_S)
        try:
            self._told(self._control.recv(1))
        except BaseException:
            self.close()
            raise

    def fork(self) -> Cell:
        """Have a cell made; its first byte on the channel says that it is ready. Raises `Unavailable`."""
        with ExitStack() as mine, ExitStack() as theirs:
            channel, for_cell = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            theirs.callback(for_cell.close)
            mine.callback(channel.close)
            jobs, results = Area.create("jobs"), Area.create("results")
            mine.callback(jobs.close)
            mine.callback(results.close)
            ending, told_there = os.pipe()
            theirs.callback(os.close, told_there)
            mine.callback(os.close, ending)
            given = ForCell(for_cell.fileno(), jobs.descriptor, results.descriptor, told_there)
            try:
                socket.send_fds(self._control, [b"F"], given)
                data, handles, _, _ = socket.recv_fds(self._control, PID.size, 1)
            except OSError as error:
                raise Unavailable(f"expected the zygote to fork a cell, got: {error}") from error
            self._told(data)
            mine.pop_all()
            return Cell(PID.unpack(data)[0], channel, jobs, results, ending, handles[0])

    def _told(self, data: bytes) -> None:
        if not data:
            raise Unavailable(f"expected the zygote to live, got its end with exit code {self._process.wait(ENDED_S)}")

    def close(self) -> None:
        """End the zygote, and so all cells."""
        self._control.close()
        self._process.kill()
        self._process.wait()
