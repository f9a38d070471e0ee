"""In process: the whole pipeline in one hop, pictures side by side on threads (every step releases the GIL)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Self

from pixelmill.codecs import probe
from pixelmill.cores import available_cores
from pixelmill.engine import run_hop
from pixelmill.errors import Internal, InvalidPipeline, PixelmillError, expected
from pixelmill.executors.base import Item, Outcome, Source, as_bytes, as_pipeline
from pixelmill.limits import DEFAULT_LIMITS, Deadline, Limits
from pixelmill.pipeline import Pipeline
from pixelmill.plan import plan
from pixelmill.result import HopReport, Result, Trace

AHEAD = 2
"""How many pictures wait, read, for each thread."""


def run(
    source: Source, pipeline: Pipeline | str, *, limits: Limits = DEFAULT_LIMITS, deadline: Deadline | None = None
) -> Result:
    """Run a pipeline on one picture in this process.

    Args:
        source: the encoded picture.
        pipeline: a `Pipeline`, or one as JSON, YAML or compact text.
        deadline: when to give up; `limits.timeout_s` from now where there is none.

    Raises:
        PixelmillError: what is wrong with the picture or the pipeline.
        TypeError: `source` is not bytes, but a path, say; or `pipeline` is neither a pipeline nor text.
    """
    started = time.perf_counter()
    source = as_bytes(source)
    pipeline = as_pipeline(pipeline)
    deadline = deadline or Deadline.after(limits.timeout_s)
    header = probe(source, limits, first_frame=pipeline.first_frame)
    (hop,) = plan(pipeline, header, limits=limits).hops
    made = run_hop(source, hop.operations, hop.ends, reading=hop.reading, header=header, limits=limits, deadline=deadline)
    report = HopReport(
        instance="local",
        pool="worker",
        operations=made.timings.operations,
        decode_s=made.timings.decode_s,
        operations_s=made.timings.operations_s,
        encode_s=made.timings.encode_s,
        bytes_in=len(source),
        bytes_out=sum(output.info.bytes for output in made.outputs),
    )
    return Result(made.outputs, Trace(uuid.uuid4().hex, (report,), total_s=time.perf_counter() - started))


class LocalExecutor:
    """Runs pipelines in this process, on `threads` threads (all cores where None)."""

    def __init__(self, threads: int | None = None, limits: Limits = DEFAULT_LIMITS) -> None:
        self.threads = threads or available_cores()
        self.limits = limits
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="pixelmill")

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open `local:`. Raises `InvalidPipeline` where the URL says more."""
        if url not in ("local", "local:"):
            raise InvalidPipeline(expected("local:", "the executor", url))
        return cls()

    def run(self, source: Source, pipeline: Pipeline | str, *, deadline: Deadline | None = None) -> Result:
        return run(source, pipeline, limits=self.limits, deadline=deadline)

    def map(self, items: Iterable[Item], pipeline: Pipeline | str) -> Iterator[Outcome]:
        made = as_pipeline(pipeline)

        def one(item: Item) -> Result:
            return run(item.read(), made, limits=self.limits)

        return bounded_map(self._pool, items, one, self.threads * AHEAD)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def bounded_map(
    pool: ThreadPoolExecutor, items: Iterable[Item], one: Callable[[Item], Result], in_flight: int
) -> Iterator[Outcome]:
    """Run `one` on each item, at most `in_flight` at a time, and yield outcomes as they come."""
    running: dict[Future[Result], str] = {}
    try:
        for item in items:
            running[pool.submit(one, item)] = item.key
            if len(running) >= in_flight:
                yield from _finished(running)
        while running:
            yield from _finished(running)
    finally:
        for future in running:
            future.cancel()


def _finished(running: dict[Future[Result], str]) -> Iterator[Outcome]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        key = running.pop(future)
        error = future.exception()
        if error is None:
            yield Outcome(key, result=future.result())
        elif isinstance(error, PixelmillError):
            yield Outcome(key, error=error)
        elif isinstance(error, Exception):
            internal = Internal()
            internal.__cause__ = error
            yield Outcome(key, error=internal)
        else:
            raise error
