"""The command line's other commands, as far as they need no fleet."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from PIL import Image
from typer.main import get_command

import pixelmill
from pixelmill.cli import app, main
from pixelmill.cli.choices import PlacementChoice, PoolChoice, SourceFormatChoice
from pixelmill.cli.pipelines import compose
from pixelmill.codecs import READABLE, WRITABLE
from pixelmill.limits import DEFAULT_LIMITS
from pixelmill.operations import operation_class, operation_names
from pixelmill.plan import PLACEMENTS, POOLS
from pixelmill.settings import Role

COMMANDS = (
    *("run", "ops", "explain", "up", "worker", "orchestrator", "fleet", "health", "certs", "sign", "bench", "report"),
)
PARSER = get_command(app)
EXAMPLES = tuple(
    line
    for command in (PARSER, *PARSER.commands.values())  # type: ignore[attr-defined]
    for line in command.epilog.split("\n\n")
    if line.startswith("pixelmill ")
)


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"]):
        assert main(arguments) == 0
        shown = capsys.readouterr().out
        assert all(re.search(rf"^│ {command} ", shown, re.MULTILINE) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f" pixelmill {command}" in capsys.readouterr().out.split("Examples:")[1]


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_fit_on_a_terminal_and_are_understood(example: str) -> None:
    assert len(example) <= 78  # of 80 columns: a line that is broken cannot be copied
    _, name, *arguments = itertools.takewhile(lambda part: part not in (">", "&&"), shlex.split(example))
    given = PARSER.commands[name].make_context(name, arguments).params  # type: ignore[attr-defined]
    pipeline = given.get("pipeline") or ""
    if "op" in given and not pipeline.endswith(".yaml"):
        compose(pipeline, [op for op in given["op"] or () if "@" not in op], given["format"], given["quality"])


def test_flags_have_no_value_in_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        assert main([command, "--help"]) == 0
        assert "<bool>" not in capsys.readouterr().out


@pytest.mark.parametrize(("typed", "completed"), [("b", ["bench"]), ("bench --placement ", list(PLACEMENTS))])
def test_shells_complete(typed: str, completed: list[str]) -> None:
    variables = {
        "_PIXELMILL_COMPLETE": "complete_bash",
        "COMP_WORDS": f"pixelmill {typed}",
        "COMP_CWORD": str(len(f"pixelmill {typed}x".split()) - 1),
    }
    command = [sys.executable, "-m", "pixelmill"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **variables})
    assert done.stdout.split() == completed


def test_help_imports_nothing_heavy() -> None:
    heavy = ("numpy", "grpc", "cv2", "pyvips", "pydantic", "rich.table", "image_processing_pb2")
    code = f"import sys, pixelmill.cli; print([name for name in {heavy!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown == "[]\n"


def test_ctrl_c_while_it_is_imported_ends_it_quietly() -> None:
    code = """if True:
        import os, runpy, signal, sys
        class Finder:
            def find_spec(self, name, path=None, target=None):
                if name == "typer":
                    os.kill(os.getpid(), signal.SIGINT)
        sys.meta_path.insert(0, Finder())
        sys.argv = ["pixelmill", "--version"]
        runpy.run_module("pixelmill", run_name="__main__")
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_version() -> None:
    command = [sys.executable, "-m", "pixelmill", "--version"]
    assert (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"pixelmill {pixelmill.__version__}\n"
    )


def test_choices_are_the_package_s_own() -> None:
    assert tuple(PlacementChoice) == PLACEMENTS
    assert tuple(PoolChoice) == POOLS == get_args(Role)
    assert tuple(SourceFormatChoice) == READABLE


def test_ops_shows_every_operation_and_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops"]) == 0
    blocks = dict(block.split("\n", 1) for block in re.split(r"\n\s*\n", capsys.readouterr().out.strip()))
    titles = {title.strip(): text for title, text in blocks.items()}
    assert set(titles) == {*operation_names(), f"formats: {', '.join(WRITABLE)}"}
    for name in operation_names():
        for parameter, field in operation_class(name).model_fields.items():
            line = re.search(rf"^ +{parameter} .*$", titles[name], re.MULTILINE)
            assert line, (name, parameter)
            assert str(field.description) in line[0]
            assert ("required" in line[0]) == field.is_required()
    assert re.search(r"sigma +number, above 0, at most 250 +default 2.0 +standard deviation, px", titles["blur"])
    assert re.search(r"fit +inside, outside, cover, contain, fill +default inside", titles["resize"])


