"""`auto`: the formats that a client takes, by its Accept header."""

from __future__ import annotations

from pixelmill.codecs.output import AUTO
from pixelmill.errors import UnsupportedFormat
from pixelmill.pipeline import Pipeline
from pixelmill.web.accept import CHOSEN_FROM, chosen_from


def is_negotiated(pipeline: Pipeline) -> bool:
    """Tell whether what a client takes makes a difference."""
    return pipeline.output.format == AUTO


def negotiated(pipeline: Pipeline, accept: str) -> Pipeline:
    """Return the pipeline for a client with this Accept header: of the formats that it offers, those that the client takes.

    Raises:
        UnsupportedFormat: none is left.
    """
    if not is_negotiated(pipeline):
        return pipeline
    offered = pipeline.output.accept or CHOSEN_FROM
    taken = chosen_from(accept, offered)
    if not taken:
        raise UnsupportedFormat(f"expected one of {', '.join(offered)} in Accept, got {accept!r:.200}")
    output = pipeline.output.model_copy(update={"accept": taken})
    return Pipeline(operations=pipeline.operations, output=output)
