"""README.md and docs/: what they show works as it is written, and says what the code says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from pixelmill import Pipeline
from pixelmill.cli.pipelines import load
from tests.plugins import ROOT, python

PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/formats.md", "docs/operations.md")}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LOGO = ROOT / "examples" / "photos" / "chelsea.png"


def blocks(page: str, language: str) -> list[str]:
    return [text for name, text in FENCE.findall(PAGES[page]) if name == language]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what the examples read."""
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "photos").symlink_to(ROOT / "examples" / "photos")
    shutil.copy(LOGO, tmp_path / "logo.png")
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_the_code(page: str, folder: Path) -> None:
    """One block after another: what needs a fleet is run by the fleet's own tests."""
    code = [block for block in blocks(page, "python") if "grpc://" not in block]
    assert code
    python(folder, "-c", "\n".join(code))


@pytest.mark.parametrize("page", PAGES)
def test_the_commands(page: str, folder: Path) -> None:
    """Those that need no fleet."""
    text = "\n".join(block for _, block in FENCE.findall(PAGES[page]))
    commands = re.findall(r"^pixelmill (?:run|ops|explain) .*$", text, re.MULTILINE)
    assert commands
    for command in commands:
        assert python(folder, "-m", *shlex.split(command, comments=True))


def test_the_files_of_renditions(folder: Path) -> None:
    (command,) = (line for line in "\n".join(blocks("docs/formats.md", "sh")).splitlines() if "{" in line)
    python(folder, "-m", *shlex.split(command))
    written = {path.name for path in (folder / "output").iterdir()}
    assert {"coffee-small.webp", "coffee-large.avif"} <= written


@pytest.mark.parametrize("example", [line for block in blocks("docs/operations.md", "") for line in block.splitlines()])
def test_an_example(example: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert load(example).operations


@pytest.mark.parametrize("output", "\n".join(blocks("docs/formats.md", "text")).splitlines())
def test_an_output(output: str) -> None:
    assert Pipeline.parse(output).to_text().replace('"', "") == output.replace("+", " ")


def test_the_pipeline_in_yaml() -> None:
    (text,) = blocks("docs/formats.md", "yaml")
    assert Pipeline.parse(text) == Pipeline.parse("sepia | { small = resize:320x | webp; large = resize:1280x | avif:50 }")


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_links_lead_somewhere(page: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", PAGES[page]) if "://" not in link]
    assert links
    missing = [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    assert not missing


def test_generated_texts_are_as_the_code_says() -> None:
    python(ROOT, "scripts/generate_docs.py", "--check")