def test_the_examples_of_ops_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (4, 4)).save("logo.png")
    assert main(["ops"]) == 0
    examples = re.findall(r"example: --op (.*\S)", capsys.readouterr().out)
    assert len(examples) == len(operation_names())
    for example in examples:
        (text,) = shlex.split(example)
        (operation,) = compose(None, [text], None, None).operations
        assert operation.name == text.partition(":")[0]


def test_one_operation_is_explained_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops", "edge-detect"]) == 0
    assert capsys.readouterr().out.startswith("edge_detect")
    assert main(["ops", "nothing"]) == 2


def test_the_schema_says_what_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops", "--json"]) == 0
    schema: dict[str, Any] = json.loads(capsys.readouterr().out)
    refs = [each["$ref"] for each in schema["properties"]["operations"]["items"]["oneOf"]]
    assert refs == [f"#/$defs/{name}" for name in operation_names()]
    assert schema["properties"]["operations"]["maxItems"] == DEFAULT_LIMITS.max_operations
    for name in operation_names():
        definition = schema["$defs"][name]
        assert definition["properties"]["op"] == {"const": name}
        assert "op" in definition["required"]
        assert definition["additionalProperties"] is False
        assert set(definition["properties"]) == {"op", *operation_class(name).model_fields}
    sigma = schema["$defs"]["blur"]["properties"]["sigma"]
    assert (sigma["exclusiveMinimum"], sigma["maximum"], sigma["default"]) == (0, 250, 2.0)
    assert schema["$defs"]["logo"]["properties"]["image"]["contentEncoding"] == "base64"
    assert schema["$defs"]["output"]["properties"]["format"]["enum"] == ["source", "auto", *WRITABLE]
    assert main(["ops", "blur", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == schema["$defs"]["blur"]


def rows(shown: str) -> list[list[str]]:
    return [re.split(r" {2,}", line.strip()) for line in shown.splitlines() if "×" in line]


def test_explain_shows_sizes_and_pools(capsys: pytest.CaptureFixture[str]) -> None:
    text = "resize:640x480 | blur:2 | sepia | text:x | webp:70"
    assert main(["explain", text, "--size", "8000x6000", "--placement", "grouped"]) == 0
    _, decoding, *rest = rows(capsys.readouterr().out)
    assert decoding[:3] == ["1", "resize", "decode"]
    assert decoding[3].endswith(" (shrunk on load from 8000×6000)")
    assert rest == [
        ["resize:640x480", "640×480"],
        ["2", "filter", "blur", "640×480"],
        ["sepia", "640×480"],
        ["3", "watermark", "text:x", "640×480"],
        ["encode webp:70", "640×480 webp"],
    ]


def test_explain_reads_the_picture_s_header(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "p.png"
    Image.new("L", (300, 200)).save(picture)
    assert main(["explain", "resize:150x", str(picture)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{picture} png, 300×200")
    assert rows(shown)[1:] == [
        ["1", "worker", "decode", "300×200"],
        ["resize:150x", "150×100"],
        ["encode png", "150×100 png"],
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["explain", "nothing"], 2),
        (["explain", "blur", "--size", "big"], 2),
        (["explain", "blur", "--size", "100000x100000"], 1),
        (["explain", "blur", "missing.png"], 1),
        (["frobnicate"], 2),
        (["health", "nowhere"], 2),
        (["fleet", "--target", "nowhere"], 2),
        (["up", "--resize", "0", "--filter", "0", "--watermark", "0"], 2),
        (["worker", "--pool", "kitchen"], 2),
        (["worker", "--port", "70000"], 2),
        (["orchestrator", "--resize", "nowhere"], 2),
    ],
)
def test_errors_are_one_line(arguments: list[str], code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == code
    shown = capfd.readouterr()
    assert shown.err.startswith("pixelmill: ")
    assert len(shown.err.splitlines()) == 1
    assert not shown.out


def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PORT", "fifty")
    assert main(["worker"]) == 2
    assert capsys.readouterr().err == "pixelmill: expected a whole number for port (PORT), got 'fifty'\n"
    monkeypatch.setenv("PORT", "50055")
    monkeypatch.setenv("PIXELMILL_PLACEMENT", "upside-down")
    assert main(["orchestrator"]) == 2
    assert "for placement (PIXELMILL_PLACEMENT), got 'upside-down'" in capsys.readouterr().err


def test_where_nothing_answers_the_exit_code_is_1(closed_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["health", f"127.0.0.1:{closed_port}"], ["fleet", "--target", f"127.0.0.1:{closed_port}", "--json"]):
        assert main(arguments) == 1
        shown = capsys.readouterr()
        assert f"at 127.0.0.1:{closed_port}, got" in shown.err
        assert not shown.out
