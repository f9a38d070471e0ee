"""Real servers as processes of their own, on any free port, for one test or for all."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self, TypeVar

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.fleet.client import FleetExecutor

PATIENCE_S = 60.0
"""How long anything may take that is waited for. Nothing is meant to take that long; the machine may be busy."""
WORKER = "from pixelmill.fleet.worker import main; main({pool!r})"
ORCHESTRATOR = "from pixelmill.orchestrator import main; main()"
POOLS = ("resize", "filter", "watermark")
Found = TypeVar("Found")


def wait_for(condition: Callable[[], Found | None], what: str) -> Found:
    """Ask again and again until `condition` gives something, and return that."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        select.select([], [], [], 0.01)
    raise AssertionError(f"waited {PATIENCE_S:.0f} s in vain for {what}")


class Process:
    """One server. `address` is where it listens; what it prints goes to files.

    `inside` is put before the command, so that it runs inside a network namespace, say.
    """

    def __init__(self, name: str, code: str, environment: Mapping[str, str], inside: Sequence[str] = ()) -> None:
        self.name = name
        self.code = code
        self.inside = tuple(inside)
        self.environment = dict(environment)
        self.host = self.environment.get("PIXELMILL_HOST", "127.0.0.1")
        self.port = 0
        self.http_port = int(self.environment.pop("PIXELMILL_HTTP_PORT", "0"))
        self._stack = ExitStack()
        self.start()

    def start(self) -> None:
        """Start the process; `wait_until_ready` waits for it. A second start listens on the port of the first."""
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="pixelmill-test-")))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PIXELMILL_", "GRPC_"))}
        self._ready, ready = os.pipe()
        parent, self._parent = os.pipe()
        environment = {
            "PIXELMILL_HOST": self.host,
            "PORT": str(self.port),
            "SERVICE_NAME": self.name,
            "PIXELMILL_DRAIN_S": "0.2",
            "PIXELMILL_HTTP_PORT": str(self.http_port),
            **self.environment,
            "PIXELMILL_READY_FD": str(ready),
            "PIXELMILL_PARENT_FD": str(parent),
        }
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            self.process = subprocess.Popen(
                [*self.inside, sys.executable, "-c", self.code],
                env=inherited | environment,
                stdout=out,
                stderr=err,
                pass_fds=[ready, parent],
            )
        os.close(ready)
        os.close(parent)

    def wait_until_ready(self) -> Self:
        """Wait until the server listens."""
        readable, _, _ = select.select([self._ready], [], [], PATIENCE_S)
        line = os.read(self._ready, 1000) if readable else b""
        if not line:
            raise AssertionError(f"{self.name} did not start: {self.errors()}")
        ports = json.loads(line)
        self.port, self.http_port = ports["port"], ports.get("http", 0)
        return self

    @property
    def http_url(self) -> str:
        """Where it answers HTTP: start an orchestrator with PIXELMILL_HTTP_PORT=-1."""
        return f"http://{self.host}:{self.http_port}"

    @property
    def address(self) -> str:
        """`host:port`, as in a list of hosts."""
        return f"{self.host}:{self.port}"

    @property
    def instance(self) -> str:
        """`name:port`, as in traces."""
        return f"{self.name}:{self.port}"

    def output(self) -> str:
        """Return what it has printed so far."""
        return (self.folder / "out").read_text(encoding="utf-8")

    def errors(self) -> str:
        """Return its log so far."""
        return (self.folder / "err").read_text(encoding="utf-8")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it at once, without any chance to say so."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def terminate(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def describe(self) -> pb.InstanceInfo:
        """Ask a worker how it is."""
        with channel_to(self.address) as channel:
            stub = rpc.StageServiceStub(channel)
            answer: pb.InstanceInfo = stub.DescribeInstance(
                pb.DescribeInstanceRequest(), timeout=PATIENCE_S, wait_for_ready=True
            )
        return answer

    def close(self) -> None:
        """End it, whatever state it is in."""
        if self.process.poll() is None:
            self.kill()
        for descriptor in (self._ready, self._parent):
            os.close(descriptor)
        self._stack.close()

    def restart(self) -> Self:
        """Start it again on the port that it had."""
        self.close()
        self.start()
        return self.wait_until_ready()


