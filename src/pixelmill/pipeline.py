"""A pipeline: operations in order, and how the result is encoded. Plain data, with four spellings.

The same pipeline each time:

    Pipeline().resize(1280, 720).blur(2).sepia().text("© Pixelmill").to("webp", quality=80)
    resize:1280x720 | blur:2 | sepia | text:"© Pixelmill" | webp:80
    {"operations": [{"op": "resize", "width": 1280, "height": 720}, …], "output": {"format": "webp", "quality": 80}}
    and the same in YAML
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SerializeAsAny,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core.core_schema import SerializerFunctionWrapHandler

from pixelmill import compact
from pixelmill._fluent import Fluent
from pixelmill.codecs import Output
from pixelmill.documents import load_json, load_yaml
from pixelmill.errors import InvalidPipeline, expected, shown
from pixelmill.operations import Operation, make_operation
from pixelmill.refusals import explain_refusal


def _as_operation(value: object) -> object:
    if isinstance(value, Operation):
        return value
    if not isinstance(value, dict) or "op" not in value:
        raise InvalidPipeline(expected("an operation, or a mapping with its name under 'op',", "operations", value))
    return make_operation(value["op"], {name: item for name, item in value.items() if name != "op"})


AnyOperation = Annotated[SerializeAsAny[Operation], BeforeValidator(_as_operation)]


class Rendition(BaseModel):
    """One of several pictures that a pipeline makes: what follows after the pipeline's own operations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    operations: tuple[AnyOperation, ...] = ()
    output: Output = Output()


