"""`pixelmill certs`, and the options of other commands about TLS and tokens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pixelmill.cli.commands import Group, add

if TYPE_CHECKING:
    from pixelmill.settings import ClientSettings

PANEL = "Fleet"
TLS_PANEL = "TLS and tokens"


def _file(flag: str, what: str) -> object:
    """Return an option that takes a file and has a variable of the same name."""
    variable = "PIXELMILL_" + flag.removeprefix("--").replace("-", "_").upper()
    return typer.Option(
        flag, metavar="FILE", help=f"{what} Variable: {variable}.", show_default=False, rich_help_panel=TLS_PANEL
    )


TlsCert = Annotated[str | None, _file("--tls-cert", "Certificate to serve with, in PEM; unset: unencrypted.")]
TlsKey = Annotated[str | None, _file("--tls-key", "The key of --tls-cert.")]
TlsClientCa = Annotated[str | None, _file("--tls-client-ca", "CA of the certificates that clients must show; unset: none.")]
TlsCa = Annotated[str | None, _file("--tls-ca", "CA of the workers' certificates; unset: no TLS with the workers.")]
TokensFile = Annotated[str | None, _file("--tokens-file", "Tokens that let clients in, one a line; unset: all come in.")]


@dataclass(frozen=True)
class Tls(Group, panel=TLS_PANEL):
    """The options of a client that may speak TLS."""

    tls_ca: Annotated[str | None, _file("--tls-ca", "CA of the server's certificate.")] = None
    tls_cert: Annotated[str | None, _file("--tls-cert", "Certificate to show to a server that asks for one.")] = None
    tls_key: Annotated[str | None, _file("--tls-key", "The key of --tls-cert.")] = None
    tls_name: Annotated[
        str | None,
        typer.Option(
            "--tls-name",
            metavar="NAME",
            help="Name that the server's certificate is checked for; unset: the host. Variable: PIXELMILL_TLS_NAME.",
            show_default=False,
        ),
    ] = None

    def settings(self) -> ClientSettings:
        """Return a client's settings: these options, the environment for the others."""
        from pixelmill.settings import ClientSettings, load

        return load(ClientSettings, **asdict(self))


@dataclass(frozen=True)
class Access(Tls, panel=TLS_PANEL):
    """The options of a client of an orchestrator, which may ask for a token."""

    token_file: Annotated[
        str | None, _file("--token-file", "The token to send; or the token itself in PIXELMILL_TOKEN.")
    ] = None


def url_of(target: str, settings: ClientSettings) -> str:
    """Return the URL of an orchestrator that may be given as `HOST:PORT`: with TLS where a CA is given."""
    return target if "://" in target else f"{'grpcs' if settings.tls_ca else 'grpc'}://{target}"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    add(
        app,
        certs,
        PANEL,
        "certs certs/ --host pictures.example.com --host 192.168.1.104",
        "certs certs/ --worker resize-1 --worker filter-1 --client alice",
        "up --certs certs/",
        note="Run it again to renew them: running servers read them anew.",
    )


def certs(
    folder: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="Where to write.", show_default=False)],
    host: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Name or address by which clients reach the orchestrator. Repeat it."),
    ] = None,
    worker: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A worker with a certificate of its own; unset: one for all. Repeat it."),
    ] = None,
    client: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A client with a certificate of its own. Repeat it.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long the certificates are valid.")] = 365,
) -> None:
    """Make a private CA and certificates of it for a whole fleet.

    Files that are there are replaced, but for the CA, which signs the new ones, too.
    Keep ca.key where nobody else can read it: the fleet does not need it.
    """
    from pixelmill.fleet.authority import make_certificates

    authority, made = make_certificates(folder, host or (), worker or ("worker",), client or ("client",), days)
    typer.echo(f"{authority.paths.cert}: {'a new CA' if authority.is_new else 'the CA that was there'}")
    for pair in made:
        typer.echo(f"{pair.cert} and {pair.key.name}: valid for {days} days")
