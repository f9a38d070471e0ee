"""What a request's head has to be, whatever it asks for.

Source: RFC 9112, HTTP/1.1: 2.3, 3.2 and 6.1; RFC 9110, 7.2, Host.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from starlette.types import Scope

_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::\d{0,5})?")


class Fault(NamedTuple):
    """Why a request is not looked at any further."""

    status: int
    reason: str
    text: str


def fault_of(scope: Scope) -> Fault | None:
    """Return what is wrong with a request's head; None where nothing is."""
    version = scope["http_version"]
    if version not in ("1.0", "1.1"):
        return Fault(505, "HTTP_VERSION_NOT_SUPPORTED", f"expected HTTP/1.1 or HTTP/1.0, got HTTP/{version}")
    hosts, codings = [], []
    for name, value in scope["headers"]:
        if name == b"host":
            hosts.append(value)
        elif name == b"transfer-encoding":
            codings.append(value.strip().lower())
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        return Fault(400, "BAD_REQUEST", f"expected one header Host, got {len(hosts)}")
    if hosts and not _HOST.fullmatch(hosts[0]):
        return Fault(400, "BAD_REQUEST", f"expected a host, and a port or none, in the header Host, got {hosts[0]!r:.80}")
    if codings and version == "1.0":
        return Fault(400, "BAD_REQUEST", "expected no Transfer-Encoding in HTTP/1.0, got one")
    if codings not in ([], [b"chunked"]):
        got = b", ".join(codings)
        return Fault(501, "NOT_IMPLEMENTED", f"expected no other Transfer-Encoding than chunked, got {got!r:.80}")
    return None


def host_of(scope: Scope) -> str:
    """Return the name or address in the header Host, in lower case, without the port; empty where there is none."""
    for name, value in scope["headers"]:
        if name == b"host" and (match := _HOST.fullmatch(value)):
            return match[1].decode().lower().strip("[]").removesuffix(".")
    return ""
