"""Runs one file in a process of its own kind and tells what became of it and how much memory that took."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from pixelmill import Limits, PixelmillError, run
from pixelmill.engine import warm_up
from tests.pictures import encoded, photo

STATUS = Path("/proc/self/status")
LIMITS = Limits(allow_svg=True)


class Outcome(NamedTuple):
    """The error's class, or "picture"; its message; and how many MiB the process grew at its peak."""

    name: str
    message: str
    grown_mib: int


def status(field: str) -> int:
    """Return a field of this process's memory, MiB."""
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[field].split()[0]) // 1024


def outcome(make: Callable[[], bytes], pipeline: str, limits: Limits = LIMITS) -> Outcome:
    """Process what `make` returns."""
    data = make()
    warm_up()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = status("VmRSS")
    name, message = attempt(data, pipeline, limits)
    return Outcome(name, message, status("VmHWM") - before)


def attempt(data: bytes, pipeline: str, limits: Limits = LIMITS) -> tuple[str, str]:
    """Return the error's class and message, or "picture"."""
    try:
        result = run(data, pipeline, limits=limits)
    except PixelmillError as error:
        return type(error).__name__, str(error)
    return "picture", f"{result.info.width}×{result.info.height}"


def neighbours(makers: Iterable[Callable[[], bytes]], pipeline: str) -> int:
    """Process good pictures on two threads while the files of all `makers` are refused; return how many came out right.

    Raises:
        AssertionError: a good picture failed or has other bytes than when it is alone.
    """
    files = [make() for make in makers]
    good = [encoded(photo(120, 90, seed=seed), format) for seed, format in enumerate(("PNG", "JPEG", "WEBP", "TIFF", "GIF"))]
    alone = [run(data, pipeline).data for data in good]
    done = 0
    with ThreadPoolExecutor(3) as threads:
        bad = threads.submit(lambda: [attempt(data, pipeline) for data in files])
        while done == 0 or not bad.done():
            assert list(threads.map(lambda data: run(data, pipeline).data, good)) == alone
            done += len(good)
        bad.result()
    return done
