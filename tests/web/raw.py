"""HTTP as bytes, for what no HTTP client would send."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fleet.processes import PATIENCE_S, Process


@contextmanager
def connected(server: Process) -> Iterator[socket.socket]:
    """Give a connection to a server's HTTP port."""
    with socket.create_connection((server.host, server.http_port), PATIENCE_S) as made:
        yield made


def read_until(connection: socket.socket, mark: bytes) -> bytes:
    """Read until something has come, or the other end has closed."""
    got = b""
    while mark not in got:
        data = connection.recv(65536)
        if not data:
            break
        got += data
    return got


def read_all(connection: socket.socket) -> bytes:
    """Read until the other end has closed, also where it does so at once."""
    got = b""
    try:
        while data := connection.recv(65536):
            got += data
    except ConnectionResetError:
        pass
    return got


def post(path: str, *headers: str) -> bytes:
    """Return the head of a POST."""
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()