class Pipeline(Fluent, BaseModel):
    """Operations in the order in which they run, and the output. Immutable: each method returns a new pipeline.

    With renditions, the operations run once, and each rendition goes on from there with its own operations and output:
    the picture is decoded once, however many come out.

    Every operation is also a method that appends it, with the operation's parameters in their order or by name:
    `Pipeline().resize(1280, 720).blur(sigma=2)`. `dir(Pipeline())` lists them, `help(Pipeline().resize)` explains one,
    and `pixelmill ops` on the command line all of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    operations: tuple[AnyOperation, ...] = ()
    output: Output = Output()
    renditions: tuple[Rendition, ...] = ()

    @model_validator(mode="after")
    def _one_way_out(self) -> Self:
        if self.renditions and self.output != Output():
            raise ValueError(expected("no output of its own", "a pipeline with renditions", self.output.format))
        names = [rendition.name for rendition in self.renditions]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(expected("a name of its own for each rendition", "renditions", twice))
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _refused(cls, value: object, validate: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return validate(value)
        except ValidationError as error:
            raise InvalidPipeline(explain_refusal(cls, "pipeline", error)) from None

    @model_serializer(mode="wrap")
    def _without_empty(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        data.pop("output" if self.renditions else "renditions", None)
        return data

    def then(self, *operations: Operation) -> Pipeline:
        """Return this pipeline with more operations at its end, before its renditions go their own ways."""
        return Pipeline(operations=self.operations + operations, output=self.output, renditions=self.renditions)

    def rendition(self, name: str, pipeline: Pipeline | str = "") -> Pipeline:
        """Return this pipeline with one more picture to be made: named `name`, by what `pipeline` adds.

            Pipeline().sepia().rendition("small", "resize:320x | webp").rendition("large", "resize:1280x | avif")

        Raises:
            InvalidPipeline: the name is taken or malformed, or `pipeline` has renditions itself.
        """
        added = Pipeline.parse(pipeline) if isinstance(pipeline, str) else pipeline
        if added.renditions:
            raise InvalidPipeline(expected("a pipeline without renditions", f"rendition {name}", added))
        one = {"name": name, "operations": added.operations, "output": added.output}
        return Pipeline.from_data({**dict(self), "renditions": (*self.renditions, one)})

    @property
    def ends(self) -> tuple[Rendition, ...]:
        """The renditions; a pipeline without any ends in one, which has no name."""
        return self.renditions or (Rendition.model_construct(name="", operations=(), output=self.output),)

    @property
    def first_frame(self) -> bool:
        """Whether only the first frame of an animation is needed."""
        return all(end.output.frames == "first" for end in self.ends)

    if not TYPE_CHECKING:  # its types come from Output's fields, in _fluent.pyi

        def to(self, format: str, **options: Any) -> Pipeline:
            """Return this pipeline with another output: a format's name and any of `Output`'s fields.

            Raises:
                InvalidPipeline: no such format or option, or a value out of range.
            """
            return Pipeline(operations=self.operations, output=make_output(format, options), renditions=self.renditions)

    @classmethod
    def parse(cls, text: str) -> Pipeline:
        """Read a pipeline from JSON, YAML or the compact text form, whichever `text` is.

        Raises:
            InvalidPipeline: it is none of them, or names something unknown or out of range.
        """
        load = _loader(text)
        return cls.from_data(load(text)) if load else cls.from_text(text)

    @classmethod
    def from_json(cls, text: str) -> Pipeline:
        """Read `to_json`'s form. Raises `InvalidPipeline`."""
        return cls.from_data(load_json(text))

    @classmethod
    def from_yaml(cls, text: str) -> Pipeline:
        """Read `to_yaml`'s form. Raises `InvalidPipeline`."""
        return cls.from_data(load_yaml(text))

    @classmethod
    def from_text(cls, text: str) -> Pipeline:
        """Read the compact form: `resize:1280x720 | blur:2 | text:"© me",position=top | webp:80`.

        Raises:
            InvalidPipeline: the text cannot be read, or names something unknown or out of range.
        """
        return cls.from_data(_compact_data(text))

    @classmethod
    def from_data(cls, data: object) -> Pipeline:
        """Build a pipeline from what JSON or YAML hold. Raises `InvalidPipeline`."""
        if not isinstance(data, dict):
            raise InvalidPipeline(expected("a mapping with 'operations' and 'output'", "the pipeline", data))
        try:
            return cls.model_validate(data)
        except RecursionError:
            raise InvalidPipeline("expected a pipeline, got data nested too deeply") from None

    def to_data(self) -> dict[str, Any]:
        """Return the pipeline as JSON's types, every parameter spelled out."""
        return self.model_dump(mode="json")

    def to_json(self) -> str:
        """Return the pipeline as one line of JSON."""
        return json.dumps(self.to_data(), ensure_ascii=False)

    def to_yaml(self) -> str:
        """Return the pipeline as YAML."""
        import yaml

        return str(yaml.safe_dump(self.to_data(), allow_unicode=True, sort_keys=False))

    def to_text(self) -> str:
        """Return the compact form; parameters at their default are left out."""
        renditions = ((one.name, compact.format(one.operations, one.output)) for one in self.renditions)
        return compact.format(self.operations, self.output, renditions)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the pipeline, in hexadecimal: equal for equal pipelines, however they were written."""
        canonical = json.dumps(self.to_data(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def __str__(self) -> str:
        return self.to_text()


def make_output(format: str, options: dict[str, Any]) -> Output:
    """Return the `Output` of that format. Raises `InvalidPipeline`."""
    return Output.model_validate(_output_data(format, options))


def _output_data(format: str, options: dict[str, Any]) -> dict[str, Any]:
    if "format" in options:
        raise InvalidPipeline(f"expected one format for the output, got {format} and {shown(options['format'])}")
    return {"format": format, **options}


def plain(text: str) -> object:
    """Return what a pipeline in any of its text forms says, as `Pipeline.from_data` takes it: JSON's types, not yet checked.

    Raises:
        InvalidPipeline: the text has none of the forms.
    """
    load = _loader(text)
    if load:
        return load(text)
    return _compact_data(text)


def _compact_data(text: str) -> dict[str, Any]:
    return _parsed_data(compact.parse(text))


def _parsed_data(parsed: compact.Parsed) -> dict[str, Any]:
    data: dict[str, Any] = {"operations": [{"op": item.name, **item.parameters} for item in parsed.operations]}
    if parsed.output:
        data["output"] = _output_data(parsed.output.name, parsed.output.parameters)
    if parsed.renditions:
        data["renditions"] = [{"name": name, **_parsed_data(one)} for name, one in parsed.renditions]
    return data


def _loader(text: str) -> Callable[[str], object] | None:
    """Tell JSON and YAML by how they start; None is the compact form, which may start with renditions."""
    if not isinstance(text, str):
        raise InvalidPipeline(expected("text", "the pipeline", text))
    start = text.lstrip()
    if start.startswith("{") and not compact.starts_with_rendition(start):
        return load_json
    return load_yaml if start.startswith(("operations:", "output:", "#", "---")) else None
