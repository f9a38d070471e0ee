"""`pixelmill` and `python -m pixelmill`: the command line, which takes a moment to import."""

import sys

_INTERRUPTED = 130
"""The exit code after Ctrl-C, as in `cli.interrupts`, which may not be there yet."""


def main() -> int:
    """Run the command line and return its exit code; Ctrl-C while it is imported is no error to tell of."""
    try:
        from pixelmill.cli import main as run

        return run()
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
