"""TLS on both ends of a connection: certificates and keys in files, which are read again when they change."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import grpc

from pixelmill.errors import InvalidPipeline
from pixelmill.fleet.kept import Kept

if TYPE_CHECKING:
    from pixelmill.settings import ClientSettings, OrchestratorSettings, ServerSettings

Options = Iterable[tuple[str, Any]]


class ClientTls:
    """What a client needs for TLS. All are paths of PEM files, but for `name`.

    Args:
        ca: the certificates of those who sign servers' certificates; those that gRPC brings along where empty.
        cert, key: what to show to servers that ask for a client's certificate.
        name: the name that servers' certificates are checked for; the host in their address where empty.

    Raises:
        InvalidPipeline: a file cannot be read or used; the message names it.
    """

    def __init__(self, ca: str = "", cert: str = "", key: str = "", name: str = "") -> None:
        check_both(cert, key)
        self.ca, self.cert, self.key, self.name = ca, cert, key, name
        self._kept = Kept([path for path in (ca, cert, key) if path], self._make)

    def current(self) -> grpc.ChannelCredentials:
        """Return the credentials: the same object until the files change. Connections that are open keep theirs."""
        return self._kept.current()

    @property
    def options(self) -> list[tuple[str, Any]]:
        """Channel arguments that belong to it."""
        return [("grpc.ssl_target_name_override", self.name)] if self.name else []

    def context(self) -> ssl.SSLContext:
        """Return the same for Python's own TLS. Raises `InvalidPipeline` where a file cannot be used."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_alpn_protocols(["h2"])
        if self.ca:
            _load_ca(context, self.ca)
        else:
            context.load_default_certs()
        if self.cert:
            _load_pair(context, self.cert, self.key)
        return context

    def _make(self, *contents: bytes) -> grpc.ChannelCredentials:
        self.context()
        ca, *pair = contents if self.ca else (None, *contents)
        certificate, key = pair if pair else (None, None)
        return grpc.ssl_channel_credentials(ca, key, certificate)


class ServerTls:
    """What a server needs for TLS: paths of PEM files.

    Args:
        cert, key: its certificate, followed by those between it and its CA, and its key.
        client_ca: the certificates of those who sign clients' certificates. A client without one is refused, unless empty.

    Raises:
        InvalidPipeline: a file cannot be read or used; the message names it.
    """

    def __init__(self, cert: str, key: str, client_ca: str = "") -> None:
        self.cert, self.key, self.client_ca = cert, key, client_ca
        self.paths = [path for path in (cert, key, client_ca) if path]
        self._kept = Kept(self.paths, self._make)
        self._served = self._kept.current()

    def credentials(self) -> grpc.ServerCredentials:
        """Return credentials for a port: each new connection looks at whether the files have changed."""
        return grpc.dynamic_ssl_server_credentials(self._served, self._changed, bool(self.client_ca))

    def context(self) -> ssl.SSLContext:
        """Return the same for Python's own TLS, of the files as they are now. Raises `InvalidPipeline`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _load_pair(context, self.cert, self.key)
        if self.client_ca:
            _load_ca(context, self.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _changed(self) -> Any:
        """Return the files' contents for gRPC, or None where they are as before. Called by threads of gRPC."""
        current = self._kept.current()
        if current is self._served:
            return None
        self._served = current
        return current

    def _make(self, cert: bytes, key: bytes, client_ca: bytes | None = None) -> grpc.ServerCertificateConfiguration:
        self.context()
        return grpc.ssl_server_certificate_configuration([(key, cert)], client_ca)


def check_both(cert: str, key: str) -> None:
    """Raise `InvalidPipeline` where there is a certificate without a key, or a key without a certificate."""
    if bool(cert) != bool(key):
        missing = "tls_key (PIXELMILL_TLS_KEY)" if cert else "tls_cert (PIXELMILL_TLS_CERT)"
        raise InvalidPipeline(f"expected the path of a file for {missing}, got none, but {cert or key} to go with it")


def server_tls(settings: ServerSettings) -> ServerTls | None:
    """Return the TLS that a server's settings ask for; None where they do not. Raises `InvalidPipeline`."""
    check_both(settings.tls_cert, settings.tls_key)
    if settings.tls_cert:
        return ServerTls(settings.tls_cert, settings.tls_key, settings.tls_client_ca)
    if settings.tls_client_ca:
        text = "the paths of a certificate and a key"
        raise InvalidPipeline(
            f"expected {text} (PIXELMILL_TLS_CERT, PIXELMILL_TLS_KEY) with PIXELMILL_TLS_CLIENT_CA, got none"
        )
    return None


def worker_tls(settings: OrchestratorSettings) -> ClientTls | None:
    """Return the TLS that an orchestrator speaks with its workers: where it is told who signs their certificates."""
    if not settings.tls_ca:
        return None
    return ClientTls(settings.tls_ca, settings.tls_cert, settings.tls_key, settings.tls_worker_name)


def client_tls(settings: ClientSettings) -> ClientTls:
    """Return the TLS that a client's settings describe. Raises `InvalidPipeline`."""
    return ClientTls(settings.tls_ca, settings.tls_cert, settings.tls_key, settings.tls_name)


def open_channel(target: str, options: Options, tls: ClientTls | None) -> grpc.Channel:
    """Open a channel for blocking calls, with TLS where it is given."""
    if tls is None:
        return grpc.insecure_channel(target, options=list(options))
    return grpc.secure_channel(target, tls.current(), options=[*options, *tls.options])


def open_async_channel(target: str, options: Options, tls: ClientTls | None) -> grpc.aio.Channel:
    """Open a channel for asyncio, with TLS where it is given."""
    if tls is None:
        return grpc.aio.insecure_channel(target, options=list(options))
    return grpc.aio.secure_channel(target, tls.current(), options=[*options, *tls.options])


def _load_pair(context: ssl.SSLContext, cert: str, key: str) -> None:
    try:
        context.load_cert_chain(cert, key, password=lambda: "")  # not asked for on a terminal
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise InvalidPipeline(f"expected the key of the certificate {cert}, got another in {key}") from None
        raise InvalidPipeline(
            f"expected a certificate and its key without a password, in PEM, got {cert} and {key}"
        ) from None
    except (OSError, ValueError) as error:
        raise InvalidPipeline(f"expected to read {cert} and {key}, got: {error}") from None


def _load_ca(context: ssl.SSLContext, ca: str) -> None:
    try:
        context.load_verify_locations(ca)
    except ssl.SSLError:
        raise InvalidPipeline(f"expected the certificates of a CA, in PEM, got {ca}") from None
    except OSError as error:
        raise InvalidPipeline(f"expected to read {ca}, got: {error.strerror or error}") from None
