"""The command line. Each command only translates its options, calls the package and shows what came back.

Command modules import nothing heavy at their top, so that `pixelmill --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from pixelmill import __version__, plugins
from pixelmill.cli.bench import add_to as add_bench
from pixelmill.cli.commands import Commands, epilog
from pixelmill.cli.describe import add_to as add_describing
from pixelmill.cli.interrupts import INTERRUPTED
from pixelmill.cli.report import add_to as add_report
from pixelmill.cli.run import add_to as add_run
from pixelmill.cli.security import add_to as add_security
from pixelmill.cli.servers import add_to as add_servers
from pixelmill.cli.sign import add_to as add_sign
from pixelmill.cli.watch import add_to as add_watching
from pixelmill.errors import InvalidPipeline, PixelmillError

FAILED = 1
BAD_USAGE = 2

app = typer.Typer(
    name="pixelmill",
    cls=Commands,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=epilog(
        "run photos/ -o small/ --op resize:1280x720 --op sharpen -f webp",
        "explain 'resize:640x | sepia | webp' photo.jpg",
        "up",
        note="Exit codes: 0 success, 1 failure, 2 bad usage, 130 ended by Ctrl-C.",
    ),
)
for add_to in (add_run, add_describing, add_servers, add_watching, add_bench, add_report, add_security, add_sign):
    add_to(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pixelmill {__version__}")
        raise typer.Exit


def _variable() -> Iterable[str]:
    from pixelmill.settings import PluginSettings, load

    return load(PluginSettings).plugin_modules


@app.callback(invoke_without_command=True)
def pixelmill(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
    plugin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODULE|FILE.py", help="Also use the operations of this module. Repeat it. Variable: PIXELMILL_PLUGINS."
        ),
    ] = None,
) -> None:
    """Process pictures in parallel: resize, filter, watermark, convert. On this machine, or on a fleet of workers."""
    plugins.load_modules(plugin or ())
    plugins.name_modules(_variable)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 is success, 1 a failure, 2 bad usage, 130 Ctrl-C."""
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        code = app(given, prog_name="pixelmill", standalone_mode=False, obj=tuple(given))
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        hint = f". See: {context.command_path} --help" if context else ""
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        return _refuse(message + hint, error.exit_code)
    except InvalidPipeline as error:
        return _refuse(str(error), BAD_USAGE)
    except PixelmillError as error:
        return _refuse(str(error), FAILED)
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error), FAILED)
    except typer.Abort:  # Ctrl-C, where nothing else deals with it
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _refuse(message: str, code: int) -> int:
    print(f"pixelmill: {' '.join(message.split())}", file=sys.stderr)
    return code
