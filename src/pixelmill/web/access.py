"""Who is let in: those with one of the orchestrator's tokens, where it has some."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request

from pixelmill.errors import Unauthenticated
from pixelmill.fleet.tokens import Tokens


def guard(tokens: Tokens | None) -> Callable[[Request], None]:
    """Return a dependency that refuses requests without a valid token; none where None."""

    def check(request: Request) -> None:
        given = request.headers.get("authorization", "")
        if tokens is not None and not tokens.admit(given):
            got = "one that is not valid" if given else "none"
            raise Unauthenticated(f"expected a token (Authorization: Bearer …), got {got}")

    return check
