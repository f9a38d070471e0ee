"""Why a server cannot be reached, where gRPC only says "Socket closed": asked of it in other languages."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from functools import partial

from pixelmill.errors import InvalidPipeline
from pixelmill.fleet.addresses import Host
from pixelmill.fleet.credentials import ClientTls

TIMEOUT_S = 2.0
_HTTP = b"HTTP/1."


def diagnose(server: Host, tls: ClientTls | None, timeout_s: float = TIMEOUT_S) -> str:
    """Return what is wrong between this client and the server, and what to do; "" where that is not its language."""
    asked = (partial(_of_tls, server=server, tls=tls),) if tls else (_of_plain, _of_http)
    address = (server.name, server.port)
    for ask in asked:
        with suppress(OSError, InvalidPipeline), socket.create_connection(address, timeout_s) as connection:
            if found := ask(connection):
                return found
    return ""


def _of_plain(connection: socket.socket) -> str:
    """Tell a server that speaks TLS; its certificate does not matter for that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with context.wrap_socket(connection):
        return "it speaks TLS: use grpcs:// (a private CA's certificate is given by --tls-ca or PIXELMILL_TLS_CA)"


def _of_http(connection: socket.socket) -> str:
    """Tell a server that speaks HTTP/1, as that for browsers does; one that speaks gRPC answers nothing that looks so."""
    connection.sendall(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    if connection.recv(len(_HTTP), socket.MSG_WAITALL) == _HTTP:
        return "it speaks HTTP, not gRPC; an orchestrator has a port for each, 50055 and 8080 by default"
    return ""


def _of_tls(connection: socket.socket, server: Host, tls: ClientTls) -> str:
    try:
        with tls.context().wrap_socket(connection, server_hostname=tls.name or server.name) as secure:
            # A server that speaks HTTP/2 says something first; one that does not like this client hangs up.
            if secure.recv(1):
                return ""
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is refused: {error.verify_message}"
    except ssl.SSLError as error:
        if error.reason == "WRONG_VERSION_NUMBER":
            return "it does not speak TLS: use grpc://"
        if "CERTIFICATE" not in (error.reason or ""):
            return f"TLS fails: {error.reason}"
    except ConnectionResetError:
        pass
    got = f"one that it refuses, {tls.cert}" if tls.cert else "none"
    return f"it wants a client's certificate, and got {got} (--tls-cert and --tls-key, or PIXELMILL_TLS_CERT and …_KEY)"
