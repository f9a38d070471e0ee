"""docs/http.md: its commands work as they are written, and its table of errors is the one that there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pixelmill.errors import HANDLING
from tests.fleet.pictures import opened
from tests.fleet.processes import Fleet
from tests.plugins import ROOT

PAGE = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.replace("\\\n", "").splitlines()
]
WHERE = "http://localhost:8080"


@pytest.fixture(scope="module")
def folder(served: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the photographs, in which all commands were run; what each printed is in a file of its number."""
    if not shutil.which("curl"):
        pytest.skip("no curl")
    made = tmp_path_factory.mktemp("commands")
    (made / "examples").mkdir()
    (made / "examples" / "photos").symlink_to(ROOT / "examples" / "photos")
    for number, command in enumerate(COMMANDS):
        assert WHERE in command
        script = command.replace(WHERE, served.orchestrator.http_url)
        done = subprocess.run(["sh", "-euc", script], cwd=made, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), command
        (made / str(number)).write_bytes(done.stdout)
    return made


def printed(folder: Path, part: str) -> bytes:
    """Return what the one command with a part printed."""
    (number,) = (number for number, command in enumerate(COMMANDS) if part in command)
    return (folder / str(number)).read_bytes()


def test_the_pictures(folder: Path) -> None:
    for name, format in (("a.webp", "WEBP"), ("b.webp", "WEBP"), ("c.avif", "AVIF")):
        picture = opened((folder / name).read_bytes())
        assert (picture.format, picture.width) == (format, 320)
    several = (folder / "several").read_bytes()
    assert several.count(b"Content-Type: image/") == 2


def test_what_is_printed(folder: Path) -> None:
    assert json.loads(printed(folder, "application/json"))["outputs"][0]["width"] == 320
    problem = json.loads(printed(folder, "blurr"))
    (shown,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert set(json.loads(shown)) == set(problem)
    for name in ("type", "title", "status", "reason"):
        assert json.loads(shown)[name] == problem[name]
    assert json.loads(printed(folder, "/v1/fleet"))["pools"]
    assert json.loads(printed(folder, "/v1/operations"))["$defs"]
    assert json.loads(printed(folder, "/v1/requests"))["requests"]
    assert "seconds" in json.loads(printed(folder, "/v1/timeline"))
    assert printed(folder, "/livez") == b"alive\nready\n"


def test_every_error_is_in_the_table() -> None:
    rows = re.findall(r"^\| (\d{3}[\d, ]*) \| (.*) \|$", PAGE, re.MULTILINE)
    told = {
        (int(status), reason)
        for statuses, text in rows
        for status in re.findall(r"\d+", statuses)
        for reason in re.findall(r"`([A-Z_]+)`", text)
    }
    for error, handling in HANDLING.items():
        assert (handling.http, error.reason) in told
