"""What a server says of who can use it, when it starts."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from pixelmill.settings import OrchestratorSettings

if TYPE_CHECKING:
    from pixelmill.settings import ServerSettings


def protection(settings: ServerSettings) -> str:
    """Return in a few words how a server is protected."""
    parts = ["encrypted" if settings.tls_cert else "not encrypted"]
    if settings.tls_client_ca:
        parts.append("for clients with a certificate")
    if _has_tokens(settings):
        parts.append("for clients with a token")
    return ", ".join(parts)


def exposure(settings: ServerSettings, port: int) -> str:
    """Return a warning where others than this machine can use a server, or listen, without more ado; else ""."""
    address = f"{settings.host}:{port}"
    if is_loopback(settings.host):
        return ""
    if _has_tokens(settings) and not settings.tls_cert:
        return (
            f"tokens travel unencrypted to {address}: whoever listens on the network can use them. "
            "Set PIXELMILL_TLS_CERT and PIXELMILL_TLS_KEY (docs/security.md)"
        )
    if _has_tokens(settings) or settings.tls_client_ca:
        return ""
    tokens = "PIXELMILL_TOKENS_FILE, or " if isinstance(settings, OrchestratorSettings) else ""
    return (
        f"{address} is open to everyone who can reach it, {protection(settings)}. "
        f"Set {tokens}PIXELMILL_TLS_CLIENT_CA with PIXELMILL_TLS_CERT and PIXELMILL_TLS_KEY, "
        "or PIXELMILL_HOST=127.0.0.1 (docs/security.md)"
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address to listen on."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_protected(settings: ServerSettings) -> bool:
    """Tell whether a server encrypts, or asks for tokens: who comes without the right name or token gets nowhere."""
    return bool(settings.tls_cert) or _has_tokens(settings)


def _has_tokens(settings: ServerSettings) -> bool:
    return isinstance(settings, OrchestratorSettings) and bool(settings.tokens.get_secret_value() or settings.tokens_file)
