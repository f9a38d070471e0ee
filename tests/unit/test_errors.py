"""The error tree, and the one sentence that every refusal is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pixelmill import InvalidPipeline, Output, Pipeline, PixelmillError
from pixelmill.errors import HANDLING, MAX_SHOWN, expected, from_reason, handling, shown


def tree(cls: type[PixelmillError] = PixelmillError) -> list[type[PixelmillError]]:
    return [cls, *(below for child in cls.__subclasses__() if child.__module__ == cls.__module__ for below in tree(child))]


def test_every_error_that_is_raised_is_in_the_table_once() -> None:
    leaves = [cls for cls in tree() if not any(other is not cls and issubclass(other, cls) for other in tree())]
    assert set(HANDLING) == set(leaves)
    assert len({cls.reason for cls in leaves}) == len(leaves)


def test_an_error_survives_the_wire() -> None:
    for cls in HANDLING:
        error = from_reason(cls.reason, "expected a, got b")
        assert type(error) is cls
        assert handling(error) is HANDLING[cls]
        assert str(error) == "expected a, got b"
    assert type(from_reason("OF_A_NEWER_VERSION", "x")).__name__ == "Internal"


def test_a_value_is_shown_in_bounded_length() -> None:
    deep: list[object] = []
    for _ in range(40):
        deep = [deep] * 9
    for value in ("x" * 10_000_000, deep, {"a" * 999: deep}, b"x" * 9999, 10**4000, object()):
        assert len(shown(value)) <= MAX_SHOWN
    assert shown(b"abc") == "3 bytes"
    assert expected("a number", "blur.sigma", "x\n") == "expected a number for blur.sigma, got 'x\\n'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("blur:0", "expected a number > 0 for blur.sigma, got '0'"),
        ("blur:251", "expected a number ≤ 250 for blur.sigma, got '251'"),
        ("blur:much", "expected a number for blur.sigma, got 'much'"),
        ("blur:nan", "expected a finite number for blur.sigma, got 'nan'"),
        ("blur:sgima=2", "expected a parameter of blur (sigma), got 'sgima'"),
        ("blur:2,3", "expected NAME=VALUE for another parameter of blur, got '3'"),
        ("blur:2,sigma=3", "expected sigma of blur once, got it twice"),
        ("bulr", "expected an operation's name, got 'bulr'; did you mean 'blur'?"),
        ("resize:1.5x2", "expected WIDTHxHEIGHT, WIDTHx or xHEIGHT for resize, got '1.5x2'"),
        ("resize:0x2", "expected a number ≥ 1 for resize.width, got '0'"),
        (
            "resize:9x9,fit=around",
            "expected one of 'inside', 'outside', 'cover', 'contain' or 'fill' for resize.fit, got 'around'",
        ),
        ("resize:9x9,enlarge=perhaps", "expected true or false for resize.enlarge, got 'perhaps'"),
        ("text", "expected a value for text.text, got none"),
        ("text:x,color=red", "expected #RRGGBB or #RGB for a color, got 'red'"),
        ("text:x,size=1.5", "expected a whole number for text.size, got '1.5'"),
        ("blur | | sepia", "expected an operation's or a format's name at character 8 of the pipeline, got '| sepia'"),
        ("blur:2 sepia", "expected a number for blur.sigma, got '2 sepia'"),
        ('text:"x', "expected a closing quote at character 6 of the pipeline, got '\"x'"),
        ("blur:", "expected a parameter at character 6 of the pipeline, got the end"),
        (
            "{",
            "expected a pipeline in JSON, got: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            '{"operations": [{"sigma": 2}]}',
            "expected an operation, or a mapping with its name under 'op', for operations, got {'sigma': 2}",
        ),
        ('{"operations": [5]}', "expected an operation, or a mapping with its name under 'op', for operations, got 5"),
        ('{"operations": 5}', "expected a list for pipeline.operations, got 5"),
        ('{"output": 5}', "expected a mapping for output, got 5"),
        ('{"ops": []}', "expected a parameter of pipeline (operations, output, renditions), got 'ops'"),
        (
            '{"output": {"format": "bmp"}}',
            "expected one of 'source', 'auto', 'jpeg', 'png', 'webp', 'avif', 'gif', 'tiff', 'heic' or 'jxl' "
            "for output.format, got 'bmp'",
        ),
        ('{"operations": [{"op": "blur", "sigma": []}]}', "expected a number for blur.sigma, got []"),
    ],
)
def test_what_is_wrong_with_a_pipeline(text: str, message: str) -> None:
    with pytest.raises(InvalidPipeline) as refusal:
        Pipeline.parse(text)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("values", "named", "message"),
    [
        ((1, 2), {}, "expected at most 1 parameters for blur, got 2"),
        ((1,), {"sigma": 2}, "expected sigma of blur once, got it by place and by name"),
        ((), {"sigma": -1}, "expected a number > 0 for blur.sigma, got -1"),
    ],
)
def test_what_is_wrong_with_a_call(values: tuple[int, ...], named: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidPipeline) as refusal:
        Pipeline().blur(*values, **named)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Output(quality=0), "expected a number ≥ 1 for output.quality, got 0"),
        (lambda: Output(format="png", quality=5), "expected quality only for jpeg, webp, avif, heic, jxl, got 5 for png"),
        (
            lambda: Pipeline(operations=(5,)),
            "expected an operation, or a mapping with its name under 'op', for operations, got 5",
        ),
        (
            lambda: Pipeline.model_validate({"more": 1}),
            "expected a parameter of pipeline (operations, output, renditions), got 'more'",
        ),
    ],
)
def test_what_is_wrong_with_a_value_made_directly(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidPipeline) as refusal:
        make()
    assert str(refusal.value) == message


def test_an_operation_that_does_not_exist_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match=r"Pipeline has no operation 'bulr'; there are blur, .*sharpen, "):
        getattr(Pipeline(), "bulr")  # noqa: B009