def channel_to(address: str) -> grpc.Channel:
    """Open a channel for messages of any size."""
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.enable_http_proxy", 0)]
    return grpc.insecure_channel(address, options=options)


class Fleet:
    """Workers and an orchestrator over them."""

    def __init__(self, workers: Mapping[str, Sequence[Process]], orchestrator: Process, channel: grpc.Channel) -> None:
        self.workers = workers
        self.orchestrator = orchestrator
        self.channel = channel
        self.stub = rpc.OrchestratorServiceStub(channel)
        self._stack = ExitStack()

    def channel_to_worker(self, pool: str, number: int = 0) -> grpc.Channel:
        """Open a channel past the orchestrator; it is closed with the fleet."""
        return self._stack.enter_context(channel_to(self.workers[pool][number].address))

    def close(self) -> None:
        """Close the channels to workers."""
        self._stack.close()

    def client(self, placement: str = "") -> FleetExecutor:
        """Open an executor that runs pipelines on this fleet."""
        return FleetExecutor(self.orchestrator.address, placement=placement)

    def describe(self) -> pb.DescribeFleetResponse:
        """Ask the orchestrator how the fleet is."""
        return self.stub.DescribeFleet(pb.DescribeFleetRequest(), timeout=PATIENCE_S, wait_for_ready=True)

    def wait_until_used(self, pool: str, instances: Sequence[Process], send: Callable[[], pb.Trace]) -> None:
        """Send requests until the pool's calls go over exactly these instances, in turn."""
        names = {worker.instance for worker in instances}
        seen: list[str] = []

        def settled() -> bool:
            seen.extend(hop.instance for hop in send().hops if hop.pool == pool)
            last = seen[-2 * len(names) :]
            return len(last) == 2 * len(names) and last == last[: len(names)] * 2 and set(last) == names

        wait_for(settled, f"{pool} calls to go over {sorted(names)}")


@contextmanager
def running(*processes: Process) -> Iterator[None]:
    """Wait until processes that were just started listen; end them afterwards."""
    with ExitStack() as stack:
        for process in processes:
            stack.callback(process.close)
        for process in processes:
            process.wait_until_ready()
        yield


def worker(pool: str, name: str, inside: Sequence[str] = (), **environment: str) -> Process:
    """Start a worker of a pool, with one thread."""
    return Process(name, WORKER.format(pool=pool), {"PIXELMILL_THREADS": "1", **environment}, inside)


@contextmanager
def fleet(
    counts: Mapping[str, int],
    *,
    hosts: Mapping[str, str] | None = None,
    worker_environment: Mapping[str, str] | None = None,
    orchestrator_environment: Mapping[str, str] | None = None,
    orchestrator_code: str = ORCHESTRATOR,
    **environment: str,
) -> Iterator[Fleet]:
    """Run `counts[pool]` workers of each pool and an orchestrator over them.

    `hosts` adds more hosts to a pool's list; the other keywords are the orchestrator's environment too.
    """
    workers = {
        pool: [worker(pool, f"{pool}-{number + 1}", **(worker_environment or {})) for number in range(count)]
        for pool, count in counts.items()
    }
    with ExitStack() as stack:
        stack.enter_context(running(*(process for group in workers.values() for process in group)))
        lists = {pool: [process.address for process in group] for pool, group in workers.items()}
        for pool, more in (hosts or {}).items():
            lists.setdefault(pool, []).append(more)
        variables = {
            ("PIXELMILL_WORKER_HOSTS" if pool == "worker" else f"{pool.upper()}_SERVICE_HOSTS"): ",".join(addresses)
            for pool, addresses in lists.items()
        }
        orchestrator = Process(
            "orchestrator", orchestrator_code, {**variables, **(orchestrator_environment or {}), **environment}
        )
        stack.enter_context(running(orchestrator))
        channel = stack.enter_context(channel_to(orchestrator.address))
        made = Fleet(workers, orchestrator, channel)
        stack.callback(made.close)
        yield made
