"""TLS on the HTTP port: with the files of gRPC's, which are looked at for each new connection."""

from __future__ import annotations

import ssl

from pixelmill.fleet.credentials import ServerTls
from pixelmill.fleet.kept import Kept


def changing_context(tls: ServerTls) -> ssl.SSLContext:
    """Return a context for a listener whose connections are each made with the files as they are then.

    Where the files do not fit each other, connections are made with what they held before.
    """
    kept = Kept(tls.paths, lambda *_: _context(tls))

    def choose(connection: ssl.SSLObject, name: str | None, listening: ssl.SSLContext) -> None:
        connection.context = kept.current()

    context = _context(tls)
    context.sni_callback = choose  # asked for every connection, also where the client names no host
    return context


def _context(tls: ServerTls) -> ssl.SSLContext:
    context = tls.context()
    context.set_alpn_protocols(["http/1.1"])
    if tls.client_ca:
        # A session that is resumed is not asked for its certificate again: there are none.
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
