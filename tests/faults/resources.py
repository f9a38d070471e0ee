"""What processes use: memory and open files, as Linux tells."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.fleet.processes import Process

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """One process: resident memory in bytes, and the number of open files."""

    pid: int
    memory: int
    files: int


def usage(pid: int) -> Usage:
    """Look at a process."""
    folder = Path("/proc", str(pid))
    resident = int((folder / "statm").read_text().split()[1])
    return Usage(pid, resident * PAGE, len(os.listdir(folder / "fd")))


def usages(processes: Iterable[Process]) -> dict[str, Usage]:
    """Look at each process that runs, by name."""
    return {each.name: usage(each.process.pid) for each in processes if each.process.poll() is None}
