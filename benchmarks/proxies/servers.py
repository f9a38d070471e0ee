"""Image proxies that are no dependencies of the project: each installed once into the benchmark's folder, and started."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import pixelmill
from benchmarks.engine.install import NotInstalled, run
from benchmarks.fleet.load import Processes
from benchmarks.on_demand import KEY
from pixelmill.fleet.embedded import EmbeddedFleet

START_S = 30.0
CORES = len(os.sched_getaffinity(0))


class Order(NamedTuple):
    """What is made of a picture: as wide as `width` pixels, in a format and a quality."""

    width: int
    format: str
    quality: int


class Server(NamedTuple):
    """A server that makes pictures on demand.

    Attributes:
        netloc: HOST:PORT.
        path: gives the path for a file's name and an order.
        processes: those whose CPU time is counted.
    """

    name: str
    netloc: str
    path: Callable[[str, Order], str]
    processes: Processes


@contextmanager
def ours(photos: Path, _: Path) -> Iterator[Server]:
    """Start an orchestrator, and one worker with a thread for each core. Nothing is cached; addresses are signed."""
    os.environ.update(
        PIXELMILL_URL_KEYS=KEY, PIXELMILL_SOURCE_ROOTS=str(photos), PIXELMILL_QUIET="true", PIXELMILL_LOG_LEVEL="error"
    )

    def path(name: str, order: Order) -> str:
        return pixelmill.sign_url(f"resize:{order.width}x | {order.format}:{order.quality}", name, key=KEY)

    with EmbeddedFleet(0, 0, 0, worker=1, http_port=-1) as fleet:
        yield Server("pixelmill", fleet.http_url.removeprefix("http://"), path, Processes.of(fleet))


@contextmanager
def thumbor(photos: Path, folder: Path) -> Iterator[Server]:
    """Start thumbor (PyPI), one process for each core, its answers and sources not kept.

    Raises:
        NotInstalled: it cannot be had here.
    """
    python = folder / "thumbor/bin/python"
    if not (folder / "thumbor/bin/thumbor").exists():
        run([sys.executable, "-m", "venv", "--clear", str(folder / "thumbor")])
        run([str(python), "-m", "pip", "install", "--quiet", "thumbor"])
    settings = folder / "thumbor.conf"
    settings.write_text(
        f"LOADER = 'thumbor.loaders.file_loader'\nFILE_LOADER_ROOT_PATH = {str(photos)!r}\n"
        "STORAGE = 'thumbor.storages.no_storage'\nALLOW_UNSAFE_URL = True\n"
    )
    port = _free_port()
    command = [str(python), "-m", "thumbor.server", *("-i", "127.0.0.1", "-p", str(port), "-c", str(settings))]

    def path(name: str, order: Order) -> str:
        return f"/unsafe/{order.width}x0/filters:quality({order.quality}):format({order.format})/{name}"

    with _running([*command, "-l", "error", "--processes", str(CORES)], port, "/healthcheck") as pid:
        yield Server("thumbor", f"127.0.0.1:{port}", path, Processes(0, (pid,)))


@contextmanager
def ipx(photos: Path, folder: Path) -> Iterator[Server]:
    """Start IPX (npm), which is sharp behind HTTP, with a thread for each core.

    Raises:
        NotInstalled: it cannot be had here.
    """
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise NotInstalled(f"expected {tool} on the PATH, found none")
    program = folder / "ipx/node_modules/.bin/ipx"
    if not program.exists():
        (folder / "ipx").mkdir(parents=True, exist_ok=True)
        run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder / "ipx"), "ipx"])
    port = _free_port()
    command = ["node", str(program), "serve", *("--dir", str(photos), "--host", "127.0.0.1", "--port", str(port))]

    def path(name: str, order: Order) -> str:
        return f"/w_{order.width},f_{order.format},q_{order.quality}/{name}"

    with _running(command, port, "/", UV_THREADPOOL_SIZE=str(CORES), VIPS_CONCURRENCY="1") as pid:
        yield Server("ipx", f"127.0.0.1:{port}", path, Processes(0, (pid,)))


SERVERS = (ours, thumbor, ipx)


@contextmanager
def _running(command: list[str], port: int, path: str, **environment: str) -> Iterator[int]:
    """Run a server, and what it starts itself, until the context ends; give its process id once it answers."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, stdout=quiet, stderr=quiet, env={**os.environ, **environment}, start_new_session=True
    )
    try:
        _wait(process, f"http://127.0.0.1:{port}{path}")
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(url):
                return
        except URLError as error:
            if hasattr(error, "code"):
                return  # it answers, whatever it says
        time.sleep(0.1)
    raise NotInstalled(f"expected {url} to answer, got nothing")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
