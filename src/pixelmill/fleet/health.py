"""Asks a server how it is, by the gRPC health protocol: `python -m pixelmill.fleet.health [--tls] HOST:PORT`."""

from __future__ import annotations

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pixelmill.errors import PixelmillError
from pixelmill.fleet.credentials import ClientTls, client_tls, open_channel

TIMEOUT_S = 3.0


def is_serving(address: str, timeout_s: float = TIMEOUT_S, tls: ClientTls | None = None) -> bool:
    """Tell whether the server at `host:port` answers, within a time in seconds, that it is serving."""
    with open_channel(address, [("grpc.enable_http_proxy", 0)], tls) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=timeout_s)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _tls() -> ClientTls:
    # Containers are checked all the time: without TLS, settings and all that they need are not imported.
    from pixelmill.settings import ClientSettings, load

    try:
        return client_tls(load(ClientSettings))
    except PixelmillError as error:
        sys.exit(f"pixelmill: {error}")


if __name__ == "__main__":
    sys.exit(0 if is_serving(sys.argv[-1], tls=_tls() if "--tls" in sys.argv else None) else 1)
