"""Functions as operations: `@pixelmill.operation`, its checks when it decorates and when it runs."""

from __future__ import annotations

import copy
import io
import math
import pickle
import re
from typing import Annotated, Any, Literal

import numpy as np
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import Field

import image_processing_pb2 as pb
import pixelmill
from pixelmill import InvalidPipeline, Pipeline
from pixelmill.codecs import probe
from pixelmill.fleet import wire
from pixelmill.geometry import Size
from pixelmill.operations import base, make_operation, operation_class
from pixelmill.operations.foreign import learn
from pixelmill.pixels import Image
from pixelmill.plan import plan
from pixelmill.schema import operation_schema, pipeline_schema
from tests.pictures import encoded, photo

CHAIN: Any = Pipeline()
pytestmark = pytest.mark.usefixtures("own_registry")


def posterize(
    image: Image,
    *,
    levels: Annotated[int, Field(ge=2, le=256, description="how many levels")] = 4,
    mode: Literal["down", "up"] = "down",
    share: Annotated[float, Field(gt=0, le=1)] = 1,
    seed: int | None = None,
    table: bytes = b"",
    strict: bool = False,
    title: str = "",
) -> Image:
    """Reduce to a few levels.

    The rest of the text.

    Args:
        mode: which way
            to round
        seed (int): of nothing

    Returns:
        The picture.
    """
    step = 256 // levels
    return image // step * step + (step - 1 if mode == "up" else 0)


def shown(refusal: pytest.ExceptionInfo[Exception]) -> str:
    return str(refusal.value)


def test_the_function_stays_a_function() -> None:
    assert pixelmill.operation(posterize) is posterize
    image = photo(9, 7)
    assert np.array_equal(posterize(image, levels=2), image // 128 * 128)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_it_runs_as_a_built_in_one_does(channels: int) -> None:
    pixelmill.operation(posterize)
    image = photo(30, 20, channels)
    pipeline = CHAIN.posterize(8).negative().to("png")
    wanted = make_operation("negative", {}).apply(posterize(image, levels=8))
    result = pixelmill.run(encoded(image), pipeline)
    assert result.data == pixelmill.run(encoded(wanted), "png").data
    assert result.trace.hops[0].operations == ("posterize", "negative")


def test_every_spelling_says_the_same() -> None:
    pixelmill.operation(posterize)
    pipeline = CHAIN.posterize(8, "up", table=b"\0\1", share=0.5, title='a "b", c').to("webp")
    assert pipeline.to_text() == 'posterize:8,up,0.5,table="AAE=",title="a \\"b\\", c" | webp'
    for spelled in (pipeline.to_text(), pipeline.to_json(), pipeline.to_yaml()):
        assert Pipeline.parse(spelled) == pipeline
    assert pickle.loads(pickle.dumps(pipeline)) == copy.deepcopy(pipeline) == pipeline
    assert "posterize" in dir(Pipeline())


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "levels": st.integers(2, 256),
            "mode": st.sampled_from(["down", "up"]),
            "share": st.floats(0, 1, exclude_min=True),
            "seed": st.none() | st.integers(-(2**63), 2**63 - 1),
            "table": st.binary(max_size=40),
            "strict": st.booleans(),
            "title": st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        },
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_values_survive_every_spelling_and_the_wire(values: dict[str, Any]) -> None:
    pixelmill.operation(posterize)
    pipeline = CHAIN.posterize(**values)
    for spelled in (pipeline.to_text(), pipeline.to_json(), pipeline.to_yaml()):
        assert Pipeline.parse(spelled) == pipeline
    message = wire.pipeline_message(pipeline)
    assert wire.pipeline_of(pb.RunPipelineRequest(pipeline=message)) == pipeline


def test_an_operation_of_another_process_carries_any_values() -> None:
    learn("smear", "watermark", ["length", "angle"])
    learn("no name", "filter", [])
    learn("smudge", "worker", [])
    learn("blur", "resize", [])
    assert (base.registered("no name"), base.registered("smudge"), operation_class("blur").pool) == (None, None, "filter")
    pipeline = CHAIN.blur(2).smear(length=3, angle=0.5, ink=b"\xff", on=True).resize(7)
    assert pipeline.to_text() == 'blur | smear:3,0.5,ink="/w==",on=true | resize:7x'
    message = wire.pipeline_message(pipeline)
    assert wire.pipeline_of(pb.RunPipelineRequest(pipeline=message)) == pipeline
    planned = plan(pipeline, probe(encoded(photo(20, 10))), placement="spread")
    assert [(hop.pool, size) for hop, size in zip(planned.hops, planned.sizes, strict=True)] == [
        ("filter", (20, 10)),
        ("watermark", None),
        ("resize", None),
    ]


@pytest.mark.parametrize("value", [1, 1.0, True])
def test_an_operation_of_another_process_keeps_types_apart_that_are_equal(value: float) -> None:
    learn("smear", "watermark", ["length", "angle"])
    message = wire.pipeline_message(CHAIN.smear(length=value))
    read = wire.value_of(message.operations[0].parameters["length"])
    assert (type(read), read) == (type(value), value)


def test_an_operation_of_another_process_takes_lists_of_numbers() -> None:
    learn("smear", "watermark", ["length", "angle"])
    pipeline = CHAIN.smear(along=[1, 0.5, -2])
    message = wire.pipeline_message(pipeline)
    assert wire.pipeline_of(pb.RunPipelineRequest(pipeline=message)) == pipeline
    assert Pipeline.parse(pipeline.to_json()) == pipeline == Pipeline.parse(pipeline.to_yaml())
    assert pipeline.to_text() == "smear:along=1 0.5 -2"
    assert hash(pipeline) == hash(CHAIN.smear(along=(1.0, 0.5, -2.0)))


