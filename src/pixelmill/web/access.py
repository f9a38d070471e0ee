"""Who is let in: those with one of the orchestrator's tokens, where it has some."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from pixelmill.errors import Unauthenticated
from pixelmill.fleet.tokens import Refusals, Tokens


def guard(tokens: Tokens | None) -> Callable[[Request], Awaitable[None]]:
    """Return a dependency that refuses requests without a valid token; none where None. It comes before the body is read."""
    refusals = Refusals()

    async def check(request: Request) -> None:
        if tokens is None:
            return
        given = request.headers.get("authorization", "")
        if not tokens.admit(given):
            refusals.note()
            got = "one that is not valid" if given else "none"
            raise Unauthenticated(f"expected a token (Authorization: Bearer …), got {got}")

    return check
