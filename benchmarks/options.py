"""What the command lines of benchmarks have in common."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter


def parser(description: str | None, *, seconds: float, rounds: int | None = None) -> ArgumentParser:
    """Return a benchmark's command line, to which it may add options of its own.

    Args:
        description: what help begins with: the benchmark's docstring.
        seconds: the length of a round where --seconds is not given.
        rounds: how many there are where --rounds is not given; None where there is one of each load, and no such option.
    """
    made = ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)
    made.add_argument("--seconds", type=float, default=seconds, help="length of one round, seconds (%(default)g)")
    if rounds is not None:
        made.add_argument("--rounds", type=int, default=rounds, help="rounds of each candidate, in turn (%(default)d)")
    made.add_argument("--json", action="store_true", help="print JSON")
    return made
