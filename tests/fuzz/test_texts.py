"""Whatever is written as a pipeline, it is one, or `InvalidPipeline` is raised."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelmill import InvalidPipeline, Pipeline
from pixelmill.operations import operation_class, operation_names
from pixelmill.pipeline import plain
from tests.fuzz.edits import Edit, edited
from tests.strategies import PIPELINES

EXAMPLES = settings(max_examples=300)
SPELLINGS = ("to_text", "to_json", "to_yaml")
FIELDS = sorted({field for name in operation_names() for field in operation_class(name).model_fields})
TOKENS = st.sampled_from(
    [*operation_names(), *FIELDS, "webp", "jpeg", "output", "operations", "op", *"|:,=x@#&*!%-[]{}\"'\n\t \\"]
)
WORDS = st.one_of(TOKENS, st.text(max_size=8), st.integers().map(str), st.floats().map(str))
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | TOKENS | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TOKENS | st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
EDITS = st.lists(
    st.builds(
        Edit,
        st.sampled_from(("byte", "cut", "drop", "repeat", "splice")),
        st.floats(0, 1),
        st.integers(0, 300),
        st.integers(0, 2**32 - 1),
    ),
    min_size=1,
    max_size=4,
)
OTHERS = [
    b'resize:10x10 | text:"a \\u0000b",size=9',
    b'{"operations": [{"op": "blur", "sigma": 1e999}]}',
    b"operations:\n- &a {op: *a}\n",
]


def read(text: str) -> None:
    """Read `text` in every way that there is; only our error may come out."""
    for reader in (Pipeline.parse, Pipeline.from_text, Pipeline.from_json, Pipeline.from_yaml, plain):
        with suppress(InvalidPipeline):
            reader(text)


@EXAMPLES
@given(st.text(max_size=60) | st.lists(WORDS, max_size=12).map("".join) | st.lists(WORDS, max_size=12).map(" ".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    read(text)


@pytest.mark.parametrize("spelling", SPELLINGS)
@EXAMPLES
@given(pipeline=PIPELINES, edits=EDITS)
def test_an_edited_pipeline_is_read_or_refused(spelling: str, pipeline: Pipeline, edits: list[Edit]) -> None:
    text = getattr(pipeline, spelling)()
    read(edited(text.encode(), edits, OTHERS).decode("utf-8", "replace"))


@EXAMPLES
@given(NESTED | st.fixed_dictionaries({"operations": st.lists(NESTED, max_size=3), "output": NESTED}))
def test_any_data_is_a_pipeline_or_refused(data: object) -> None:
    with suppress(InvalidPipeline):
        Pipeline.from_data(data)


@EXAMPLES
@given(st.sampled_from(operation_names()), st.dictionaries(st.sampled_from(FIELDS), NESTED, max_size=4))
def test_any_parameters_are_taken_or_refused(name: str, parameters: dict[str, object]) -> None:
    with suppress(InvalidPipeline):
        Pipeline.from_data({"operations": [{"op": name, **parameters}]})


REPEATED = ("|", "blur:", "(", "{", "[", '"', "a", "9", "blur | ", "\\", "text:\\", "operations:", "operations: [", "-", "#")


@pytest.mark.parametrize("text", REPEATED)
@pytest.mark.parametrize("lead", ["", "operations: ", '{"operations":', 'text:"', "blur:sigma="])
def test_long_and_deep_texts_are_refused(lead: str, text: str) -> None:
    with pytest.raises(InvalidPipeline, match="expected ") as refusal:
        Pipeline.parse(lead + 100_000 * text)
    assert len(str(refusal.value)) < 1000
