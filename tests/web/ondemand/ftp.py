"""A store that is a server of its own: FTP, which fsspec reads without any other package."""

from __future__ import annotations

import logging
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def ftp_server(folder: Path) -> Iterator[str]:
    """Serve a folder to everyone who reads, and give its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the modules that it is made of, in older Pythons
        from pyftpdlib.authorizers import DummyAuthorizer
        from pyftpdlib.handlers import FTPHandler
        from pyftpdlib.servers import ThreadedFTPServer
    logging.getLogger("pyftpdlib").setLevel(logging.WARNING)
    authorizer = DummyAuthorizer()
    authorizer.add_anonymous(str(folder))
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer})
    server = ThreadedFTPServer(("127.0.0.1", 0), handler)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            server.serve_forever(timeout=0.05, blocking=False)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"ftp://127.0.0.1:{server.address[1]}/"
    finally:
        over.set()
        thread.join()
        server.close_all()


@contextmanager
def silent_server() -> Iterator[str]:
    """Take connections and never say anything; give the URL that an FTP client is lost at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"ftp://127.0.0.1:{server.getsockname()[1]}/"
