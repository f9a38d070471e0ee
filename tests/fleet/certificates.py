"""Certificates for tests, and fleets that speak TLS with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pixelmill.fleet.authority import LOCAL, Authority, make_certificates, pair_in
from pixelmill.fleet.credentials import ClientTls
from tests.fleet.processes import Fleet, fleet

COUNTS = {"resize": 1, "filter": 2, "watermark": 1}


def make(folder: Path) -> Path:
    """Make a CA and certificates for an orchestrator, workers and a client in a folder."""
    make_certificates(folder)
    return folder


def make_expired(folder: Path, name: str) -> None:
    """Replace a certificate by one that was valid until yesterday."""
    Authority(folder).issue(name, LOCAL, 1, since=datetime.now(UTC) - timedelta(days=2))


def serving(folder: Path, name: str, *, ask_clients: bool = True) -> dict[str, str]:
    """Return the environment of a server that serves with the certificate `name`."""
    cert, key = pair_in(folder, name)
    variables = {"PIXELMILL_TLS_CERT": str(cert), "PIXELMILL_TLS_KEY": str(key), "PIXELMILL_TLS_CA": str(folder / "ca.pem")}
    return variables | ({"PIXELMILL_TLS_CLIENT_CA": str(folder / "ca.pem")} if ask_clients else {})


def client_of(folder: Path, name: str = "client") -> ClientTls:
    """Return the TLS of a client that shows the certificate `name`."""
    cert, key = pair_in(folder, name)
    return ClientTls(str(folder / "ca.pem"), str(cert), str(key))


@contextmanager
def secure_fleet(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Fleet]:
    """Run a small fleet that speaks TLS everywhere, and whose servers all want a client's certificate."""
    with fleet(
        COUNTS,
        worker_environment=serving(folder, "worker"),
        orchestrator_environment={**serving(folder, "orchestrator"), **(environment or {})},
    ) as made:
        yield made
