"""The public names are these, and importing the package alone is light."""

from __future__ import annotations

import subprocess
import sys

import pixelmill

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
    "Unavailable",
    "UnsupportedFormat",
    "open_executor",
    "run",
]
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


def test_nothing_else_is_there() -> None:
    assert not hasattr(pixelmill, "nonsense")
