"""A plugin whose operations do the worst to the process that they run in, and pictures that do so when they are decoded."""

from __future__ import annotations

import os
import re
import resource
import signal
from pathlib import Path

import numpy as np

import pixelmill
from pixelmill import engine
from pixelmill.isolation import cell

MARK = b"a picture that crashes whoever decodes it"
"""A file that holds this, after its end for example, crashes the decoder."""
HEADER_MARK = b"a picture that crashes whoever reads its header"
"""A file that holds this crashes a cell that reads its header."""
_read = vars(engine)["read"]
_probe = vars(cell)["probe"]


def _read_or_crash(source: bytes, *rest: object) -> object:
    if MARK in source:
        crash()
    made: object = _read(source, *rest)
    return made


def _probe_or_crash(source: bytes, *rest: object, **more: object) -> object:
    if HEADER_MARK in source:
        crash()
    made: object = _probe(source, *rest, **more)
    return made


vars(engine)["read"] = _read_or_crash
vars(cell)["probe"] = _probe_or_crash


def crash() -> None:
    """Do as a library does that reads where it must not."""
    os.kill(os.getpid(), signal.SIGSEGV)


@pixelmill.operation
def segfault(image: np.ndarray) -> np.ndarray:
    """Crash."""
    crash()
    return image


@pixelmill.operation
def leave(image: np.ndarray, *, code: int = 3) -> np.ndarray:
    """End the process as if it were done."""
    os._exit(code)


@pixelmill.operation
def hog(image: np.ndarray, *, mib: int = 100_000) -> np.ndarray:
    """Take memory, and write to it, until there is none left."""
    kept = [np.ones(1024 * 1024, np.uint8) for _ in range(mib)]
    return image if kept else image[:0]


@pixelmill.operation
def spin(image: np.ndarray) -> np.ndarray:
    """Never come back from C, and let no other thread run."""
    re.match("(a|a)*b", "a" * 10_000)
    return image


@pixelmill.operation
def tell(image: np.ndarray) -> np.ndarray:
    """Fail, with a text that tells of the process: its id, its limits and its open files."""
    files = [os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]
    kinds = [f"{kind}s={sum(f'/{kind}:' in file for file in files)}" for kind in ("socket", "pipe", "memfd")]
    core, data = (resource.getrlimit(limit)[0] for limit in (resource.RLIMIT_CORE, resource.RLIMIT_DATA))
    first = Path("/proc/self/oom_score_adj").read_text().strip()
    raise ValueError(f"pid={os.getpid()} core={core} data={data} oom={first} {' '.join(kinds)}")
