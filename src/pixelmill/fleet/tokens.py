"""Bearer tokens: those that an orchestrator lets in, and the one that a client sends."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

import grpc

from pixelmill.errors import InvalidPipeline, Unauthenticated
from pixelmill.fleet.faults import abort, status_of
from pixelmill.fleet.kept import Kept

if TYPE_CHECKING:
    from pixelmill.settings import ClientSettings, OrchestratorSettings

KEY = "authorization"
SCHEME = "Bearer "
MIN_LENGTH = 16
OPEN_TO_ALL = "/grpc.health.v1.Health/"
"""Load balancers and probes have no token; what they learn is whether this serves."""
SAID_EVERY_S = 60.0
_FORM = re.compile(rf"[A-Za-z0-9._~+/=-]{{{MIN_LENGTH},1024}}")
Digests = tuple[bytes, ...]
log = logging.getLogger("pixelmill.fleet")


def check_token(token: str, where: str) -> str:
    """Return a token as it is. Raises `InvalidPipeline` where it is none; the message does not show it."""
    if not _FORM.fullmatch(token):
        wanted = f"a token of at least {MIN_LENGTH} characters, letters, digits and -._~+/= only,"
        raise InvalidPipeline(f"expected {wanted} in {where}, got {len(token)} characters")
    return token


def digests(tokens: Iterable[str], where: str) -> Digests:
    """Return the digests of all tokens: of equal length, and nothing that a dump or a trace could give away."""
    return tuple(_digest(check_token(token, where)) for token in tokens)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class Tokens:
    """The tokens that let a client in. Several can be valid at a time, so that they can be changed one after another.

    Args:
        given: tokens separated by commas.
        path: of a file with one token a line, read again when it changes; empty lines and those that begin with # do not
            count. An empty file lets nobody in.
    """

    def __init__(self, given: str, path: str = "") -> None:
        self._given = digests((token.strip() for token in given.split(",") if token.strip()), "PIXELMILL_TOKENS")
        self._kept = Kept([path], lambda content: _tokens_of(content, path)) if path else None
        self.refused = 0
        """How many were not let in."""

    def admit(self, given: str) -> bool:
        """Tell whether the value of a call's `authorization` lets it in. Takes the same time for every wrong one."""
        scheme, token = given[: len(SCHEME)], given[len(SCHEME) :]
        digest = _digest(token.strip())
        known = self._given + (self._kept.current() if self._kept else ())
        found = [hmac.compare_digest(digest, each) for each in known]
        admitted = any(found) and scheme.lower() == SCHEME.lower()
        self.refused += not admitted
        return admitted


def _tokens_of(content: bytes, path: str) -> Digests:
    lines = (line.strip() for line in content.decode("utf-8", "replace").splitlines())
    return digests((line for line in lines if line and not line.startswith("#")), path)


class Refusals:
    """Says in the log how many came without a valid token, once a minute at most."""

    def __init__(self) -> None:
        self._refused = 0
        self._said = -SAID_EVERY_S

    def note(self) -> None:
        """Take note of one."""
        self._refused += 1
        now = time.monotonic()
        if now >= self._said + SAID_EVERY_S:
            log.warning("refused %d call(s) that came without a valid token", self._refused)
            self._refused, self._said = 0, now


class Authentication(grpc.aio.ServerInterceptor):
    """Refuses calls without a valid token before any of their data is read."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._refusals = Refusals()

    async def intercept_service(self, continuation: Callable[..., Awaitable[Any]], details: Any) -> Any:
        """Return the call's handler, or one that refuses it."""
        if details.method.startswith(OPEN_TO_ALL):
            return await continuation(details)
        given = next((str(value) for key, value in details.invocation_metadata if key == KEY), "")
        if self._tokens.admit(given):
            return await continuation(details)
        got = "one that is not valid" if given else "none"
        wanted = f"expected a token (authorization: Bearer …, or PIXELMILL_TOKEN), got {got}"
        self._refusals.note()

        async def refuse(requests: Any, context: Any) -> AsyncIterator[Any]:
            await abort(context, status_of(Unauthenticated(wanted)))
            yield  # what makes it a stream, which answers without waiting for the request

        return grpc.stream_stream_rpc_method_handler(refuse)


def admitted(settings: OrchestratorSettings) -> Tokens | None:
    """Return the tokens that the settings name; None where they name none: then everyone is let in.

    Raises:
        InvalidPipeline: a token is too short, or the file with them cannot be read.
    """
    given = settings.tokens.get_secret_value()
    return Tokens(given, settings.tokens_file) if given or settings.tokens_file else None


Token = Callable[[], str]
"""Gives the token to send now."""


def client_token(settings: ClientSettings) -> Token | None:
    """Return the token that a client's settings name; None where they name none. Raises `InvalidPipeline`."""
    if settings.token_file:
        path = settings.token_file
        return Kept([path], lambda content: check_token(content.decode("utf-8", "replace").strip(), path)).current
    token = settings.token.get_secret_value()
    return fixed_token(token) if token else None


def fixed_token(token: str) -> Token:
    """Return a token that never changes. Raises `InvalidPipeline` where it is none."""
    check_token(token, "the token")
    return lambda: token


def call_metadata(token: Token | None) -> tuple[tuple[str, str], ...]:
    """Return the metadata that a call needs."""
    return ((KEY, SCHEME + token()),) if token else ()
