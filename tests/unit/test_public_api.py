"""The public names are these, and importing the package alone is light."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import pixelmill
from pixelmill.operations import operation_names

NAMES = [
    "Cancelled",
    "CorruptImage",
    "Deadline",
    "DeadlineExceeded",
    "DecoderCrash",
    "Draining",
    "Executor",
    "ImageTooLarge",
    "Internal",
    "InvalidPipeline",
    "Limits",
    "NoHealthyInstance",
    "OperationFailed",
    "OperationNotInstalled",
    "OutOfMemory",
    "Output",
    "Overloaded",
    "Pipeline",
    "PixelmillError",
    "Result",
    "SourceError",
    "SourceFailed",
    "SourceForbidden",
    "SourceNotFound",
    "Trace",
    "Unauthenticated",
    "Unavailable",
    "UnsupportedFormat",
    "open_executor",
    "operation",
    "run",
    "sign_url",
]
PIPELINE: Any = pixelmill.Pipeline()
OPEN: Any = pixelmill.open_executor
HEAVY = ["cv2", "pyvips", "grpc", "pydantic", "numpy", "yaml"]


def test_the_public_names() -> None:
    assert pixelmill.__all__ == NAMES
    for name in NAMES:
        assert getattr(pixelmill, name).__name__ == name


def loaded_after(statement: str) -> set[str]:
    program = f"{statement}\nimport sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    return set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_after("import pixelmill") == set()


def test_parsing_a_pipeline_loads_no_imaging_library() -> None:
    parse = "import pixelmill; pixelmill.Pipeline.from_text('resize:9x9 | text:hello | webp')"
    assert loaded_after(parse) <= {"numpy", "pydantic"}


def test_help_shows_an_operation_s_parameters() -> None:
    resize = pixelmill.Pipeline().resize
    signature = str(inspect.signature(resize))
    assert signature.startswith("(width=None, height=None, fit='inside', gravity='center', enlarge=False")
    assert "Change the size." in str(resize.__doc__)
    assert "width of the box, px" in str(resize.__doc__)
    assert {*operation_names(), "to"} <= set(dir(pixelmill.Pipeline()))


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (lambda: PIPELINE.then("sepia"), "expected an operation, or a mapping with its name under 'op', for"),
        (lambda: PIPELINE.then(PIPELINE), "expected an operation, or a mapping"),
        (lambda: PIPELINE.parse(b"sepia"), "expected text for the pipeline, got 5 bytes"),
        (PIPELINE.resize, "expected a width, a height or both for resize, or a scale, got none"),
        (lambda: PIPELINE.to("bmp"), "for output.format, got 'bmp'"),
        (lambda: PIPELINE.logo("logo.png"), "expected a picture's bytes, or base64, for logo.image"),
        (lambda: OPEN(5), "expected local:, grpc://HOST:PORT or grpcs://HOST:PORT for the executor, got 5"),
    ],
)
def test_usual_mistakes_are_told(mistake: Callable[[], object], said: str) -> None:
    with pytest.raises(pixelmill.InvalidPipeline, match=re.escape(said)):
        mistake()


def test_formats_in_capitals_are_the_same() -> None:
    assert pixelmill.Pipeline().to("JPG") == pixelmill.Pipeline().to("jpeg")


def test_nothing_else_is_there() -> None:
    assert not hasattr(pixelmill, "nonsense")
