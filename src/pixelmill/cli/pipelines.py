"""Pipelines as the command line spells them: a file or text, then --op, then -f and -q."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pixelmill import compact
from pixelmill.attached import read_files, with_files
from pixelmill.codecs import Output
from pixelmill.errors import InvalidPipeline, expected
from pixelmill.operations import Operation, make_operation, operation_names
from pixelmill.pipeline import Pipeline, make_output, plain

FILE_EXTENSIONS = (".json", ".yaml", ".yml", ".txt", ".pipeline")


def compose(given: str | None, operations: Sequence[str], format: str | None, quality: int | None) -> Pipeline:
    """Return the pipeline of `--pipeline`, `--op`, `-f` and `-q`, in this order.

    Raises:
        InvalidPipeline: something in it is unknown or out of range, or a file cannot be read.
    """
    pipeline = load(given) if given is not None else Pipeline()
    pipeline = pipeline.then(*(operation for text in operations for operation in _operations(text)))
    if pipeline.renditions and (format is not None or quality is not None):
        raise InvalidPipeline("expected no --format and no --quality for a pipeline with renditions, got one")
    output = pipeline.output
    if format is not None:
        output = _output(format, output)
    if quality is not None:
        output = make_output(output.format, {**output.model_dump(exclude={"format"}), "quality": quality})
    return Pipeline(operations=pipeline.operations, output=output, renditions=pipeline.renditions)


def load(given: str) -> Pipeline:
    """Return the pipeline that `given` is, or that is in the file of that name.

    `@FILE` as the value of a parameter that takes bytes stands for the file's contents; the name is relative to the
    pipeline's file, or to the current folder where the pipeline is no file.
    """
    path = Path(given)
    if len(given) < 1000 and path.is_file():
        return Pipeline.from_data(with_files(plain(_text(path)), path.parent))
    if path.suffix.lower() in FILE_EXTENSIONS and "|" not in given:
        raise InvalidPipeline(expected("a file", "the pipeline", given) + ", which does not exist")
    return Pipeline.from_data(with_files(plain(given), Path()))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPipeline(f"expected a text file for the pipeline, got {path}: {error}") from None


def _operations(text: str) -> list[Operation]:
    stages, output, renditions = compact.parse(text)
    if output or renditions or not stages:
        hint = f"; write -f {output.name} for the format of the results" if output else ""
        raise InvalidPipeline(expected(f"one of {', '.join(operation_names())}", "--op", text) + hint)
    return [make_operation(stage.name, read_files(stage.name, stage.parameters, Path())) for stage in stages]


def _output(format: str, before: Output) -> Output:
    """Return the output that `-f` gives; what is under transparent pixels stays as the pipeline says."""
    name = format.partition(":")[0].strip().lower()
    stages, output, _ = compact.parse(format) if name in compact.OUTPUTS else compact.parse("")
    if stages or output is None:
        raise InvalidPipeline(expected(f"one of {', '.join(sorted(compact.OUTPUTS))}", "--format", format))
    return make_output(output.name, {"background": before.background, **output.parameters})
