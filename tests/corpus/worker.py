"""Runs one picture of the corpus in a process of its own kind, so that a crash of a decoder is seen as such."""

from __future__ import annotations

from pathlib import Path

from pixelmill import PixelmillError, run
from pixelmill.codecs import probe

PIPELINE = "resize:64x64 | auto:accept=png+gif"
"""GIF for animations: the encoder of WebP makes one frame of those that follow each other and are equal."""


def outcome(path: str) -> str:
    """Run one file.

    Returns:
        "picture"; "animation" and its number of frames; one of our errors as "Name: message"; or a foreign exception as
        "FOREIGN Name: message".
    """
    try:
        result = run(Path(path).read_bytes(), PIPELINE)
        header = probe(result.data)
        if header.size != (result.info.width, result.info.height) or max(header.size) > 64:
            return f"FOREIGN size: {header.size} instead of {result.info}"
    except PixelmillError as error:
        name, cause = type(error).__name__, error.__cause__
        return f"FOREIGN {name}: {cause!r}" if name == "Internal" else f"{name}: {error}"
    except BaseException as error:
        return f"FOREIGN {type(error).__name__}: {error}"
    return "picture" if result.info.frames == 1 else f"animation {result.info.frames}"
