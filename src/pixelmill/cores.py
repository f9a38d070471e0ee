"""How many cores this process may really use, and of which machine."""

from __future__ import annotations

import math
import os
import platform
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup/cpu.max")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def available_cores(cgroup: Path = CGROUP) -> int:
    """Return the number of cores, at least 1: those that the process may run on, within its container's CPU limit.

    Source: Linux, Documentation/admin-guide/cgroup-v2.rst, cpu.max.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = cgroup.read_text().split()
        return max(1, min(cores, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no limit is written as "max"
        return cores


def machine_id(boot_id: Path = BOOT_ID) -> str:
    """Return what tells this machine from others, the same in all its containers.

    Source: Linux, Documentation/admin-guide/sysctl/kernel.rst, random.
    """
    try:
        return boot_id.read_text().strip()
    except OSError:
        return platform.node()
