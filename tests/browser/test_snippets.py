"""What is copied runs as it is, and gives the bytes that the page shows."""

from __future__ import annotations

import base64
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

import pixelmill
from tests.browser.actions import pasted
from tests.browser.conftest import opened
from tests.fleet.processes import PATIENCE_S, Fleet, fleet

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
PIPELINE = """resize:320x | sepia:0.5 | text:"it's © \\"me\\"; $HOME | 50 %",size=20 | webp:77"""

ARGUMENT_MAX = 128 * 1024
"""Bytes that Linux takes as one argument of a program."""


def noise(side: int) -> bytes:
    """Return a PNG that cannot be made small."""
    pixels = random.Random(1).randbytes(side * side * 3)
    return pixelmill.run(b"P6 %d %d 255 " % (side, side) + pixels, "png").data


def copied(page: Page, name: str, pipeline: str) -> str:
    """Return what the page copies under a tab's name for a pipeline on one of the photographs."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Choose a picture").set_input_files(PHOTOS / "rocket.jpg")
    pasted(page, pipeline)
    page.get_by_role("tab", name=name, exact=True).click()
    # After an earlier copy, that name comes back only once "Copied" has been seen for a while.
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the picture lies."""
    (tmp_path / "rocket.jpg").write_bytes((PHOTOS / "rocket.jpg").read_bytes())
    return tmp_path


def ran(command: list[str], folder: Path) -> None:
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    done = subprocess.run(
        command, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr


def test_curl_makes_the_same_bytes(page: Page, folder: Path) -> None:
    ran(["sh", "-c", copied(page, "curl", PIPELINE)], folder)
    expected = pixelmill.run((folder / "rocket.jpg").read_bytes(), PIPELINE).data
    assert (folder / "rocket.webp").read_bytes() == expected


def test_curl_passes_a_logo_that_no_argument_can_hold(page: Page, folder: Path) -> None:
    logo = noise(250)
    assert len(logo) > ARGUMENT_MAX
    pipeline = pixelmill.Pipeline().resize(320, 200).logo(image=logo).to("webp", quality=80)
    command = copied(page, "curl", pipeline.to_json())
    assert page.get_by_role("tabpanel").inner_text().count("more characters") == 1
    # A file, as a shell's argument may not be that long either.
    (folder / "run.sh").write_text(command)
    ran(["sh", "run.sh"], folder)
    expected = pixelmill.run((folder / "rocket.jpg").read_bytes(), pipeline).data
    assert (folder / "rocket.webp").read_bytes() == expected
    assert "/i/unsafe/preset:NAME/ROOT/" in copied(page, "URL", pipeline.to_json())


@pytest.mark.parametrize(("name", "command"), [("curl", ["sh", "-c"]), ("Python", [sys.executable, "-c"])])
def test_picture_itself_is_never_overwritten(page: Page, folder: Path, name: str, command: list[str]) -> None:
    before = (folder / "rocket.jpg").read_bytes()
    ran([*command, copied(page, name, "")], folder)
    assert (folder / "rocket.jpg").read_bytes() == before
    assert (folder / "rocket-made.jpg").read_bytes() == pixelmill.run(before, "").data


def test_curl_of_renditions_gets_all_of_them(page: Page, folder: Path) -> None:
    pipeline = "{ a = resize:64x | png; b = resize:32x | webp }"
    ran(["sh", "-c", copied(page, "curl", pipeline)], folder)
    expected = pixelmill.run((folder / "rocket.jpg").read_bytes(), pipeline).renditions
    outputs = json.loads((folder / "renditions.json").read_text())["outputs"]
    assert {one["name"]: base64.b64decode(one["data"]) for one in outputs} == {
        name: made.data for name, made in expected.items()
    }


def test_python_makes_the_same_bytes(page: Page, folder: Path) -> None:
    ran([sys.executable, "-c", copied(page, "Python", PIPELINE)], folder)
    expected = pixelmill.run((folder / "rocket.jpg").read_bytes(), PIPELINE).data
    assert (folder / "rocket.webp").read_bytes() == expected


def test_python_on_the_fleet_makes_the_same_bytes(page: Page, folder: Path) -> None:
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    lines = copied(page, "Python", PIPELINE).splitlines()
    [remote] = [line.removeprefix("# or on the fleet: ") for line in lines if line.startswith("# or")]
    local = lines.index("result = pixelmill.run(data, pipeline)")
    ran([sys.executable, "-c", "\n".join([*lines[:local], f"result = {remote}", *lines[local + 1 :]])], folder)
    expected = pixelmill.run((folder / "rocket.jpg").read_bytes(), PIPELINE).data
    assert (folder / "rocket.webp").read_bytes() == expected


def test_python_of_renditions_writes_all_of_them(page: Page, folder: Path) -> None:
    pipeline = "{ a = resize:64x | png; b = resize:32x | webp }"
    ran([sys.executable, "-c", copied(page, "Python", pipeline)], folder)
    expected = pixelmill.run((folder / "rocket.jpg").read_bytes(), pipeline).renditions
    assert (folder / "a.png").read_bytes() == expected["a"].data
    assert (folder / "b.webp").read_bytes() == expected["b"].data


@pytest.fixture
def on_demand() -> Iterator[Fleet]:
    """A fleet that makes pictures of the photographs on demand."""
    sources = {"PIXELMILL_URL_UNSAFE": "true", "PIXELMILL_SOURCE_ROOTS": f"photos={PHOTOS}"}
    with fleet({"worker": 1}, orchestrator_environment=sources, PIXELMILL_HTTP_PORT="-1") as made:
        yield made


def test_url_gives_the_same_bytes(browser: Browser, on_demand: Fleet) -> None:
    source = (PHOTOS / "rocket.jpg").read_bytes()
    with (
        opened(browser, on_demand.orchestrator.http_url, "url") as made,
        httpx.Client(trust_env=False, timeout=PATIENCE_S) as client,
    ):

        def bytes_of(pipeline: str) -> list[bytes]:
            """Return what the addresses of a pipeline give when ROOT is what the folder is called here."""
            addresses = copied(made.page, "URL", pipeline).replace("/ROOT/", "/photos/").splitlines()
            return [client.get(address).raise_for_status().content for address in addresses]

        assert bytes_of(PIPELINE) == [pixelmill.run(source, PIPELINE).data]
        expect(made.page.locator(".share")).to_contain_text("ROOT stands for the name of a folder of sources")
        ends = ("resize:64x | png", "resize:32x | webp")
        several = bytes_of("sepia | { a = " + "; b = ".join(ends) + " }")
        assert several == [pixelmill.run(source, f"sepia | {end}").data for end in ends]
        assert bytes_of("") == [pixelmill.run(source, "").data]


def test_json_and_text_are_the_same_pipeline(page: Page) -> None:
    assert pixelmill.Pipeline.parse(copied(page, "JSON", PIPELINE)) == pixelmill.Pipeline.parse(PIPELINE)
    page.get_by_role("tab", name="JSON").press("ArrowRight")
    expect(page.get_by_role("tab", name="Text")).to_be_focused()
    assert page.get_by_role("tabpanel").inner_text() == pixelmill.Pipeline.parse(PIPELINE).to_text()
