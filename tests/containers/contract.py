"""What users of the compose file rely on: services, container names and published ports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"
NETWORK = "grpc-network"
ORCHESTRATOR_PORT = 50055
HTTP_PORT = 8080


@dataclass(frozen=True)
class Service:
    """One service: its container's name and, by the port it listens on, the published ones."""

    name: str
    container: str
    ports: dict[int, int]

    @property
    def instance(self) -> str:
        """`name:port`, as in traces and in the orchestrator's log."""
        return f"{self.name}:{next(iter(self.ports))}"


def _pool(pool: str, port: int, count: int) -> list[Service]:
    return [Service(f"{pool}-{n + 1}", f"{pool}-service-{n + 1}", {port: port + 10 * n}) for n in range(count)]


POOLS = {"resize": _pool("resize", 50052, 3), "filter": _pool("filter", 50053, 5), "watermark": _pool("watermark", 50054, 3)}
WORKERS = [service for pool in POOLS.values() for service in pool]
ORCHESTRATOR = Service("orchestrator", "orchestrator-service", {ORCHESTRATOR_PORT: 50055, HTTP_PORT: HTTP_PORT})
SERVICES = {service.name: service for service in [*WORKERS, ORCHESTRATOR]}
