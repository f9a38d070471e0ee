"""A server's life as a process: it starts, says where it listens, and comes to an orderly end."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from pixelmill.errors import PixelmillError
from pixelmill.fleet.credentials import server_tls
from pixelmill.fleet.exposure import exposure, protection
from pixelmill.fleet.server import Server
from pixelmill.settings import ServerSettings
from pixelmill.telemetry import logs, tracing

log = logging.getLogger("pixelmill.fleet")


async def serve_until_stopped(
    server: Server,
    settings: ServerSettings,
    port: int,
    *,
    opening: Callable[[], Awaitable[Mapping[str, int]]] | None = None,
    closing: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Run a server until SIGTERM, SIGINT or the parent's end, then drain it. A second signal ends it at once.

    Args:
        server: what serves.
        settings: its settings.
        port: to listen on; 0 is any.
        opening: starts what else listens once the server does, and returns the ports by what is spoken there.
        closing: stops that, after the running calls have ended.

    Raises:
        InvalidPipeline: a certificate or a key cannot be used.
        Unavailable: its address is taken.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            os._exit(1)
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if settings.parent_fd is not None:
        watch_parent(settings.parent_fd, lambda: loop.call_soon_threadsafe(stopped.set))
    try:
        await server.start(settings.host, port, server_tls(settings))
        others = await opening() if opening else {}
        log.info("listening on %s:%d, %s", settings.host, server.port, protection(settings))
        if warning := exposure(settings, server.port):
            log.warning(warning)
        # What is here now stays: looking through it again and again for garbage takes a tenth of an orchestrator's time.
        gc.collect()
        gc.freeze()
        if settings.ready_fd is not None:
            with os.fdopen(settings.ready_fd, "w") as ready:
                ready.write(json.dumps({"port": server.port, "pid": os.getpid(), **others}) + "\n")
        await stopped.wait()
        log.info("stopping: leaving the pool, finishing %d calls", server.calls.count)
        await server.drain(settings.drain_s, settings.grace_s)
    finally:
        # Also where it could not start: gRPC's threads would fail noisily in an interpreter that has ended.
        await server.stop()
        if closing:
            await closing()
    log.info("stopped")


def watch_parent(descriptor: int, gone: Callable[[], object]) -> None:
    """Call `gone` from a thread once the other end of the pipe `descriptor` is closed."""

    def wait() -> None:
        while os.read(descriptor, 1):
            pass
        gone()

    threading.Thread(target=wait, name="parent", daemon=True).start()


def run_server(main: Callable[[], Coroutine[Any, Any, None]], pool: str, name: str, settings: ServerSettings) -> None:
    """Run a server's coroutine in a new event loop, with its log on standard error, and traced where that is asked for.

    `pool` and `name` are what all of its kind, and it alone, are called there.
    """
    logs.set_up(name, settings.log_level, settings.log_format)
    tracing.start(f"pixelmill-{pool}", name)
    try:
        asyncio.run(main())
    finally:
        tracing.stop()


def run_or_refuse(run: Callable[[], None]) -> None:
    """Run a server's main function; where it cannot start, say why in one line and exit with 1."""
    try:
        run()
    except PixelmillError as error:
        sys.exit(f"pixelmill: {error}")
