"""`auto`: the formats that a client takes, by its Accept header."""

from __future__ import annotations

from pixelmill.codecs.formats import FORMATS
from pixelmill.codecs.output import AUTO, DEFAULT_ACCEPT
from pixelmill.errors import UnsupportedFormat
from pixelmill.pipeline import Pipeline
from pixelmill.web.accept import ranges

EVERYWHERE = ("jpeg", "png", "gif")
"""Taken by everything that shows pictures, whether it says so or not."""


def is_negotiated(pipeline: Pipeline) -> bool:
    """Tell whether what a client takes makes a difference."""
    return pipeline.output.format == AUTO


def negotiated(pipeline: Pipeline, accept: str) -> Pipeline:
    """Return the pipeline for a client: of the formats that it may choose from, those that the client names.

    `*/*` and `image/*` name none: clients send that which know nothing of newer formats.
    Source: RFC 9110, section 12.5.1.

    Raises:
        UnsupportedFormat: none is left.
    """
    if not is_negotiated(pipeline):
        return pipeline
    named = {f"{one.type}/{one.subtype}" for one in ranges(accept) if one.quality}
    offered = pipeline.output.accept or DEFAULT_ACCEPT
    taken = tuple(name for name in offered if name in EVERYWHERE or FORMATS[name].media_type in named)
    if not taken:
        raise UnsupportedFormat(f"expected one of {', '.join(offered)} in Accept, got {accept!r:.200}")
    output = pipeline.output.model_copy(update={"accept": taken})
    return Pipeline(operations=pipeline.operations, output=output)
