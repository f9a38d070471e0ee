"""The fleet as processes of this machine, for development, demos and tests.

with EmbeddedFleet() as fleet, FleetExecutor(fleet.target) as executor:
    executor.run(data, pipeline)
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from pixelmill.errors import Unavailable, expected
from pixelmill.fleet.authority import pair_in
from pixelmill.fleet.slots import remove_left
from pixelmill.fleet.supervisor import Command, Supervised, end_all
from pixelmill.settings import PORTS

LOCALHOST = "127.0.0.1"
WILDCARDS = ("0.0.0.0", "[::]")
GRACE_S = 10.0
PORT_STEP = 10
"""Instances of a role listen on ports ten apart: 50052, 50062, 50072."""
STDERR = 2
FOR_OTHERS = (
    *("SERVICE_NAME", "PORT", "PIXELMILL_POOL", "PIXELMILL_PORT", "PIXELMILL_HOST", "PIXELMILL_WORKER_HOSTS"),
    *("PIXELMILL_TOKEN", "PIXELMILL_TOKEN_FILE"),
)


@dataclass(frozen=True)
class FleetProcess:
    """A process of the fleet. `pid` is 0 between its end and its next start."""

    name: str
    pool: str
    address: str
    pid: int


class EmbeddedFleet:
    """Workers and an orchestrator, each a process; those that die are started again on the same port.

    Workers listen on 127.0.0.1 only, on the ports that their containers publish where these are free. Leaving the
    context ends them all, and so does the end of this process, even by SIGKILL.

    Args:
        resize, filter, watermark, format, worker: how many instances each pool has.
        port: of the orchestrator; 0 is any.
        http_port: of the orchestrator for HTTP; 0 is none, -1 any.
        host: the address that the orchestrator listens on.
        placement: the orchestrator's default placement.
        isolate: whether pictures are worked on in processes of their own; as PIXELMILL_ISOLATE says where None.
        plugins: modules or .py files whose operations all have, beside those of installed packages.
        certs: folder with certificates, as `pixelmill certs` makes them: all speak TLS, and show each other certificates.
        tokens_file: with one token a line; clients send one of them, instead of showing a certificate.
        log: the file, or its path, that the processes' output is added to; standard error where None.
    """

    def __init__(
        self,
        resize: int = 3,
        filter: int = 5,
        watermark: int = 3,
        *,
        format: int = 0,
        worker: int = 0,
        port: int = 0,
        http_port: int = 0,
        host: str = LOCALHOST,
        placement: str | None = None,
        isolate: bool | None = None,
        plugins: Sequence[str] = (),
        certs: str | Path | None = None,
        tokens_file: str | Path | None = None,
        log: str | Path | IO[str] | IO[bytes] | None = None,
    ) -> None:
        self.host = host
        self._port = port
        self._http_port = http_port
        self._placement = placement
        self._isolation = () if isolate is None else ("--isolate" if isolate else "--no-isolate",)
        self._plugins = tuple(argument for plugin in plugins for argument in ("--plugin", plugin))
        self._certs = certs
        self._tokens_file = tokens_file
        self._log = log
        self._opened: IO[bytes] | None = None
        counts = {"resize": resize, "filter": filter, "watermark": watermark, "format": format, "worker": worker}
        self._instances = [(pool, number) for pool, count in counts.items() for number in range(1, count + 1)]
        self._workers: list[tuple[str, Supervised]] = []
        self._orchestrator: Supervised | None = None

    @property
    def target(self) -> str:
        """The orchestrator's `host:port`, for clients on this machine."""
        return f"{LOCALHOST if self.host in WILDCARDS else self.host}:{self._started().port}"

    @property
    def url(self) -> str:
        """The URL of the executor that sends pictures to it."""
        return f"{'grpcs' if self._certs else 'grpc'}://{self.target}"

    @property
    def has_http(self) -> bool:
        """Whether it speaks HTTP, too."""
        return self._http_port != 0

    @property
    def http_url(self) -> str:
        """Where the dashboard and the HTTP API are. Raises `Unavailable` where there are none."""
        port = self._started().ports.get("http")
        if not port:
            raise Unavailable("expected a fleet with an HTTP port, got one that was started without")
        return f"{'https' if self._certs else 'http'}://{LOCALHOST if self.host in WILDCARDS else self.host}:{port}"

    @property
    def processes(self) -> tuple[FleetProcess, ...]:
        """All processes, the orchestrator last."""
        orchestrator = self._started()
        workers = (FleetProcess(one.command.name, pool, f"{LOCALHOST}:{one.port}", one.pid) for pool, one in self._workers)
        last = FleetProcess("orchestrator", "orchestrator", f"{self.host}:{orchestrator.port}", orchestrator.pid)
        return (*workers, last)

    def alive(self) -> bool:
        """Tell whether every process is running and listening."""
        return self._orchestrator is not None and all(
            one.alive for one in (*(worker for _, worker in self._workers), self._orchestrator)
        )

    def start(self) -> Self:
        """Start all processes and return when they listen.

        Raises:
            Unavailable: the orchestrator's port is taken, or a process does not start; none is left running.
        """
        if self._http_port < 0:
            # One that it has again when it is started again.
            self._http_port = _free_port(self.host)
        for port, whose, option in (
            (self._port, "the orchestrator", "--port"),
            (self._http_port, "the orchestrator's HTTP", "--http-port"),
        ):
            if port > 0 and not _is_free(self.host, port):
                problem = expected("a free port", whose, port)
                raise Unavailable(f"{problem}, which is in use; {option} names another")
        output = self._open_log()
        environment = _environment()
        try:
            for pool, number in self._instances:
                worker = Supervised(self._worker_command(pool, number), environment, output)
                self._workers.append((pool, worker))
                worker.start()
            for _, worker in self._workers:
                worker.wait_until_up()
            self._orchestrator = Supervised(self._orchestrator_command(), environment, output)
            self._orchestrator.start()
            self._orchestrator.wait_until_up()
        except BaseException:
            self.close()
            raise
        return self

    def close(self, grace_s: float = GRACE_S) -> None:
        """End all processes, the orchestrator first; each of the two gets `grace_s` seconds for what is running."""
        if self._orchestrator:
            end_all([self._orchestrator], grace_s)
        end_all([worker for _, worker in self._workers], grace_s)
        self._orchestrator = None
        self._workers.clear()
        # Those that had to be killed could not.
        remove_left()
        if self._opened:
            self._opened.close()
            self._opened = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _started(self) -> Supervised:
        if self._orchestrator is None:
            raise Unavailable("expected a running fleet, got one that is not started")
        return self._orchestrator

    def _open_log(self) -> int:
        if self._log is None:
            return STDERR
        if isinstance(self._log, str | Path):
            self._opened = Path(self._log).open("ab")  # noqa: SIM115 - closed in close()
            return self._opened.fileno()
        return self._log.fileno()

    def _orchestrator_command(self) -> Command:
        arguments = ["orchestrator", "--name", "orchestrator", "--host", self.host, "--http-port", str(self._http_port)]
        arguments += self._isolation
        for pool in dict.fromkeys(pool for pool, _ in self._workers):
            addresses = (f"{LOCALHOST}:{worker.port}" for name, worker in self._workers if name == pool)
            arguments += [f"--{pool}", ",".join(addresses)]
        if self._placement:
            arguments += ["--placement", self._placement]
        if self._certs:
            arguments += [*self._serving("orchestrator"), "--tls-ca", str(pair_in(self._certs, "ca").cert)]
        if self._tokens_file:
            arguments += ["--tokens-file", str(self._tokens_file)]
        return Command("orchestrator", (*self._plugins, *arguments), self._port)

    def _worker_command(self, pool: str, number: int) -> Command:
        name = f"{pool}-{number}"
        port = PORTS[pool] + PORT_STEP * (number - 1)
        wish = port if port < 65536 and _is_free(LOCALHOST, port) else 0
        arguments = ["worker", "--pool", pool, "--name", name, "--host", LOCALHOST, *self._isolation]
        arguments += self._serving("worker")
        return Command(name, (*self._plugins, *arguments), wish, port_is_a_wish=True)

    def _serving(self, name: str) -> list[str]:
        """Return what makes a process serve with the certificate `name`, to clients that show one."""
        if not self._certs:
            return []
        cert, key = pair_in(self._certs, name)
        arguments = ["--tls-cert", str(cert), "--tls-key", str(key)]
        by_token = name == "orchestrator" and self._tokens_file
        return arguments if by_token else [*arguments, "--tls-client-ca", str(pair_in(self._certs, "ca").cert)]


def _environment() -> dict[str, str]:
    """Return this process's environment without what it says about other fleets.

    Quiet, unless it asks for more: gRPC itself logs each connection to a process that has ended.
    """
    kept = {
        name: value for name, value in os.environ.items() if name not in FOR_OTHERS and not name.endswith("_SERVICE_HOSTS")
    }
    # Nothing else sends work to these workers, so they need not wait for others to notice that they leave.
    quiet = {"PIXELMILL_LOG_LEVEL": "warning", "GRPC_VERBOSITY": "ERROR"}
    return {"PIXELMILL_DRAIN_S": "0", **quiet, **kept, "PYTHONUNBUFFERED": "1"}


def _is_free(host: str, port: int) -> bool:
    return _bound(host, port) is not None


def _free_port(host: str) -> int:
    port = _bound(host, 0)
    if port is None:
        raise Unavailable(expected("an address of this machine", "the orchestrator", host))
    return port


def _bound(host: str, port: int) -> int | None:
    """Return the port that was free a moment ago: `port`, or any where that is 0; None where there was none."""
    name = host.strip("[]")
    with socket.socket(socket.AF_INET6 if ":" in name else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((name, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])
