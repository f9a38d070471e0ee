"""What a cell does: one hop after another, within bounds that the kernel holds."""

from __future__ import annotations

import ctypes
import faulthandler
import math
import os
import resource
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from pixelmill import plugins
from pixelmill.codecs import probe
from pixelmill.current import work_on
from pixelmill.engine import run_hop, warm_up
from pixelmill.errors import Internal, PixelmillError
from pixelmill.isolation.area import Area, Piece
from pixelmill.isolation.exchange import HeaderJob, Job, error_pieces, header_pieces, job_of, result_pieces
from pixelmill.limits import Deadline
from pixelmill.picture import Picture

PR_SET_PDEATHSIG = 1
OOM_FIRST = "1000"
READY, DONE = b"R", b"D"
PAGE = os.sysconf("SC_PAGE_SIZE")


def confine(memory: int, parent: int) -> None:
    """Have the kernel bound this process: its memory, its files, and its life, which ends with its parent's.

    Where a container's memory runs out, the kernel ends a cell first.

    Args:
        memory: bytes.
        parent: the process id of who has forked this one.

    Source: prctl(2), getrlimit(2), proc(5), Linux man-pages.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_FIRST)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for limit in (resource.RLIMIT_DATA, resource.RLIMIT_FSIZE):
        _, hard = resource.getrlimit(limit)
        resource.setrlimit(limit, (memory if hard == resource.RLIM_INFINITY else min(memory, hard), hard))


def serve(channel: socket.socket, jobs: Area, results: Area, modules: tuple[str, ...]) -> NoReturn:
    """Run the jobs that are announced on `channel`, until the other side closes it.

    Args:
        modules: plugins to load: each cell loads them itself, as they may start threads, which no fork inherits.
    """
    # Where a library crashes, the log says in which Python function.
    faulthandler.enable()
    plugins.load_modules(modules)
    plugins.load()
    warm_up()
    memory = os.open("/proc/self/statm", os.O_RDONLY)
    channel.send(READY)
    while channel.recv(1):
        jobs.begun = True
        results.put(_pieces(jobs, memory))
        channel.send(DONE)
    os._exit(0)


def _pieces(jobs: Area, memory: int) -> list[Piece]:
    try:
        job = job_of(jobs.pieces())
        work_on(job.request_id)
        _bound_time(job)
        if isinstance(job, HeaderJob):
            header = probe(bytes(job.source), job.limits, first_frame=job.first_frame)
            return header_pieces(header, _resident(memory))
        made = run_hop(
            job.source if isinstance(job.source, Picture) else bytes(job.source),
            job.operations,
            job.ends,
            reading=job.reading,
            limits=job.limits,
            deadline=Deadline(job.until, cancelled=lambda: jobs.worthless),
        )
        return result_pieces(made, _resident(memory))
    except PixelmillError as error:
        return error_pieces(error, _resident(memory))
    except Exception as error:
        internal = Internal()
        internal.__cause__ = error
        return error_pieces(internal, _resident(memory))


def _bound_time(job: Job) -> None:
    """Allow the process as much more time on the cores as the job may take; who waits for it ends it sooner, if he lives."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    used = resource.getrusage(resource.RUSAGE_SELF)
    remaining = min(max(Deadline(job.until).remaining_s, 1), 1e6)
    allowed = math.ceil(used.ru_utime + used.ru_stime + remaining * (os.cpu_count() or 1)) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed if hard == resource.RLIM_INFINITY else min(allowed, hard), hard))


def _resident(memory: int) -> int:
    """Return the memory of this process that is not shared, bytes."""
    resident, shared = os.pread(memory, 200, 0).split()[1:3]
    return (int(resident) - int(shared)) * PAGE
