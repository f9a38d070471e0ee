"""What an address asks for: a pipeline, a source, and until when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pixelmill import compact
from pixelmill.errors import InvalidPipeline, expected
from pixelmill.pipeline import Pipeline
from pixelmill.segments import EXPIRES, pipeline_text, source_text, split_presets

PARSED = 1024
"""Pipelines that are remembered by their text."""
_REST = re.compile(rf"(?:{EXPIRES}(\d{{1,12}})/)?((?!{EXPIRES})[^/]+)/(.+)", re.DOTALL)


@dataclass(frozen=True)
class Order:
    """What is wanted. `expires` is in seconds since 1970; None is never."""

    pipeline: Pipeline
    source: str
    expires: int | None = None


class Orders:
    """Reads addresses.

    Args:
        presets: pipelines that addresses may name.
    """

    def __init__(self, presets: Mapping[str, Pipeline]) -> None:
        self._presets = presets
        self._pipeline = lru_cache(PARSED)(self._parse)

    def read(self, rest: bytes) -> Order:
        """Read what follows the signature: `[exp=SECONDS/]PIPELINE/SOURCE`. Raises `InvalidPipeline`."""
        match = _REST.fullmatch(rest.decode("latin-1"))
        if not match:
            raise InvalidPipeline("expected /i/SIGNATURE/PIPELINE/SOURCE for the address, got one with less")
        return Order(self._pipeline(match[2]), source_text(match[3]), int(match[1]) if match[1] else None)

    def _parse(self, segment: str) -> Pipeline:
        names, more = split_presets(pipeline_text(segment))
        pipeline = Pipeline()
        for name in names:
            if name not in self._presets:
                known = ", ".join(self._presets) or "the configuration file has none"
                raise InvalidPipeline(expected(f"a preset's name ({known})", "the pipeline", name))
            preset = self._presets[name]
            pipeline = _joined(pipeline, preset, preset.output.model_fields_set != set())
        last = Pipeline.from_text(more)
        if last.renditions:
            raise InvalidPipeline("expected a pipeline without renditions for an address, got one with renditions")
        return _joined(pipeline, last, compact.parse(more).output is not None)


def _joined(first: Pipeline, then: Pipeline, has_output: bool) -> Pipeline:
    """Return both as one; the later output counts, where there is one."""
    output = then.output if has_output else first.output
    return Pipeline(operations=first.operations + then.operations, output=output)
