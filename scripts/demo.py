"""What `make demo` runs: starts a fleet of local processes, sends pictures through it, and ends it.

Usage: python scripts/demo.py [PHOTO…] [--output DIR]
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import dropwhile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from client import pipeline_demo
from client.report import make_console
from pixelmill.errors import Unavailable
from pixelmill.fleet.embedded import EmbeddedFleet

RESIZE, FILTER, WATERMARK = 3, 5, 3
LOG_NAME = "fleet.log"
TERMINATED = 128 + signal.SIGTERM


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code: 0, 1 where something failed, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="demo.py", description="Start a fleet, send pictures through it, and end it.")
    parser.add_argument(
        "photos", metavar="PHOTO", nargs="*", help="pictures to send; default: the sample and examples/photos"
    )
    parser.add_argument("--output", metavar="DIR", type=Path, default=Path("output"), help="where to write (%(default)s)")
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # so that the fleet ends with this process's stack
    try:
        return _run(arguments.photos, arguments.output)
    except KeyboardInterrupt:
        return 130


def _run(photos: Sequence[str], output: Path) -> int:
    console = make_console()
    log = output / LOG_NAME
    try:
        output.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
    except OSError as error:
        return _fail(f"cannot write to {output}: {error.strerror}")
    started = time.perf_counter()
    fleet = EmbeddedFleet(RESIZE, FILTER, WATERMARK, log=log)
    try:
        with console.status(f"starting {RESIZE + FILTER + WATERMARK} workers and an orchestrator"):
            fleet.start()
        took = time.perf_counter() - started
        workers = f"{RESIZE} resize, {FILTER} filter and {WATERMARK} watermark workers"
        console.print(f"{workers} and an orchestrator on {fleet.target} up after {took:.1f} s\n")
        code = pipeline_demo.main([*photos, "--target", fleet.target, "--output", str(output)])
        if lines := list(_first_request(log)):
            console.print(f"\nThe orchestrator's log of the first picture; all of it is in {log}:", style="bold")
            console.print("\n".join(lines), markup=False, soft_wrap=True)
        return code
    except Unavailable as error:
        return _fail(f"{error}\nThe log is in {log}; it ends with:\n{_tail(log)}")
    finally:
        with console.status("stopping the fleet"):
            fleet.close()


def _first_request(log: Path) -> Iterator[str]:
    """Yield the lines that the orchestrator printed for the first request that it finished."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in dropwhile(lambda line: "STAGE 1" not in line, lines):
        yield line
        if line.startswith("✅"):
            return


def _tail(log: Path, count: int = 10) -> str:
    """Return the log's last lines, each once: twelve processes may all have the same complaint."""
    lines = dict.fromkeys(log.read_text(encoding="utf-8", errors="replace").splitlines())
    return "\n".join(list(lines)[-count:])


def _fail(message: str) -> int:
    make_console(stderr=True).print(message, style="red", markup=False, soft_wrap=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
