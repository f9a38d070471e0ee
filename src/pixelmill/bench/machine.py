"""The machine that this process runs on, and how busy it is."""

from __future__ import annotations

import os
import platform
import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from pixelmill.bench.figures import Machine
from pixelmill.cores import available_cores

LIBRARIES = ("numpy", "opencv-python-headless", "pyvips", "grpcio", "protobuf", "simplejpeg", "isal", "deflate")
"""Those that the speed depends on."""
CPU_INFO = Path("/proc/cpuinfo")


def machine() -> Machine:
    """Return what is known of this machine."""
    return Machine(
        model=_model(),
        architecture=platform.machine(),
        cores=available_cores(),
        machine_cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        os=_system(),
        kernel=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        libraries=_versions(),
    )


def busy_s() -> float:
    """Return the CPU time that all processes of the machine have taken so far, in seconds."""
    times = psutil.cpu_times()
    # Time of guests counts as the host's user time already.
    return sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq"))


def _model() -> str:
    """Return the processor's name, as Linux or else Python tells it."""
    with suppress(OSError):
        found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", CPU_INFO.read_text(errors="replace"), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine() or "unknown"


def _system() -> str:
    with suppress(OSError):
        return platform.freedesktop_os_release().get("PRETTY_NAME", "") or platform.system()
    return platform.system()


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    with suppress(ImportError, AttributeError):
        import pyvips

        found["libvips"] = ".".join(str(pyvips.version(part)) for part in range(3))
    return found
