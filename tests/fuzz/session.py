"""A long session of fuzzing the decoders: `python -m tests.fuzz.session --minutes 10`. Files that fail are kept."""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from tests.fuzz.edits import edited, files, rolled
from tests.fuzz.worker import PIPELINES, finding, set_up

SLOW_S = 2.0
HANGS_S = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", default="", help="formats whose names hold this")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed)
    everything = files()
    chosen = [name for name in everything if arguments.only in name]
    others = list(everything.values())
    end, count, found = time.monotonic() + 60 * arguments.minutes, 0, 0
    pool = new_pool()
    while time.monotonic() < end:
        name = rng.choice(chosen)
        data = edited(everything[name], [rolled(rng) for _ in range(rng.randrange(1, 8))], others)
        pipeline = rng.choice(PIPELINES)
        started = time.monotonic()
        wrong = outcome(pool.submit(finding, data, pipeline))
        if wrong.startswith("!"):
            end_pool(pool)
            pool = new_pool()
        elif not wrong and time.monotonic() - started > SLOW_S:
            wrong = f"took {time.monotonic() - started:.1f} s"
        count += 1
        if wrong:
            found += 1
            arguments.keep.mkdir(parents=True, exist_ok=True)
            (arguments.keep / f"{seed}-{count}").write_bytes(data)
            print(f"{seed}-{count}: {name}, {pipeline}: {wrong}", flush=True)
    end_pool(pool)
    print(f"{count} files, {found} findings")
    return 1 if found else 0


def new_pool() -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=set_up)
    pool.submit(finding, b"").result()  # so that its start is nobody's time
    return pool


def end_pool(pool: ProcessPoolExecutor) -> None:
    for process in pool._processes.values():
        process.kill()
    pool.shutdown(wait=False, cancel_futures=True)


def outcome(future: Future[str]) -> str:
    """Return a file's finding; one that ended the process or hangs begins with an exclamation mark."""
    try:
        return future.result(HANGS_S)
    except TimeoutError:
        return "! hangs"
    except BrokenProcessPool:
        return "! ended the process"


if __name__ == "__main__":
    sys.exit(main())
