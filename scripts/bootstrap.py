"""Makes .venv and installs Pixelmill into it, with nothing but Python's standard library.

    python3 scripts/bootstrap.py [EXTRA]        # EXTRA: demo (default) or dev

Debian and Ubuntu split ensurepip and pip off their Python, so `python3 -m venv` fails on a fresh machine. Here the
virtual environment is made without pip, and pip comes from the wheel next to this file, which runs as it is. pip then
reads its own configuration: the index, certificates and proxy that a user has set up count, and nothing else does.
"""

import sys

try:
    import shutil
    import ssl  # noqa: F401 - pip needs it, and a Python built without it would fail later and less clearly
    import subprocess
    import venv  # noqa: F401 - run as a program below
    import zlib  # noqa: F401
    from pathlib import Path
except ImportError as missing:
    sys.exit(
        f"expected a whole standard library, got {sys.executable} without {missing.name} (on Debian: python3-minimal alone)"
    )

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python must be able to say that it is too old
    newer = [name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)]
    hint = "make demo PYTHON=" + (newer[0] if newer else "/path/to/python3")
    sys.exit(f"expected Python 3.11 or newer, got {sys.version.split()[0]} ({sys.executable}); name another: `{hint}`")

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def works(*command: object) -> bool:
    """Tells whether a command can be started and succeeds."""
    try:
        return subprocess.run([str(part) for part in command], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def run(failure: str, *command: object) -> None:
    """Runs a command with its output shown; where it fails, ends the program with `failure`."""
    if subprocess.run([str(part) for part in command], check=False, cwd=ROOT).returncode != 0:
        sys.exit(failure)


def make_venv() -> None:
    """Makes .venv, or leaves the one there is where it works and is new enough."""
    if works(PYTHON, "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"):
        return
    print(f"making {VENV} with Python {sys.version_info[0]}.{sys.version_info[1]} ({sys.executable})", flush=True)
    run(f"could not make {VENV}", sys.executable, "-m", "venv", "--without-pip", "--clear", VENV)
    wheel = next(Path(__file__).parent.glob("pip-*.whl"))
    run(
        "could not install pip from its wheel",
        PYTHON,
        wheel / "pip",
        "--isolated",
        "install",
        "--quiet",
        "--no-index",
        wheel,
    )


def install(extra: str) -> None:
    """Installs the project in place, with the exact versions of constraints.txt."""
    print("installing Pixelmill and what it needs (some 100 MB the first time)", flush=True)
    run(
        "could not install: is the package index reachable? PIP_INDEX_URL, PIP_CERT, HTTPS_PROXY and pip.conf apply",
        *(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location"),
        *("--constraint", ROOT / "constraints.txt", "--editable", f"{ROOT}[{extra}]"),
    )


if __name__ == "__main__":
    make_venv()
    install(sys.argv[1] if len(sys.argv) > 1 else "demo")
