"""Sources in folders: nothing outside can be read, whatever way is tried."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from pixelmill.errors import ImageTooLarge, SourceError, SourceFailed, SourceForbidden, SourceNotFound
from pixelmill.limits import Limits
from pixelmill.web.ondemand.folders import FileSource
from pixelmill.web.ondemand.source import Fetched


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with links of all kinds; what is next to it is secret."""
    root = tmp_path / "root"
    (root / "sub" / ".hidden").mkdir(parents=True)
    (root / "sub" / "a.jpg").write_bytes(b"picture")
    (root / "sub" / ".hidden" / "b.jpg").write_bytes(b"secret")
    (tmp_path / "root-of-others").mkdir()
    for secret in (tmp_path / "secret", tmp_path / "root-of-others" / "secret", root / ".env"):
        secret.write_bytes(b"secret")
    links = {
        "inside.jpg": "sub/a.jpg",
        "up-and-down.jpg": "sub/../sub/a.jpg",
        "folder-inside": "sub",
        "absolute": "/etc/passwd",
        "out": "../secret",
        "folder-out": "..",
        "others": "../root-of-others",
        "to-hidden.jpg": "sub/.hidden/b.jpg",
        "broken": "nowhere",
        "ring": "ring",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe")
    return root


def fetch(folder: Path, path: str, known: str = "", limits: Limits | None = None) -> Fetched | None:
    return asyncio.run(FileSource(folder, path, limits or Limits()).fetch(known))


@pytest.mark.parametrize("path", ["sub/a.jpg", "inside.jpg", "up-and-down.jpg", "folder-inside/a.jpg"])
def test_what_is_inside(folder: Path, path: str) -> None:
    fetched = fetch(folder, path)
    assert fetched is not None
    assert fetched.data == b"picture"


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert fetch(tmp_path / "link", "sub/a.jpg")


@pytest.mark.parametrize(
    ("path", "error"),
    [
        *(
            (path, SourceForbidden)
            for path in ("../secret", "sub/../../secret", "sub/../sub/a.jpg", "./sub/a.jpg", "..", ".", "")
        ),
        *(
            (path, SourceForbidden)
            for path in ("/etc/passwd", "//etc/passwd", "sub//a.jpg", "sub/a.jpg/", ".env", "sub/.hidden/b.jpg")
        ),
        *(
            (path, SourceForbidden)
            for path in ("absolute", "out", "folder-out/secret", "others/secret", "to-hidden.jpg", "sub/a\0.jpg")
        ),
        *(
            (path, SourceNotFound)
            for path in ("broken", "none.jpg", "sub/a.jpg/more", "sub", "pipe", "x" * 5000, "..\\secret")
        ),
        ("ring", SourceFailed),
    ],
)
def test_what_is_not(folder: Path, path: str, error: type[SourceError]) -> None:
    with pytest.raises(SourceError) as caught:
        fetch(folder, path)
    if path != "..\\secret":  # hidden by its name, elsewhere a path
        assert type(caught.value) is error
    assert str(folder) not in str(caught.value)


def test_a_link_that_comes_in_between(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever swaps a folder for a link after it was looked at gains nothing."""
    real = Path.resolve

    def resolve(path: Path, strict: bool = False) -> Path:
        found = real(path, strict)
        if path.name == "a.jpg":
            (folder / "sub").rename(folder / "before")
            (folder / "sub").symlink_to("../root-of-others")
            (folder.parent / "root-of-others" / "a.jpg").write_bytes(b"secret")
        return found

    monkeypatch.setattr(Path, "resolve", resolve)
    with pytest.raises(SourceError):
        fetch(folder, "sub/a.jpg")


def test_versions(folder: Path) -> None:
    first = fetch(folder, "sub/a.jpg")
    assert first is not None
    assert fetch(folder, "sub/a.jpg", first.validator) is None
    (folder / "sub" / "a.jpg").write_bytes(b"another")
    os.utime(folder / "sub" / "a.jpg", ns=(0, 1))
    second = fetch(folder, "sub/a.jpg", first.validator)
    assert second is not None
    assert second.data == b"another"


def test_no_more_than_the_limit_and_nothing_stays_open(folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for path in ("sub/a.jpg", "sub", "pipe", "none.jpg", "absolute"):
        with pytest.raises((SourceError, ImageTooLarge)):
            fetch(folder, path, limits=Limits(max_input_bytes=6))
    assert len(os.listdir("/proc/self/fd")) == before
