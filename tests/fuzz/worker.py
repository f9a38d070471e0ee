"""Runs damaged files in a process of its own, so that a crash of a decoder is a finding and not the end of the run."""

from __future__ import annotations

import faulthandler
import warnings

from pixelmill import Internal, PixelmillError, run
from tests.fuzz.edits import LIMITS

PIPELINES = (
    "resize:20x20 | png",
    "png",
    "resize:20x20 | webp:frames=first",
    "grayscale | jpeg:frames=first,keep=icc+exif+xmp",
)


def set_up() -> None:
    """What pytest does for its own process: warnings are errors, and a crash shows where it was."""
    faulthandler.enable()
    warnings.simplefilter("error")


def finding(data: bytes, pipeline: str = PIPELINES[0]) -> str:
    """Return what is wrong with how `data` is handled; "" where it is a picture or one of our errors."""
    try:
        run(data, pipeline, limits=LIMITS)
    except Internal as error:
        return f"Internal from {error.__cause__!r}"
    except PixelmillError:
        return ""
    except BaseException as error:
        return repr(error)
    return ""
