"""What a peer offers: for each job a function that gets a file's bytes ready and returns what is then measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Measured: TypeAlias = Callable[[], list[bytes]]
"""Runs the job once and returns the files it made."""
Job: TypeAlias = Callable[[bytes], Measured]


def one_file(work: Callable[[bytes], bytes]) -> Job:
    """Return the job of a function from one file to another."""
    return lambda data: lambda: [work(data)]


def several_files(work: Callable[[bytes], list[bytes]]) -> Job:
    """Return the job of a function from one file to several."""
    return lambda data: lambda: work(data)
