"""The orchestrator's process: one service, which clients reach by gRPC and by HTTP."""

from __future__ import annotations

import sys
from io import TextIOWrapper

from pixelmill import plugins
from pixelmill.fleet.requestlog import json_printer
from pixelmill.fleet.running import run_or_refuse, run_server, serve_until_stopped
from pixelmill.fleet.service import FleetService
from pixelmill.fleet.servicer import build, serve_rpcs
from pixelmill.fleet.stagelog import print_request
from pixelmill.fleet.tokens import admitted
from pixelmill.libraries import tune_malloc
from pixelmill.settings import OrchestratorSettings, load


def serve(settings: OrchestratorSettings) -> None:
    """Run the orchestrator until it is told to stop.

    Raises:
        InvalidPipeline: a list of hosts cannot be read, a plugin that the settings name cannot be imported, or a
            certificate, key or token cannot be used.
        Unavailable: one of its addresses is taken.
    """
    tune_malloc()
    plugins.load_modules(settings.plugin_modules)
    plugins.load()
    if isinstance(sys.stdout, TextIOWrapper):
        # An output that knows no emoji shows their codes.
        sys.stdout.reconfigure(errors="backslashreplace")
    run_server(lambda: _run(settings), "orchestrator", settings.service_name, settings)


async def _run(settings: OrchestratorSettings) -> None:
    tokens = admitted(settings)
    server = build(settings, tokens)
    service = FleetService(settings, server)
    serve_rpcs(service, server)
    if not settings.quiet:
        as_json = settings.log_format == "json"
        service.watchers.append(json_printer(settings.service_name) if as_json else print_request)
    http = None
    if settings.http_port:
        # Those who do without need not wait until all of it is imported.
        from pixelmill.web.server import HttpServer

        http = HttpServer(service, tokens)
    await service.open()

    async def opening() -> dict[str, int]:
        return {"http": await http.start()} if http else {}

    async def closing() -> None:
        if http:
            await http.stop()
        await service.close()

    await serve_until_stopped(server, settings, settings.port, opening=opening, closing=closing)


def main() -> None:
    """Run the orchestrator with the environment's settings."""
    run_or_refuse(lambda: serve(load(OrchestratorSettings)))
