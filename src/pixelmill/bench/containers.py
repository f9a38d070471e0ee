"""What a Docker engine says of the CPU and memory of containers, by `docker stats`."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from pixelmill.bench import figures
from pixelmill.errors import Unavailable

SERVICE_NAME = "SERVICE_NAME="
MAY_TAKE_S = 30.0
_SIZE = re.compile(r"\s*([\d.]+)\s*([kKMGT]?i?)B\s*")
_UNITS = {"": 1, "k": 1000, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
_BINARY = {"Ki": 1024, "ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}


class Sample(NamedTuple):
    """A container at one moment: cores' worth of CPU, memory and its limit in bytes."""

    at: float
    cpu_cores: float
    memory_bytes: int
    limit_bytes: int


@dataclass
class Usage:
    """One container over a round. `began` is a moment of the performance counter, in seconds."""

    name: str
    instance: str
    began: float
    samples: list[Sample] = field(default_factory=list)

    def figures(self) -> figures.ContainerUse:
        """Return the same for a document."""
        return figures.ContainerUse(
            name=self.name,
            instance=self.instance,
            at_s=tuple(one.at - self.began for one in self.samples),
            cpu_cores=tuple(one.cpu_cores for one in self.samples),
            memory_bytes=tuple(one.memory_bytes for one in self.samples),
            memory_limit_bytes=self.samples[-1].limit_bytes if self.samples else 0,
        )


class Engine:
    """A Docker engine, asked through the `docker` command.

    Raises:
        Unavailable: the command is not there, or no engine answers.
    """

    def __init__(self) -> None:
        self.instances: Mapping[str, str] = dict(_instances())

    @contextmanager
    def watching(self, names: frozenset[str]) -> Iterator[list[Usage]]:
        """Look at the containers of these instances until the end of the context; the list is filled meanwhile."""
        mine = {container: instance for container, instance in self.instances.items() if instance in names}
        if not mine:
            wanted = ", ".join(sorted(names))
            raise Unavailable(
                f"expected containers whose SERVICE_NAME is one of {wanted}, got none on this machine's engine"
            )
        began = time.perf_counter()
        usages = {name: Usage(name, instance, began) for name, instance in mine.items()}
        over = threading.Event()

        def keep_looking() -> None:
            while not over.is_set():
                for name, sample in _stats(list(mine)):
                    usages[name].samples.append(sample)

        thread = threading.Thread(target=keep_looking, name="pixelmill-docker", daemon=True)
        thread.start()
        found: list[Usage] = []
        try:
            yield found
        finally:
            over.set()
            thread.join()
            found.extend(usages.values())


def _instances() -> Iterator[tuple[str, str]]:
    """Yield the names of running containers that are instances, and the instances' names."""
    ids = _docker("ps", "--quiet").split()
    if not ids:
        return
    for container in json.loads(_docker("inspect", *ids)):
        variables = container["Config"].get("Env") or ()
        name = next((one.removeprefix(SERVICE_NAME) for one in variables if one.startswith(SERVICE_NAME)), "")
        if name:
            yield container["Name"].lstrip("/"), name


def _stats(names: list[str]) -> Iterator[tuple[str, Sample]]:
    """Yield each container's use; docker itself measures over about a second. One that has ended meanwhile is left out."""
    try:
        printed = _docker("stats", "--no-stream", "--format", "json", *names)
    except Unavailable:
        return
    at = time.perf_counter()
    for line in printed.splitlines():
        one = json.loads(line)
        if one["CPUPerc"].startswith("--"):  # it has just ended
            continue
        memory, _, limit = one["MemUsage"].partition("/")
        yield one["Name"], Sample(at, float(one["CPUPerc"].rstrip("%")) / 100, parse_size(memory), parse_size(limit))


def parse_size(text: str) -> int:
    """Return the bytes of what docker writes as `81.5MiB` or `1.2kB`; 0 where it is neither."""
    found = _SIZE.fullmatch(text)
    if not found:
        return 0
    return round(float(found[1]) * (_UNITS | _BINARY).get(found[2], 0))


def _docker(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["docker", *arguments], capture_output=True, text=True, encoding="utf-8", check=True, timeout=MAY_TAKE_S
        )
    except FileNotFoundError:
        raise Unavailable("expected the docker command for --docker, got none in PATH") from None
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or b"") if isinstance(error.stderr, (str, bytes)) else ""
        said = said.decode(errors="replace") if isinstance(said, bytes) else said
        raise Unavailable(f"expected an answer of docker {arguments[0]}, got: {said.strip() or error}") from None
    return done.stdout
