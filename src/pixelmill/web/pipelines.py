"""Pipelines as requests spell them, remembered, and what `auto` means for one client."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import NamedTuple

from pixelmill.codecs.formats import WritableName
from pixelmill.codecs.output import AUTO, Output
from pixelmill.fleet import wire
from pixelmill.operations import version
from pixelmill.pipeline import Pipeline
from pixelmill.web.accept import chosen_from


class Spelled(NamedTuple):
    """A pipeline, and what tells it from others; empty where that is long.

    `by_accept` says whether it depends on what the client takes.
    """

    pipeline: Pipeline
    spelling: str
    by_accept: bool


async def spelled(text: str, accept: str) -> Spelled:
    """Return the pipeline that a text spells, for a client with this Accept header.

    Raises:
        InvalidPipeline: it spells none.
    """
    if len(text) > wire.SHORT:
        # Reading megabytes of YAML takes seconds, in which others would have to wait.
        return _for_client(await asyncio.to_thread(Pipeline.parse, text), "", accept)
    return _for_client(wire.pipeline_spelled(text, version()), text, accept)


def _for_client(pipeline: Pipeline, text: str, accept: str) -> Spelled:
    if not any(_is_open(end.output) for end in pipeline.ends):
        return Spelled(pipeline, text, by_accept=False)
    return _remembered(text, version(), chosen_from(accept)) if text else _accepting(pipeline, chosen_from(accept))


@lru_cache(1024)
def _remembered(text: str, version: int, accepted: tuple[WritableName, ...]) -> Spelled:
    return _accepting(wire.pipeline_spelled(text, version), accepted)


def _accepting(pipeline: Pipeline, accepted: tuple[WritableName, ...]) -> Spelled:
    def accepting(output: Output) -> Output:
        return output.model_copy(update={"accept": accepted}) if _is_open(output) else output

    renditions = tuple(one.model_copy(update={"output": accepting(one.output)}) for one in pipeline.renditions)
    made = Pipeline(operations=pipeline.operations, output=accepting(pipeline.output), renditions=renditions)
    text = made.to_json()
    return Spelled(made, text if len(text) <= wire.SHORT else "", by_accept=True)


def _is_open(output: Output) -> bool:
    """Tell whether it is left to the client what an output may be."""
    return output.format == AUTO and not output.accept
