"""The compose file on a real Docker engine, driven through the `docker` command."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.containers.contract import COMPOSE_FILE, SERVICES
from tests.fleet.processes import wait_for

MAY_TAKE_S = 900.0


def docker(*arguments: str, variables: Mapping[str, str] | None = None) -> str:
    """Run a `docker` command, with these variables beside the environment's, and return what it prints.

    Raises:
        AssertionError: it failed; with what it said.
    """
    done = subprocess.run(
        ["docker", *arguments],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=MAY_TAKE_S,
        env={**os.environ, **(variables or {})},
    )
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


class Project:
    """One compose project under a name of its own. The containers' names are fixed, so there can be one at a time.

    Args:
        files: the compose file, and those that add to it.
        variables: what the files find in the environment, beside what is there.
    """

    def __init__(self, files: Sequence[Path] = (COMPOSE_FILE,), variables: Mapping[str, str] | None = None) -> None:
        self._files = [argument for file in files for argument in ("--file", str(file))]
        self._variables = variables or {}
        self.name = f"pixelmill-test-{uuid4().hex[:8]}"

    def compose(self, *arguments: str) -> str:
        """Run a `docker compose` command on this project."""
        return docker("compose", "--project-name", self.name, *self._files, *arguments, variables=self._variables)

    def up(self, *services: str) -> None:
        """Build the image, start services, all where none is named, and wait until they are healthy."""
        running = set(docker("ps", "--all", "--format", "{{.Names}}").split())
        taken = running & {service.container for service in SERVICES.values()}
        assert not taken, f"expected no containers of another fleet, got {sorted(taken)}: end it with `docker compose down`"
        wait_for(lambda: self._has_started(services), "a port that a connection of this machine has taken for a while")
        for service in services or SERVICES:
            self.wait_until_healthy(service)

    def _has_started(self, services: Sequence[str]) -> bool:
        """Start services; tells whether no outgoing connection holds a port that one of them publishes."""
        try:
            self.compose("up", "--build", "--detach", *services)
        except AssertionError as error:
            if "address already in use" not in str(error):
                raise
            return False
        return True

    def down(self) -> None:
        """Stop and remove everything, at once."""
        self.compose("down", "--timeout", "0", "--volumes", "--remove-orphans")

    def containers(self) -> set[str]:
        """Return the names of the running containers."""
        listed = docker("ps", "--filter", f"label=com.docker.compose.project={self.name}", "--format", "{{.Names}}")
        return set(listed.split())

    def inspect(self, service: str) -> dict[str, Any]:
        """Return all that the engine knows of a service's container."""
        container: dict[str, Any] = json.loads(docker("inspect", SERVICES[service].container))[0]
        return container

    def wait_until_healthy(self, service: str) -> None:
        """Wait until a service's container runs and its health check has passed."""
        wait_for(lambda: self.inspect(service)["State"]["Health"]["Status"] == "healthy", f"{service} to be healthy")

    def run_inside(self, service: str, script: str) -> str:
        """Run a shell script in a service's container; its output and errors, whatever its exit code."""
        return docker("exec", SERVICES[service].container, "sh", "-c", f"{{ {script}; }} 2>&1; true")

    def log(self, service: str, *, errors: bool = False) -> str:
        """Return what a service has printed to its output, or instead to its standard error."""
        printed = subprocess.run(["docker", "logs", SERVICES[service].container], check=True, capture_output=True, text=True)
        return printed.stderr if errors else printed.stdout

    def kill_process(self, service: str) -> None:
        """Kill a service's process from outside its container, as a crash: the engine was not asked, so it restarts it."""
        container = self.inspect(service)
        docker(
            *("run", "--rm", "--pid", "host", "--user", "0", "--network", "none", "--cap-add", "KILL", container["Image"]),
            *("python", "-c", f"import os; os.kill({container['State']['Pid']}, 9)"),
        )
