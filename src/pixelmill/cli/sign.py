"""`pixelmill sign`: addresses of pictures on demand."""

from __future__ import annotations

import re
import time
from typing import Annotated

import typer

from pixelmill.cli.commands import add
from pixelmill.errors import InvalidPipeline, expected

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    add(
        app,
        sign,
        "Fleet",
        "sign 'resize:300x | webp' cat.jpg --base https://example.com",
        "sign 'resize:640x | auto' https://example.com/a.jpg --expires 7d",
        "sign preset:thumb photos/cat.jpg --key-file url-keys",
        note="A new key: openssl rand -hex 32",
    )


def sign(
    pipeline: Annotated[
        str,
        typer.Argument(metavar="PIPELINE", help="In the compact form; it may begin with preset:NAME.", show_default=False),
    ],
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Path or URL, as the orchestrator allows it.", show_default=False)
    ],
    base: Annotated[
        str, typer.Option(metavar="URL", help="Scheme and host to put in front; unset: the path alone.", show_default=False)
    ] = "",
    key_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="File whose first key signs. Variables: PIXELMILL_URL_KEYS, PIXELMILL_URL_KEYS_FILE.",
            show_default=False,
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long it works: 3600, 90m, 12h, 7d; unset: for ever.", show_default=False),
    ] = None,
) -> None:
    """Print the address of a picture that the orchestrator makes when somebody opens it."""
    from pixelmill.settings import OnDemandSettings, load
    from pixelmill.signing import sign_url
    from pixelmill.web.ondemand.keys import Keys, known_keys

    keys = Keys("", key_file) if key_file else known_keys(load(OnDemandSettings))
    if keys is None or not keys.first:
        raise InvalidPipeline("expected a key to sign with in --key-file, PIXELMILL_URL_KEYS or its file, got none")
    until = time.time() + _seconds(expires) if expires is not None else None
    typer.echo(sign_url(pipeline, source, key=keys.first, base=base, expires=until))


def _seconds(text: str) -> int:
    match = re.fullmatch(r"(\d{1,9})([smhd]?)", text.strip())
    if not match:
        raise InvalidPipeline(expected("a number of seconds, or one followed by m, h or d,", "--expires", text))
    return int(match[1]) * UNITS[match[2]]
