"""docs/on-demand.md: what it shows works as it is written."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pixelmill import run
from pixelmill.configuration import read_configuration
from pixelmill.pipeline import Pipeline
from pixelmill.segments import pipeline_segment, pipeline_text
from pixelmill.signing import signature
from tests.plugins import ROOT, python
from tests.web.ondemand.site import site

PAGE = (ROOT / "docs" / "on-demand.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
KEY = "0123456789abcdef0123456789abcdef"
COFFEE = ROOT / "examples" / "photos" / "coffee.png"


def blocks(language: str) -> list[str]:
    return [text for name, text in FENCES if name == language]


def test_from_nothing_to_a_picture(tmp_path: Path) -> None:
    """The first commands, one after another; in place of `pixelmill up`, a fleet on other ports with its variables."""
    make_key, start, sign = "".join(blocks("sh")[:2]).splitlines()
    subprocess.run(["sh", "-euc", make_key], cwd=tmp_path, check=True)
    *variables, program, _ = shlex.split(start)
    assert program == "pixelmill"
    environment = dict(variable.split("=", 1) for variable in variables)
    environment["PIXELMILL_URL_KEYS_FILE"] = str(tmp_path / environment["PIXELMILL_URL_KEYS_FILE"])
    environment["PIXELMILL_CACHE_DIR"] = str(tmp_path / environment["PIXELMILL_CACHE_DIR"])
    environment["PIXELMILL_SOURCE_ROOTS"] = environment["PIXELMILL_SOURCE_ROOTS"].replace("examples", f"{ROOT}/examples")
    address = python(tmp_path, "-m", *shlex.split(sign)).strip()
    with site(**environment) as made:
        answers = [made.get(urlsplit(address).path) for _ in range(2)]
    wanted = run(COFFEE.read_bytes(), shlex.split(sign)[2]).data
    assert [(answer.status, answer.body) for answer in answers] == [(200, wanted)] * 2
    assert answers[1].headers["cache-status"] == "pixelmill; hit"


def test_the_code(tmp_path: Path) -> None:
    python(tmp_path, "-c", "\n".join(blocks("python")))


def test_others_sign_alike(tmp_path: Path) -> None:
    (command,) = (line for line in "".join(blocks("sh")).splitlines() if "openssl dgst" in line)
    done = subprocess.run(
        ["sh", "-euc", command], env={"KEY": KEY, "PATH": "/usr/bin:/bin"}, capture_output=True, check=True
    )
    (rest,) = re.findall(r"'(resize.*?)'", command)
    assert done.stdout.decode().strip() == signature(KEY, rest.encode())


def test_the_configuration_file(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "pixelmill.yml").write_text(text)
    shutil.copy(COFFEE, tmp_path / "config" / "logo.png")
    read = read_configuration(str(tmp_path / "config" / "pixelmill.yml"))
    assert read.presets["thumb"] == Pipeline.parse("resize:300x200,fit=cover | webp:80")
    assert [operation.name for operation in read.presets["shop"].operations] == ["resize", "logo"]
    assert read.sources["shop"].startswith("https://shop.example.com/")


@pytest.mark.parametrize("here", re.findall(r"^\|.*\| ([^|]*) \|$", PAGE.partition("## Coming")[2], re.MULTILINE))
def test_what_others_write_otherwise(here: str) -> None:
    for spelled in re.findall(r"`([a-z]+[:;][^`]*)`", here):
        text = pipeline_text(spelled)
        assert pipeline_segment(Pipeline.parse(text).to_text())
