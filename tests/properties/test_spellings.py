"""Every way to write a pipeline says the same, and no text brings the parsers down."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pixelmill import InvalidPipeline, Pipeline
from pixelmill.operations import operation_names
from tests.strategies import PIPELINES

MARKS = ["|", ":", ",", "=", '"', "\\", "x", " ", "\n", "-", "{", "["]
PIECES = st.sampled_from([*operation_names(), *MARKS, "webp", "png", "1280x720", "2", "sigma", "width"])


@given(PIPELINES)
def test_all_spellings_come_back_equal(pipeline: Pipeline) -> None:
    called = Pipeline()
    for operation in pipeline.operations:
        given_ = operation.model_dump(exclude={"op"}, exclude_defaults=True)
        given_.pop("op", None)
        called = getattr(called, operation.name)(**given_)
    called = called.to(pipeline.output.format, **pipeline.output.model_dump(exclude={"format"}))
    spellings = [
        called,
        Pipeline.from_json(pipeline.to_json()),
        Pipeline.from_yaml(pipeline.to_yaml()),
        Pipeline.from_text(pipeline.to_text()),
        Pipeline.from_data(pipeline.to_data()),
        Pipeline.parse(pipeline.to_json()),
        Pipeline.parse(pipeline.to_yaml()),
        Pipeline.parse(pipeline.to_text()),
        pickle.loads(pickle.dumps(pipeline)),
    ]
    for spelling in spellings:
        assert spelling == pipeline
        assert spelling.digest == pipeline.digest
        assert hash(spelling) == hash(pipeline)


def test_zero_has_one_spelling() -> None:
    negative, zero = (Pipeline().text("x", rotation=rotation) for rotation in (-0.0, 0.0))
    assert negative == zero
    assert negative.digest == zero.digest
    assert negative.to_text() == zero.to_text()


@given(st.text(max_size=60) | st.lists(PIECES, max_size=14).map("".join))
@example("resize:" + "9" * 5000)
@example("text:\x00")
@example('text:"\\ud800"')
@example('text:"\\u0000"')
@example("{" * 5000)
@example('{"operations": ' + "[" * 100_000)
@example("operations: " + "[" * 3000)
@example("operations: [{op: blur, sigma: 2020-01-01}]")
@example("operations: [{1: 2, op: blur}]")
@example("operations: [{op: [blur]}]")
@example('{"operations": [{"op": "blur", "sigma": NaN}]}')
@example('{"operations": [{"op": "blur", "sigma": 1e999}]}')
@example('{"operations": 5, "output": []}')
@example("blur|" * 2000 + "blur")
@example("---\n- a\n- b")
def test_any_text_is_a_pipeline_or_one_of_our_errors(text: str) -> None:
    for parse in (Pipeline.parse, Pipeline.from_text, Pipeline.from_json, Pipeline.from_yaml):
        pipeline, error = attempt(parse, text)
        if pipeline is None:
            assert "expected" in error
            assert len(error) < 1000
        else:
            assert Pipeline.from_text(pipeline.to_text()) == pipeline


def attempt(parse: Callable[[str], Pipeline], text: str) -> tuple[Pipeline | None, str]:
    try:
        return parse(text), ""
    except InvalidPipeline as error:
        return None, str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["op", "sigma", "x"]), inner, max_size=3),
    max_leaves=6,
)


@given(st.fixed_dictionaries({}, optional={"operations": st.lists(JSON, max_size=3) | JSON, "output": JSON, "other": JSON}))
def test_any_data_is_a_pipeline_or_one_of_our_errors(data: dict[str, object]) -> None:
    pipeline, error = attempt(Pipeline.from_json, json.dumps(data))
    assert pipeline is not None or "expected" in error
    assert pipeline is None or Pipeline.from_json(pipeline.to_json()) == pipeline


def test_aliases_in_yaml_cannot_make_it_grow() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pytest.raises(InvalidPipeline, match="expected neither aliases"):
        Pipeline.from_yaml("\n".join([*lines, "operations: [{op: blur, sigma: *a29}]"]))


@pytest.mark.parametrize(
    "text",
    [
        '{"operations": [{"op": "blur", "sigma": 1, "sigma": 2}]}',
        '{"operations": [], "output": {}, "operations": []}',
        "operations:\n- {op: blur, sigma: 1, sigma: 2}\n",
        "operations: []\noutput: {}\noperations: []\n",
    ],
)
def test_nothing_is_said_twice(text: str) -> None:
    """Who looks at a pipeline before it comes here may take the first, and the parser the last."""
    with pytest.raises(InvalidPipeline, match=r"expected each name once in the pipeline, got '(sigma|operations)' twice"):
        Pipeline.parse(text)
