"""Keeps local processes running: starts them, starts those that die again, and ends them all."""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pixelmill.errors import Unavailable

FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0
STEADY_S = 10.0
"""A process that has run for that long had a good start: the delay before its next one is short again."""
START_S = 60.0
log = logging.getLogger("pixelmill.fleet")


@dataclass(frozen=True)
class Command:
    """What to run: `python -m pixelmill ARGUMENTS --port PORT`.

    Attributes:
        name: the instance's name.
        arguments: without the port and the two file descriptors.
        port: the port to listen on; 0 is any.
        port_is_a_wish: whether any other port will do where that one is taken.
    """

    name: str
    arguments: tuple[str, ...]
    port: int
    port_is_a_wish: bool = False


class Supervised:
    """One process, watched by a thread. Once it has been up, it always comes back on the same port.

    The process gets two pipes: through one it says which port it listens on, and the other one ends when this process
    does, however it ends, so that none outlives it.
    """

    def __init__(self, command: Command, environment: Mapping[str, str], output: int) -> None:
        self.command = command
        self.port = command.port
        self.ports: Mapping[str, int] = {}
        """All ports that it listens on, by what is spoken there."""
        self.restarts = 0
        self._environment = environment
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._up = False
        self._problem = ""
        # A daemon: where nobody ends the fleet, Python's exit does not wait for it, and the pipe ends it.
        self._thread = threading.Thread(target=self._keep_running, name=f"watch {command.name}", daemon=True)

    @property
    def pid(self) -> int:
        """The process's id; 0 while there is none."""
        process = self._process
        return process.pid if process else 0

    @property
    def alive(self) -> bool:
        """Whether the process runs and is listening."""
        return self._up

    def start(self) -> None:
        """Start the process; `wait_until_up` tells when it listens."""
        self._thread.start()

    def wait_until_up(self) -> None:
        """Wait for the first start. Raises `Unavailable` where it failed."""
        self._settled.wait()
        if self._problem:
            raise Unavailable(self._problem)

    def terminate(self) -> None:
        """Ask the process to end, and do not start it again."""
        with self._lock:
            self._stopping.set()
            self._signal(signal.SIGTERM)

    def join(self, grace_s: float) -> None:
        """Wait for the end of a process that was asked to; kill it after `grace_s` seconds."""
        if self._thread.ident is None:
            return
        self._thread.join(grace_s)
        if self._thread.is_alive():
            log.warning("%s (pid %d) did not end within %.0f s and is killed", self.command.name, self.pid, grace_s)
            self._signal(signal.SIGKILL)
            self._thread.join()

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _keep_running(self) -> None:
        delay = 0.0
        while True:
            started = time.monotonic()
            try:
                code = self._run_once()
            except OSError as error:
                code, self._problem = None, f"expected to start {self.command.name}, got: {error}"
            if self._stopping.is_set():
                self._problem = self._problem or f"{self.command.name} was stopped"
                self._settled.set()
                return
            if not self._settled.is_set():
                if self.command.port_is_a_wish and self.port:
                    self.port = 0
                    continue
                self._problem = self._problem or (
                    f"expected {self.command.name} to start, got {_ending(code)}; its log says why"
                )
                self._settled.set()
                return
            delay = next_delay(delay, time.monotonic() - started)
            log.warning("%s ended with %s; starting it again in %.1f s", self.command.name, _ending(code), delay)
            self._stopping.wait(delay)
            self.restarts += 1

    def _run_once(self) -> int | None:
        """Run the process until it ends, and return its exit code; None where it was not to be started any more."""
        ready, ready_for_child = os.pipe()
        with os.fdopen(ready, "rb", buffering=0) as reader:
            try:
                with self._lock:
                    if self._stopping.is_set():
                        return None
                    process = self._process = self._spawn(ready_for_child)
            finally:
                os.close(ready_for_child)
            listening = select.select([reader], [], [], START_S)[0]
            if not listening:
                log.warning("%s did not listen within %.0f s and is killed", self.command.name, START_S)
                process.kill()
            else:
                line = reader.readline()
                if line:
                    self.ports = json.loads(line)
                    self.port = self.ports["port"]
                    self._up = True
                    self._settled.set()
            code = process.wait()
        self._up = False
        return code

    def _spawn(self, ready_fd: int) -> subprocess.Popen[bytes]:
        descriptors = ("--ready-fd", str(ready_fd), "--parent-fd", str(_life_line()))
        command: Sequence[str] = (
            *(sys.executable, "-m", "pixelmill", *self.command.arguments),
            *("--port", str(self.port), *descriptors),
        )
        # A session of its own: Ctrl-C in a terminal reaches only this process, which then ends the others in order.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            env=self._environment,
            pass_fds=(ready_fd, _life_line()),
            start_new_session=True,
        )


def next_delay(delay_s: float, lived_s: float) -> float:
    """Return the seconds to wait before the next start of a process that lived `lived_s`; the last wait was `delay_s`."""
    return FIRST_DELAY_S if lived_s > STEADY_S else min(max(FIRST_DELAY_S, 2 * delay_s), LONGEST_DELAY_S)


def end_all(several: Sequence[Supervised], grace_s: float) -> None:
    """End processes side by side; those that take longer than `grace_s` seconds are killed."""
    for supervised in several:
        supervised.terminate()
    until = time.monotonic() + grace_s
    for supervised in several:
        supervised.join(max(0.0, until - time.monotonic()))


def _ending(code: int | None) -> str:
    if code is None:
        return "no process"
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


_life: tuple[int, int] | None = None
_life_lock = threading.Lock()


def _life_line() -> int:
    """Return the end for children of a pipe whose other end is closed when this process ends, however it ends."""
    global _life
    with _life_lock:
        if _life is None:
            _life = os.pipe()
            # A fork of this process must not keep the children alive.
            os.register_at_fork(after_in_child=_drop_life_line)
        return _life[0]


def _drop_life_line() -> None:
    global _life
    if _life:
        for descriptor in _life:
            os.close(descriptor)
        _life = None