@pytest.mark.parametrize("value", [[1, "2"], [math.nan], [[1.0]], [0.0] * 10_001, math.inf, {"a": 1}, 2**63])
def test_and_nothing_that_does_not_travel(value: object) -> None:
    learn("smear", "watermark", ["length", "angle"])
    with pytest.raises(InvalidPipeline, match=r"smear\.along"):
        CHAIN.smear(along=value)


def test_its_schema_and_help() -> None:
    pixelmill.operation(posterize)
    schema = operation_schema(operation_class("posterize"))
    assert schema["description"] == "Reduce to a few levels.\n\nThe rest of the text.\n\nReturns:\n    The picture."
    assert schema["properties"] == {
        "op": {"const": "posterize"},
        "levels": {
            "default": 4,
            "description": "how many levels",
            "maximum": 256,
            "minimum": 2,
            "title": "Levels",
            "type": "integer",
        },
        "mode": {
            "default": "down",
            "description": "which way to round",
            "enum": ["down", "up"],
            "title": "Mode",
            "type": "string",
        },
        "share": {"default": 1.0, "exclusiveMinimum": 0, "maximum": 1, "title": "Share", "type": "number"},
        "seed": {
            "anyOf": [{"type": "integer"}, {"type": "null"}],
            "default": None,
            "description": "of nothing",
            "title": "Seed",
        },
        "table": {"contentEncoding": "base64", "default": "", "title": "Table", "type": "string"},
        "strict": {"default": False, "title": "Strict", "type": "boolean"},
        "title": {"default": "", "title": "Title", "type": "string"},
    }
    assert pipeline_schema()["$defs"]["posterize"] == schema
    assert "levels: how many levels" in CHAIN.posterize.__doc__


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("posterize:1", "expected a number ≥ 2 for posterize.levels, got '1'"),
        ("posterize:many", "expected a whole number for posterize.levels, got 'many'"),
        ("posterize:mode=left", "expected one of 'down' or 'up' for posterize.mode, got 'left'"),
        ("posterize:share=nan", "expected a finite number for posterize.share, got 'nan'"),
        ("posterize:share=0", "expected a number > 0 for posterize.share, got '0'"),
        (f"posterize:seed={2**63}", f"expected a whole number of 64 bits for posterize.seed, got {2**63}"),
        ("posterize:table=%", "expected bytes, or base64, for posterize.table, got '%'"),
        ("posterize:strict=2", "expected true or false for posterize.strict, got '2'"),
        ("posterize:lvels=2", "expected a parameter of posterize (levels, mode, share, seed, table, strict, title), got"),
        ("posteriz", "expected an operation's name, got 'posteriz'; did you mean 'posterize'?"),
    ],
)
def test_what_is_wrong_with_a_value(text: str, message: str) -> None:
    pixelmill.operation(posterize)
    with pytest.raises(InvalidPipeline, match=re.escape(message)):
        Pipeline.parse(text)


def test_an_argument_that_is_required() -> None:
    @pixelmill.operation
    def stamp(image: Image, *, label: str) -> Image:
        return image

    assert CHAIN.stamp("x").to_text() == "stamp:x"
    with pytest.raises(InvalidPipeline, match=r"expected a value for stamp\.label, got none"):
        CHAIN.stamp()


def test_a_name_a_pool_and_a_size_of_its_own() -> None:
    def upright(size: Size, *, turned: bool) -> tuple[int, int]:
        return (size.height, size.width) if turned else size

    @pixelmill.operation(name="stand", pool="resize", output_size=upright)
    def anything(image: Image, *, turned: bool = True) -> Image:
        return image.transpose(1, 0, 2) if turned else image

    operation = CHAIN.stand().operations[0]
    assert (operation.name, operation.pool, operation.output_size(Size(5, 3))) == ("stand", "resize", (3, 5))
    made = operation.apply(photo(5, 3))
    assert made.flags.c_contiguous
    assert np.array_equal(made, photo(5, 3).transpose(1, 0, 2))
    info = pixelmill.run(encoded(photo(5, 3)), "stand:false | stand | png").info
    assert (info.width, info.height) == (3, 5)


def test_each_frame_of_an_animation_is_a_picture() -> None:
    seen = []

    @pixelmill.operation(output_size=lambda size: (size[0] // 2, size[1]))
    def left(image: Image) -> Image:
        seen.append(image.shape)
        return image[:, : image.shape[1] // 2]

    frames = [PIL.Image.fromarray(np.full((6, 8, 3), shade, np.uint8)) for shade in (0, 200)]
    file = io.BytesIO()
    frames[0].save(file, "gif", save_all=True, append_images=frames[1:], duration=70)
    info = pixelmill.run(file.getvalue(), CHAIN.left()).info
    assert (info.format, info.width, info.height, info.frames) == ("gif", 4, 6, 2)
    assert [shape[:2] for shape in seen] == [(6, 8), (6, 8)]


def test_gray_without_a_last_axis_is_gray() -> None:
    @pixelmill.operation
    def first(image: Image) -> NDArray[np.uint8]:
        return image[:, :, 0]

    assert CHAIN.first().operations[0].apply(photo(5, 3)).shape == (3, 5, 1)
