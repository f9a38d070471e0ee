"""Why a server cannot be reached, where gRPC only says "Socket closed": asked of it by Python's own TLS."""

from __future__ import annotations

import socket
import ssl

from pixelmill.errors import InvalidPipeline
from pixelmill.fleet.addresses import Host
from pixelmill.fleet.credentials import ClientTls

TIMEOUT_S = 2.0


def diagnose(server: Host, tls: ClientTls | None, timeout_s: float = TIMEOUT_S) -> str:
    """Return what is wrong between this client and the server, and what to do; "" where that is not TLS."""
    try:
        with socket.create_connection((server.name, server.port), timeout_s) as connection:
            return _of_tls(connection, server, tls) if tls else _of_plain(connection)
    except (OSError, InvalidPipeline):
        return ""


def _of_plain(connection: socket.socket) -> str:
    """Tell a server that speaks TLS; its certificate does not matter for that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with context.wrap_socket(connection):
        return "it speaks TLS: use grpcs:// (a private CA's certificate is given by --tls-ca or PIXELMILL_TLS_CA)"


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
