"""Machines that are network namespaces on one switch, each with an address of its own; and what can befall their network."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PREFIX = "pixelmill"
_numbers = itertools.count()


def reason_to_skip() -> str:
    """Say why there can be no namespaces here; empty where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [tool for tool in ("ip", "iptables") if not shutil.which(tool)]
    if missing:
        return f"network namespaces need {' and '.join(missing)}"
    name = f"{PREFIX}-{os.getpid()}-probe"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"network namespaces cannot be made here: {tried.stderr.strip()}"
    filters = subprocess.run(["ip", "netns", "exec", name, "iptables", "-L"], capture_output=True, text=True, check=False)
    _run("ip", "netns", "del", name)
    return f"packets cannot be filtered here: {filters.stderr.strip()}" if filters.returncode else ""


class Machine:
    """One machine: a namespace, and its address."""

    def __init__(self, namespace: str, number: int) -> None:
        self.namespace = namespace
        self.address = f"10.0.0.{number}"

    @property
    def inside(self) -> Sequence[str]:
        """What to put before a command to run it on this machine."""
        return ("ip", "netns", "exec", self.namespace)

    def run(self, *command: str) -> None:
        """Run a command on it."""
        _run(*self.inside, *command)

    def do_not_hear(self, other: Machine) -> None:
        """Drop all that comes from another machine."""
        self.run("iptables", "-A", "INPUT", "-s", other.address, "-j", "DROP")

    def lose(self, share: float) -> None:
        """Drop a share of the packets that come from other machines, from 0 to 1, at random."""
        chance = ("-m", "statistic", "--mode", "random", "--probability", str(share))
        self.run("iptables", "-A", "INPUT", "!", "-i", "lo", *chance, "-j", "DROP")

    def unplug(self) -> None:
        """Take its cable away."""
        self.run("ip", "link", "set", "eth0", "down")

    def heal(self) -> None:
        """Undo all of that."""
        self.run("iptables", "-F", "INPUT")
        self.run("ip", "link", "set", "eth0", "up")


@contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """Make that many machines on one switch. Nothing of it touches the network of this one."""
    _sweep()
    prefix = f"{PREFIX}-{os.getpid()}-{next(_numbers)}"
    switch = f"{prefix}-switch"
    made = [Machine(f"{prefix}-{number}", number) for number in range(1, count + 1)]
    try:
        _run("ip", "netns", "add", switch)
        _run("ip", "-n", switch, "link", "add", "switch", "type", "bridge")
        _run("ip", "-n", switch, "link", "set", "switch", "up")
        for number, machine in enumerate(made, 1):
            _plug_in(machine, switch, f"port{number}")
        yield made
    finally:
        for name in (switch, *(machine.namespace for machine in made)):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _plug_in(machine: Machine, switch: str, port: str) -> None:
    name = machine.namespace
    _run("ip", "netns", "add", name)
    _run("ip", "-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", switch)
    _run("ip", "-n", switch, "link", "set", port, "master", "switch", "up")
    _run("ip", "-n", name, "address", "add", f"{machine.address}/24", "dev", "eth0")
    for device in ("lo", "eth0"):
        _run("ip", "-n", name, "link", "set", device, "up")


def _sweep() -> None:
    """Remove what tests have left that were killed."""
    for line in subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout.splitlines():
        name = line.split()[0]
        prefix, _, rest = name.partition("-")
        owner = rest.partition("-")[0]
        if prefix == PREFIX and owner.isdecimal() and not Path("/proc", owner).exists():
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
